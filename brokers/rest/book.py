"""What a polled session remembers of each order: its names, the last look at it, and what is in doubt."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

import structlog

from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import ExecutionReport, OrderReport
from allcore.kernel.tickets import OrderTicket
from brokers.ports import OrderKey, Plumbing
from brokers.rest.changes import OPEN, TAKEN, Names, answers, changes, fills_of, renamed
from brokers.rest.combos import in_order_of, whole_units
from brokers.rest.doubts import Finds, shape_of
from brokers.rest.unread import Unread
from brokers.rest.views import ENDED, OrderView, Standing

STATUSES = {
    Standing.PENDING: OrdStatus.PENDING_NEW,
    Standing.CANCELING: OrdStatus.PENDING_CANCEL,
    Standing.FILLED: OrdStatus.FILLED,
    Standing.CANCELED: OrdStatus.CANCELED,
    Standing.REPLACED: OrdStatus.CANCELED,
    Standing.REJECTED: OrdStatus.REJECTED,
    Standing.EXPIRED: OrdStatus.EXPIRED,
    Standing.UNKNOWN: OrdStatus.IN_DOUBT,
}

log = structlog.get_logger(__name__)


class Book:
    """Names and last looks of one session's orders, by the broker's id."""

    def __init__(self, plumbing: Plumbing) -> None:
        self._plumbing = plumbing
        self._keys: dict[str, OrderKey] = {}
        self._views: dict[str, OrderView] = {}
        self._shown: dict[str, OrderView] = {}  # the same looks, as the broker's list had them
        self._unwritten: dict[str, str] = {}  # by ClOrdID, a broker's id that the key book does not have yet
        self._cancels: dict[str, str] = {}
        self._acknowledged: set[str] = set()
        self._first: defaultdict[str, dict[str, tuple[int, Decimal]]] = defaultdict(dict)
        self._doubts: dict[str, OrderKey] = {}
        self._strangers: dict[str, OrderView] = {}  # of the last look, by the broker's id
        self._placed: dict[str, OrderKey] = {}  # by the id that the broker answered, until a look confirms it
        self._late: dict[str, OrderKey] = {}  # of those in doubt, by a number that was answered and not shown yet
        self.unread = Unread(plumbing)

    @property
    def is_busy(self) -> bool:
        """Whether some order is open, or in doubt."""
        return bool(self._doubts or self._placed) or any(
            (view := self._views.get(name)) is None or view.standing not in ENDED for name in self._keys
        )

    def oldest_open(self, now: datetime) -> datetime:
        """Return when the oldest order that is still open was entered; `now` if none is."""
        opened = [view.entered_at for view in self._views.values() if view.standing not in ENDED]
        return min(opened, default=now)

    async def recall(self, since: datetime) -> None:
        """Read the key book, as after a crash: an order without a broker's id is in doubt."""
        for key in await self._plumbing.keys.since(since):
            if not key.ticket:
                continue
            if key.chain:
                self._keys[key.chain[-1]] = key
                self._acknowledged.add(key.chain[-1])
                self._recall_first(key)
            elif key.details.get("refused") is None:
                self._doubts[key.cl_ord_id] = key

    def _recall_first(self, key: OrderKey) -> None:
        told = key.details.get("first", {})
        if isinstance(told, dict):
            self._first[key.chain[-1]] = {name: (int(qty), Decimal(px)) for name, (qty, px) in told.items()}

    def _name(self, key: OrderKey, broker_order_id: str) -> None:
        """Note the broker's id; the key book has it before anything is told of the order."""
        self._keys[broker_order_id] = key
        self._doubts.pop(key.cl_ord_id, None)
        self._unwritten[key.cl_ord_id] = broker_order_id

    async def id_of(self, cl_ord_id: str) -> str:
        """Return the broker's id of an order, or an empty text; one that is not ours is called by nothing else."""
        for broker_order_id, key in self._keys.items():
            if key.cl_ord_id == cl_ord_id:
                return broker_order_id
        if cl_ord_id in self._strangers:
            return cl_ord_id
        known = await self._plumbing.keys.by_cl_ord_id(cl_ord_id)
        return "" if known is None or not known.chain or not known.ticket else known.chain[-1]

    @property
    def awaited(self) -> frozenset[str]:
        """The broker's ids that no look has confirmed yet."""
        return frozenset(self._placed)

    def placed(self, key: OrderKey, broker_order_id: str) -> None:
        """Note what the broker answered; the next look shows whether it is the order that was meant."""
        self._placed[broker_order_id] = key

    async def refused(self, key: OrderKey, reason: str) -> None:
        """Note that the broker does not have it."""
        self._doubts.pop(key.cl_ord_id, None)
        await self._plumbing.keys.learn(key.cl_ord_id, "", {"refused": reason})

    def in_doubt(self, key: OrderKey) -> None:
        """Note that nobody knows whether the broker has it."""
        self._doubts[key.cl_ord_id] = key

    def cancel_asked(self, broker_order_id: str, cl_ord_id: str) -> None:
        """Note that the order's end will answer this cancel."""
        self._cancels[broker_order_id] = cl_ord_id

    def cancel_refused(self, broker_order_id: str) -> bool:
        """Forget the cancel, and say whether it is still unanswered."""
        return self._cancels.pop(broker_order_id, "") != ""

    def has_ended(self, broker_order_id: str) -> bool:
        """Return whether the last look saw it closed."""
        view = self._views.get(broker_order_id) or self._strangers.get(broker_order_id)
        return view is not None and view.standing in ENDED

    def is_ours(self, broker_order_id: str) -> bool:
        """Return whether an order of this desk has the broker's id, or should have it."""
        return any(broker_order_id in known for known in (self._keys, self._placed, self._late))

    async def seen(
        self,
        views: Sequence[OrderView],
        tell: Callable[[ExecutionReport], None],
        *,
        expected: frozenset[str] = frozenset(),
        on_their_way: frozenset[str] = frozenset(),
    ) -> list[OrderView]:
        """Take a look's orders, tell what changed in ours, and return them as they are known here.

        `expected` are the ids answered before the look began: one that it does not show, or shows as another order,
        leaves its order in doubt. `on_their_way` are the fingerprints of orders that have no answer yet.
        """
        await self._confirm(views, expected - self.unread.names)
        await self._match(views, on_their_way)
        self._strangers = {view.broker_order_id: view for view in views if view.broker_order_id not in self._keys}
        return [await self._one_seen(view, tell) for view in views]

    async def _one_seen(self, view: OrderView, tell: Callable[[ExecutionReport], None]) -> OrderView:
        name = view.broker_order_id
        key = self._keys.get(name)
        if key is None:
            self._answer_cancel(view, tell)
            return view
        if self._shown.get(name) == view:  # most of a day's orders, at most looks
            return self._views[name]
        shown, cancel_id = view, self._cancels.get(name, "")
        ours = [leg.symbol for leg in OrderTicket.from_dict(key.ticket).legs]
        view = renamed(in_order_of(view, ours), self._first[name])
        reports = changes(
            self._views.get(name),
            view,
            Names(self._plumbing.connection, key.cl_ord_id, cancel_id),
            is_acknowledged=name in self._acknowledged,
            now=self._plumbing.clock(),
        )
        await self._write(name, key, view)
        if view.standing in TAKEN:
            self._acknowledged.add(name)
        has_ended = view.standing not in OPEN and (name not in self._views or self._views[name].standing in OPEN)
        if has_ended and self._cancels.get(name) == cancel_id:  # one asked for since is not answered by it
            self._cancels.pop(name, None)
        self._views[name], self._shown[name] = view, shown
        for report in reports:
            tell(report)
        return view

    def _answer_cancel(self, view: OrderView, tell: Callable[[ExecutionReport], None]) -> None:
        """Answer what was asked of an order that is not ours, which is all that is told of it between two lists."""
        cancel_id = self._cancels.get(view.broker_order_id, "")
        if cancel_id and view.standing in ENDED:
            self._cancels.pop(view.broker_order_id)
            names = Names(self._plumbing.connection, view.broker_order_id, cancel_id)
            for report in answers(view, names, now=self._plumbing.clock()):
                tell(report)

    async def _write(self, name: str, key: OrderKey, view: OrderView) -> None:
        """Keep the broker's id, and what each execution first was: a correction is told from a trade after a restart.

        Both at once: what is told of the order waits for it.
        """
        known = self._first[name]
        fresh = {e.exec_id: (e.qty, e.px) for e in view.executions if e.exec_id not in known and "~" not in e.exec_id}
        learned = self._unwritten.get(key.cl_ord_id, "")
        if fresh or learned:
            kept = {exec_id: [qty, str(px)] for exec_id, (qty, px) in (known | fresh).items()}
            await self._plumbing.keys.learn(key.cl_ord_id, learned, {"first": kept} if fresh else None)
            self._unwritten.pop(key.cl_ord_id, None)
            known |= fresh

    async def _confirm(self, views: Sequence[OrderView], expected: frozenset[str]) -> None:
        if not (self._placed or self._late):
            return
        shown = {view.broker_order_id: view for view in views}
        for name in shown.keys() & self._late.keys():
            key = self._late.pop(name)
            if key.cl_ord_id in self._doubts and shown[name].fingerprint == shape_of(key):
                self._name(key, name)
        for name in (shown.keys() | expected) & self._placed.keys():
            key = self._placed.pop(name)
            if name in shown and shown[name].fingerprint == shape_of(key):
                self._name(key, name)
                continue
            log.warning("order_not_as_placed", cl_ord_id=key.cl_ord_id, broker_order_id=name)
            self.in_doubt(key)
            if name not in shown:
                self._late[name] = key

    async def _match(self, views: Sequence[OrderView], on_their_way: frozenset[str]) -> None:
        if not self._doubts:
            return
        strangers = [view for view in views if view.broker_order_id not in self._keys]
        finds = Finds(strangers, self.unread, self._plumbing.keys, on_their_way)
        for key, broker_order_id in await finds.of(tuple(self._doubts.values())):
            self._name(key, broker_order_id)

    def as_it_stands(self, view: OrderView, since: datetime) -> OrderReport | None:
        """Return the order for a mass status: every open one, and what was entered since. A stranger has no ClOrdID."""
        key = self._keys.get(view.broker_order_id)
        is_past = view.standing in ENDED and _last_touched(view) < since
        if is_past or (key is None and view.standing is Standing.REPLACED):
            return None
        names = Names(self._plumbing.connection, "" if key is None else key.cl_ord_id)
        fills = fills_of(view, names)
        return OrderReport(
            account=view.account,
            cl_ord_id=names.cl_ord_id,
            broker_order_id=view.broker_order_id,
            status=_status(view),
            order_qty=view.order_qty,
            cum_qty=sum(fill.combo_qty for fill in fills),
            fills=fills,
            ticket=None if key is not None or self._may_be_ours(view) else view.ticket,
        )

    def _may_be_ours(self, view: OrderView) -> bool:
        """Return whether an order without a name may be one in doubt: then its terms are nobody else's yet."""
        return any(shape_of(key) == view.fingerprint for key in (*self._doubts.values(), *self._placed.values()))

    @property
    def alerts(self) -> list[str]:
        """What a person should look at."""
        seen = [(key, view) for name, key in self._keys.items() if (view := self._views.get(name)) is not None]
        return self.unread.alerts + [
            f"Order {key.cl_ord_id} ({view.broker_order_id}) is in doubt: the broker says {view.reason!r} of it."
            for key, view in seen
            if view.standing is Standing.UNKNOWN
        ]


def _last_touched(view: OrderView) -> datetime:
    return max([view.entered_at, *(execution.at for execution in view.executions)])


def _status(view: OrderView) -> OrdStatus:
    if view.standing is Standing.WORKING:
        return OrdStatus.PARTIALLY_FILLED if whole_units(view) else OrdStatus.NEW
    return STATUSES[view.standing]
