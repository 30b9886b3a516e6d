"""A session at a broker that is asked for news: the port, over a small REST client that each such broker provides."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import structlog

from allcore.kernel.errors import RefusedError, UnavailableError, UnknownOutcomeError
from allcore.kernel.reports import BookReport, ExecutionReport, MassStatus, ReportKind
from allcore.kernel.tickets import OrderTicket
from brokers.errors import NotTakenError, SessionDownError, UnknownAccountError
from brokers.ports import Health, OrderKey, Plumbing, Preview, Replacement
from brokers.rest.book import Book
from brokers.rest.client import Client
from brokers.rest.doubts import EARLIEST
from brokers.rest.views import OrderView, UnreadOrder, fingerprint_of
from brokers.rest.wire import BrokerRefusedError, SignInEndedError

BUSY_EVERY = 1.0  # seconds between looks while an order works
IDLE_EVERY = 5.0
LOOK_BACK = timedelta(days=1)
SILENT_FOR = timedelta(seconds=30)  # without an answer for this long, the session is down

log = structlog.get_logger(__name__)


class PolledSession:
    """One login. News is what differs between two looks; a stream only says when to look."""

    def __init__(self, plumbing: Plumbing, client: Client) -> None:
        self.capabilities = client.capabilities
        self._plumbing = plumbing
        self._client = client
        self._book = Book(plumbing)
        self._events: asyncio.Queue[ExecutionReport | None] = asyncio.Queue()
        self._look_now = asyncio.Event()
        self._looking = asyncio.Lock()
        self._on_their_way: dict[object, str] = {}  # instructions without an answer, with an order's fingerprint
        self._answered = asyncio.Condition()
        self._accounts: frozenset[str] = frozenset()
        self._tasks: list[asyncio.Task[None]] = []
        self._heard_at: datetime | None = None
        self._is_open = False
        self._fault: BaseException | None = None

    async def connect(self) -> None:
        """Sign in, look once, and go on looking."""
        self._accounts = await self._client.connect()
        longest = self._plumbing.clock() - self.capabilities.executions_for
        await self._book.recall(longest)
        self._is_open = True
        await self._look(longest)
        self._tasks = [asyncio.create_task(self._keep_looking()), asyncio.create_task(self._hear_hints())]

    async def submit(self, cl_ord_id: str, broker_account: str, ticket: OrderTicket) -> None:
        """Send a new order, once.

        Raises:
            InvalidInputError: the broker takes no such order, or there is no such account; nothing left.
            RefusedError: the id was used before, or the broker refused at once without a record of it.
            UnavailableError: it never left.
            UnknownOutcomeError: it may have arrived.
        """
        self._check(broker_account, ticket)
        key = OrderKey(cl_ord_id, broker_account, ticket.as_dict(), self._plumbing.clock())
        await self._plumbing.keys.intend(key)
        async with self._instruction(fingerprint_of(broker_account, ticket)):
            await self._place(key, ticket)
        self._look_now.set()

    async def replace(self, broker_account: str, replacement: Replacement) -> None:
        """Refuse: the desk cancels, and sends anew what is left once the cancel is confirmed.

        Raises:
            NotTakenError: always.
        """
        raise NotTakenError("This broker replaces by cancelling and sending anew; the desk does both.")

    async def cancel(self, broker_account: str, cl_ord_id: str, orig_cl_ord_id: str) -> None:
        """Ask to cancel; the answer comes as an event."""
        self._check_up()
        key = OrderKey(cl_ord_id, broker_account, {}, self._plumbing.clock(), orig_cl_ord_id=orig_cl_ord_id)
        await self._plumbing.keys.intend(key)
        if self._book.awaited:
            await self._look()
        broker_order_id = await self._book.id_of(orig_cl_ord_id)
        if not broker_order_id:
            self._events.put_nowait(self._rejected(ReportKind.CANCEL_REJECT, key, "UNKNOWN_ORDER", ""))
            return
        self._book.cancel_asked(broker_order_id, cl_ord_id)
        try:
            async with self._instruction():
                await self._client.cancel(broker_account, broker_order_id)
        except RefusedError as e:
            with contextlib.suppress(UnavailableError, BrokerRefusedError):  # the broker's no stands, shown or not
                await self._look()
            if self._book.cancel_refused(broker_order_id):
                said = str(e.context.get("reason") or e.code)
                reason = "TOO_LATE" if self._book.has_ended(broker_order_id) else said
                self._events.put_nowait(self._rejected(ReportKind.CANCEL_REJECT, key, reason, e.message))
        self._look_now.set()

    async def preview(self, broker_account: str, ticket: OrderTicket) -> Preview:
        """Return what the broker says the order would do."""
        self._check(broker_account, ticket)
        return await self._client.preview(broker_account, ticket)

    async def mass_status(self, since: datetime) -> MassStatus:
        """Return everything, whole. What is on its way out is waited for first, so that it is found under its name.

        What leaves meanwhile is not waited for, or under a steady flow nothing would ever be said: an order that may be
        one of those is left to the next list.
        """
        self._check_up()
        begun = frozenset(self._on_their_way)
        async with self._answered:
            await self._answered.wait_for(lambda: begun.isdisjoint(self._on_their_way))
        taken_at = self._plumbing.clock()
        views = await self._look(since)
        self._book.unread.ensure_none_of_ours()
        views = [view for view in views if not self._may_be_leaving(view, taken_at)]
        accounts = sorted(self._accounts)
        positions = await asyncio.gather(*(self._client.positions(account) for account in accounts))
        balances = await asyncio.gather(*(self._client.balance(account) for account in accounts))
        return MassStatus(
            connection=self._plumbing.connection,
            taken_at=taken_at,
            orders=tuple(report for view in views if (report := self._book.as_it_stands(view, since)) is not None),
            positions=tuple(position for found in positions for position in found),
            balances=tuple(balances),
        )

    async def health(self) -> Health:
        """Say how the session is: down after a fault, or when the broker has not answered for half a minute."""
        silent = self._heard_at is None or self._plumbing.clock() - self._heard_at > SILENT_FOR
        details: dict[str, object] = {"alerts": self._book.alerts}
        if self._fault is not None:
            details["fault"] = str(self._fault)
        return Health(self._is_open and self._fault is None and not silent, self._heard_at, details)

    async def events(self) -> AsyncIterator[ExecutionReport | BookReport]:
        """Yield what happened, until the session is closed."""
        while (report := await self._events.get()) is not None:
            yield report

    async def close(self) -> None:
        """End the looking and let the lines go; what was found is told first."""
        self._is_open = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        self._events.put_nowait(None)
        await self._client.close()
        await self._plumbing.release()

    async def _place(self, key: OrderKey, ticket: OrderTicket) -> None:
        try:
            broker_order_id = await self._client.place(key.broker_account, ticket, key.cl_ord_id)
        except UnknownOutcomeError:
            self._book.in_doubt(key)
            raise
        except RefusedError as e:
            reason = str(e.context.get("reason") or e.code)
            await self._book.refused(key, reason)
            self._events.put_nowait(self._rejected(ReportKind.REJECT, key, reason, e.message))
            return
        except UnavailableError as e:
            await self._book.refused(key, e.code)
            raise
        except BaseException:
            self._book.in_doubt(key)
            raise
        self._book.placed(key, broker_order_id)

    async def _keep_looking(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BUSY_EVERY if self._book.is_busy else IDLE_EVERY):
                    await self._look_now.wait()
            self._look_now.clear()
            try:
                await self._look()
            except (UnavailableError, BrokerRefusedError) as e:  # one no may be the last; silence takes it down
                log.warning("look_failed", connection=self._plumbing.connection, error=e.message)
                if isinstance(e, SignInEndedError):
                    self._fault = e
            except Exception as e:
                self._fault = e  # whatever it was: a session that looks no more is down
                raise

    async def _hear_hints(self) -> None:
        async for _ in self._client.hints():
            self._look_now.set()

    async def _look(self, since: datetime | None = None) -> list[OrderView]:
        """Ask for the orders, tell what changed, and return them."""
        async with self._looking:
            at = self._plumbing.clock()
            expected = self._book.awaited
            start = min(at - LOOK_BACK, since or at, self._book.oldest_open(at))
            found = await asyncio.gather(*(self._client.orders(account, start) for account in sorted(self._accounts)))
            listed = [order for orders in found for order in orders]
            unread = [order for order in listed if isinstance(order, UnreadOrder)]
            self._book.unread.take(unread, is_ours=self._book.is_ours)
            self._heard_at = self._plumbing.clock()
            return await self._book.seen(
                [order for order in listed if isinstance(order, OrderView)],
                self._events.put_nowait,
                expected=expected,
                on_their_way=frozenset(self._on_their_way.values()),
            )

    def _may_be_leaving(self, view: OrderView, since: datetime) -> bool:
        is_new = view.entered_at >= since - EARLIEST and not self._book.is_ours(view.broker_order_id)
        return is_new and view.fingerprint in self._on_their_way.values()

    @contextlib.asynccontextmanager
    async def _instruction(self, fingerprint: str = "") -> AsyncIterator[None]:
        one = object()
        self._on_their_way[one] = fingerprint
        try:
            yield
        finally:
            del self._on_their_way[one]
            async with self._answered:
                self._answered.notify_all()

    def _check(self, account: str, ticket: OrderTicket) -> None:
        self._check_up()
        if account not in self._accounts:
            raise UnknownAccountError(f"The login does not reach account {account}; nothing was sent.", account=account)
        can = self.capabilities
        if ticket.ord_type not in can.ord_types or ticket.time_in_force not in can.times_in_force:
            raise NotTakenError(
                f"The broker takes no {ticket.ord_type} {ticket.time_in_force} order; nothing was sent."
            )
        if len(ticket.legs) > can.max_legs:
            raise NotTakenError(f"The broker takes {can.max_legs} legs at most, was {len(ticket.legs)}.")
        self._client.check(ticket)

    def _check_up(self) -> None:
        if not self._is_open:
            raise SessionDownError("The session is not connected; nothing was sent.")

    def _rejected(self, kind: ReportKind, key: OrderKey, reason: str, text: str) -> ExecutionReport:
        return ExecutionReport(
            kind=kind,
            connection=self._plumbing.connection,
            account=key.broker_account,
            cl_ord_id=key.cl_ord_id,
            transact_at=self._plumbing.clock(),
            reason=reason,
            text=text,
        )
