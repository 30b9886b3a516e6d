"""The exchange under every broker's test server: what is shown, what is ordered, what trades. No protocol, no wire.

Each server translates its broker's requests to calls here, and the events here to its broker's messages.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.money import is_on_tick
from allcore.kernel.orders import OrdType, TimeInForce
from tests.brokers.servers import matching
from tests.brokers.servers.book import Account, Execution, Order, Refusal, Status, Terms
from tests.brokers.servers.listing import COMBO_TICK, Listing

FEE = Decimal("0.65")  # a contract; shares are free
WAITS = frozenset({OrdType.STOP, OrdType.STOP_LIMIT, OrdType.TRAILING_STOP, OrdType.LIMIT_IF_TOUCHED})
AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})
AUCTIONS = frozenset({TimeInForce.OPG, TimeInForce.CLS})


class Kind(StrEnum):
    """What happened."""

    BOOKED = "BOOKED"
    TRIGGERED = "TRIGGERED"
    FILLED = "FILLED"  # in part or whole; `executions` has every leg
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REPLACED = "REPLACED"
    REDUCED = "REDUCED"  # by another order of its group
    CORRECTED = "CORRECTED"
    BUSTED = "BUSTED"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to one order."""

    kind: Kind
    order: Order
    executions: tuple[Execution, ...] = ()


class Exchange:
    """Books, prices and matching. A listener hears each event at once, in order."""

    def __init__(self, clock: Callable[[], datetime], *, accounts: dict[str, Decimal]) -> None:
        self.clock = clock
        self.listing = Listing()
        self.board: dict[str, matching.Shown] = {}
        self.orders: dict[int, Order] = {}
        self.executions: list[Execution] = []
        self.accounts = {number: Account(number, cash) for number, cash in accounts.items()}
        self.holds_next = 0  # orders that the test will release
        self.cancels_wait = False  # a cancel is only noted until `finish_cancels`
        self._listeners: list[Callable[[Event], None]] = []
        self._watchers: list[Callable[[str], None]] = []
        self._trades = 0

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Tell the listener what happens from now on."""
        self._listeners.append(listener)

    def watch(self, watcher: Callable[[str], None]) -> None:
        """Tell the watcher each symbol that is shown anew, before it trades."""
        self._watchers.append(watcher)

    def show(
        self,
        symbol: str,
        bid: Decimal | str | None,
        ask: Decimal | str | None,
        *,
        size: int = 10,
        last: Decimal | str | None = None,
    ) -> None:
        """Show a new quote, `size` a side, and trade what it allows."""
        self.listing.add(symbol)
        before = self.board.get(symbol)
        shown_last = _price(last) if last is not None or before is None else before.last
        self.board[symbol] = matching.Shown(_price(bid), _price(ask), size, size, shown_last)
        for watcher in self._watchers:
            watcher(symbol)
        self.match(symbol)

    def place(
        self,
        account: str,
        terms: Terms,
        *,
        ref: str = "",
        group: str = "",
        is_reduced: bool = False,
        gate: Callable[[], bool] | None = None,
        parent: int | None = None,
        extra: dict[str, object] | None = None,
        is_quiet: bool = False,
    ) -> Order:
        """Book an order and trade what trades at once.

        A quiet one is booked without matching, so that a server can answer before it calls `match`.

        Raises:
            Refusal: it cannot be booked.
        """
        self.check(account, terms)
        order = Order(len(self.orders) + 1, account, terms, self.clock(), ref, group=group, parent=parent)
        order.extra, order.is_reduced, order.gate = extra or {}, is_reduced, gate
        order.is_waiting, self.holds_next = self.holds_next > 0, max(0, self.holds_next - 1)
        self.orders[order.number] = order
        self._wake(order)
        self._tell(Kind.BOOKED, order)
        if not is_quiet:
            self.match()
        return order

    def check(self, account: str, terms: Terms) -> None:
        """Refuse what cannot be booked.

        Raises:
            Refusal: unknown account or symbol, no quantity, a price off its tick.
        """
        if account not in self.accounts:
            raise Refusal("UNKNOWN_ACCOUNT", f"No account {account}.")
        if unknown := [leg.symbol for leg in terms.legs if self.listing.named(leg.symbol) is None]:
            raise Refusal("UNKNOWN_SYMBOL", f"No security definition has been found for {unknown[0]}.")
        if terms.quantity < 1:
            raise Refusal("BAD_QUANTITY", "The quantity must be at least one.")
        for price in (terms.limit, terms.stop):
            if price is not None and not is_on_tick(abs(price), self._tick(terms, abs(price))):
                raise Refusal("OFF_TICK", "The price does not conform to the minimum price variation.")

    def cancel(self, number: int, *, reason: str = "user", now: bool = False) -> Order:
        """Cancel an order, or only note it while `cancels_wait`.

        Raises:
            Refusal: there is no such order, or it is closed.
        """
        order = self._open(number)
        order.cancel_asked = True
        if now or not self.cancels_wait:
            self._end(order, Status.CANCELED, reason)
        return order

    def finish_cancels(self) -> None:
        """Carry out the cancels that were only noted."""
        self.cancels_wait = False
        for order in [o for o in self.orders.values() if o.is_open and o.cancel_asked]:
            self._end(order, Status.CANCELED, "user")

    def replace(self, number: int, terms: Terms, *, ref: str | None = None) -> Order:
        """Change an order in place; the quantity is the total. Down to what has traded ends it as filled.

        Raises:
            Refusal: it is unknown, closed, or the new terms cannot be booked.
        """
        order = self._open(number)
        self.check(order.account, terms)
        order.terms = replace(terms, quantity=max(terms.quantity, order.cum))
        order.ref = order.ref if ref is None else ref
        self._wake(order)
        if order.leaves == 0:
            order.ends(Status.FILLED, self.clock())
        self._tell(Kind.REPLACED, order)
        self.match()
        return order

    def supersede(self, number: int, terms: Terms, *, ref: str = "") -> Order:
        """Put a new order in an old one's place; `terms.quantity` is the new order's own.

        Raises:
            Refusal: the old order is unknown or closed, or the new terms cannot be booked.
        """
        old = self._open(number)
        self.check(old.account, terms)
        old.replaced_by = len(self.orders) + 1
        self._end(old, Status.REPLACED, "")
        new = self.place(old.account, terms, ref=ref, group=old.group, extra=dict(old.extra), is_quiet=True)
        new.replaces = old.number
        self.match()
        return new

    def release(self, number: int) -> None:
        """Let an order go that the test held."""
        order = self.orders[number]
        order.is_waiting = False
        self._wake(order)
        self.match()

    def correct(self, exec_id: str, *, px: Decimal | str, qty: int | None = None) -> Execution:
        """Change an execution after the fact."""
        at, old = self._execution(exec_id)
        new = replace(
            old, px=Decimal(px), qty=old.qty if qty is None else qty, version=old.version + 1, at=self.clock()
        )
        self._undo(old)
        self._book(new)
        self.executions[at] = new
        order = self.orders[old.order]
        order.cum += (new.qty - old.qty) // order.terms.legs[old.leg].ratio
        self._tell(Kind.CORRECTED, order, new)
        return new

    def bust(self, exec_id: str) -> Execution:
        """Take an execution back; the order's quantity does not come back."""
        at, old = self._execution(exec_id)
        self._undo(old)
        busted = replace(old, is_busted=True, version=old.version + 1, at=self.clock())
        self.executions[at] = busted
        order = self.orders[old.order]
        order.cum -= old.qty // order.terms.legs[old.leg].ratio
        self._tell(Kind.BUSTED, order, busted)
        return busted

    def fill(self, number: int, qty: int, prices: tuple[Decimal | str, ...]) -> None:
        """Trade `qty` units at these prices, one a leg, whatever is shown and whatever the order's status."""
        self._fill(self.orders[number], qty, [Decimal(px) for px in prices])

    def auction(self, kind: TimeInForce) -> None:
        """Hold the opening or closing auction: its orders trade or end."""
        for order in [o for o in self.orders.values() if o.is_open and o.terms.time_in_force is kind]:
            order.status = Status.WORKING
            self._match(order)
            if order.is_open:
                self._end(order, Status.CANCELED, "auction over")

    def end_day(self) -> None:
        """Let day orders lapse, and what was good until before now."""
        now = self.clock()
        for order in [o for o in self.orders.values() if o.is_open]:
            until = order.terms.expire_at
            if order.terms.time_in_force is TimeInForce.DAY or (until is not None and until <= now):
                self._end(order, Status.EXPIRED, "end of day")

    def match(self, symbol: str | None = None) -> None:
        """Trade what can trade, oldest first."""
        for order in list(self.orders.values()):
            is_shown = symbol is None or any(leg.symbol == symbol for leg in order.terms.legs)
            if order.is_open and (is_shown or order.gate is not None):
                self._open_gate(order)
                self._watch(order)
                if order.status is Status.WORKING:
                    self._match(order)

    def _match(self, order: Order) -> None:
        tif = order.terms.time_in_force
        qty = matching.fillable(self.board, order)
        if tif is TimeInForce.FOK and qty < order.leaves:
            qty = 0
        if qty > 0:
            prices = [self.board[leg.symbol].far(leg.side)[0] for leg in order.terms.legs]
            for leg in order.terms.legs:
                self.board[leg.symbol].take(leg.side, qty * leg.ratio)
            self._fill(order, qty, [px for px in prices if px is not None])
        if order.is_open and tif in AT_ONCE:
            self._end(order, Status.CANCELED, "not filled at once")

    def _fill(self, order: Order, qty: int, prices: list[Decimal]) -> None:
        self._trades += 1
        key, now = f"0000e0d5.{self._trades:08x}", self.clock()
        made = []
        for n, (leg, px) in enumerate(zip(order.terms.legs, prices, strict=True)):
            is_option = option_is(self.listing, leg.symbol)
            fee = FEE * qty * leg.ratio if is_option else Decimal(0)
            made.append(Execution(key, key, order.number, n, leg.symbol, leg.side, qty * leg.ratio, px, fee, now))
        for execution in made:
            self._book(execution)
        self.executions += made
        order.cum += qty
        if order.is_open and order.leaves <= 0:
            order.ends(Status.FILLED, now)
        self._tell(Kind.FILLED, order, *made)
        self._settle_family(order, traded=qty)

    def _watch(self, order: Order) -> None:
        """Follow the price for an order that waits for it."""
        if order.status is not Status.HELD or not self._may_wake(order) or order.terms.ord_type not in WAITS:
            return
        shown = self.board.get(order.terms.legs[0].symbol)
        price = None if shown is None else matching.trigger_price(shown, order.terms)
        if price is None:
            return
        order.extreme = matching.better(order, price)
        if matching.is_set_off(order, price):
            order.status, order.is_triggered = Status.WORKING, True
            self._tell(Kind.TRIGGERED, order)

    def _wake(self, order: Order) -> None:
        """Let an order work that waits for nothing."""
        waits = order.terms.ord_type in WAITS and not order.is_triggered
        if self._may_wake(order) and not waits and order.terms.time_in_force not in AUCTIONS:
            order.status = Status.WORKING

    def _open_gate(self, order: Order) -> None:
        """Let an order go whose conditions hold; it stays free when they hold no more."""
        if order.gate is None or not order.gate():
            return
        order.gate = None
        self._wake(order)
        if order.status is Status.WORKING:
            self._tell(Kind.TRIGGERED, order)

    def _may_wake(self, order: Order) -> bool:
        parent = None if order.parent is None else self.orders[order.parent]
        return not order.is_waiting and order.gate is None and (parent is None or parent.status is Status.FILLED)

    def _end(self, order: Order, status: Status, reason: str, *, by_group: bool = False) -> None:
        order.ends(status, self.clock(), reason)
        if status is not Status.REPLACED:
            self._tell(Kind.EXPIRED if status is Status.EXPIRED else Kind.CANCELED, order)
            if not by_group:  # what traded in part goes on
                self._settle_family(order)

    def _settle_family(self, order: Order, *, traded: int = 0) -> None:
        """A fill or an end of one order ends the others of its group; a parent's fill frees its children."""
        for other in [o for o in self.orders.values() if o.is_open and o is not order]:
            if order.group and other.group == order.group:
                self._settle_group(other, traded, is_over=not order.is_open)
            elif other.parent == order.number and order.status is Status.FILLED:
                self._wake(other)
                self._tell(Kind.TRIGGERED, other)
            elif other.parent == order.number and not order.is_open:
                self._end(other, Status.CANCELED, "its parent ended")

    def _settle_group(self, other: Order, traded: int, *, is_over: bool) -> None:
        """Do to an order what another of its group did: cancel it, or take as much from it."""
        left = other.leaves - traded
        if other.is_reduced and traded and left > 0:
            other.terms = replace(other.terms, quantity=other.terms.quantity - traded)
            self._tell(Kind.REDUCED, other)
        elif traded or is_over:
            self._end(other, Status.CANCELED, "one cancels the other", by_group=True)

    def _tick(self, terms: Terms, price: Decimal) -> Decimal:
        instrument = self.listing.named(terms.legs[0].symbol)
        return COMBO_TICK if len(terms.legs) > 1 or instrument is None else instrument.tick_at(price)

    def _book(self, execution: Execution) -> None:
        instrument = self.listing.add(execution.symbol)
        self.accounts[self.orders[execution.order].account].trades(execution, instrument.multiplier)

    def _undo(self, execution: Execution) -> None:
        instrument = self.listing.add(execution.symbol)
        self.accounts[self.orders[execution.order].account].undoes(execution, instrument.multiplier)

    def _open(self, number: int) -> Order:
        order = self.orders.get(number)
        if order is None:
            raise Refusal("UNKNOWN_ORDER", f"No order {number}.")
        if not order.is_open:
            raise Refusal("TOO_LATE", f"Order {number} is {order.status}.")
        return order

    def _execution(self, exec_id: str) -> tuple[int, Execution]:
        return next((n, e) for n, e in enumerate(self.executions) if e.exec_id == exec_id)

    def _tell(self, kind: Kind, order: Order, *executions: Execution) -> None:
        for listener in self._listeners:
            listener(Event(kind, order, executions))


def option_is(listing: Listing, symbol: str) -> bool:
    """Return whether the symbol names an option."""
    return listing.add(symbol).option is not None


def _price(value: Decimal | str | None) -> Decimal | None:
    return None if value is None else Decimal(value)
