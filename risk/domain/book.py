"""What an account holds and what it may yet come to hold."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from allcore.kernel.instruments import InstrumentKind, Right
from allcore.kernel.orders import Side
from allcore.kernel.tickets import OrderTicket
from risk.domain.day_trades import DayTrades


@dataclass(frozen=True, slots=True)
class Holding:
    """One position. `qty` is signed: long above zero, short below; prices are per share; `delta` is per share."""

    symbol: str
    underlying: str
    kind: InstrumentKind
    right: Right | None
    strike: Decimal | None
    expiry: date | None  # New York
    qty: int
    avg_px: Decimal | None
    multiplier: int
    mark: Decimal | None
    delta: float | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """An order that may still fill: staged, sent, working or in doubt. `leaves` units of it are open.

    `cash` is what its reservation holds, in dollars, if all of `leaves` fills. `group` names the list whose orders end
    one another.
    """

    order_id: UUID
    ticket: OrderTicket
    leaves: int
    cash: Decimal
    staged_at: datetime
    group: UUID | None = None
    is_held: bool = False  # at the desk, waiting: no market sees it

    @property
    def underlying(self) -> str:
        """The ticket's underlying."""
        return self.ticket.underlying


Claim = frozenset[tuple[str, Side, int]]


def claim_of(ticket: OrderTicket) -> Claim | None:
    """Return what an order would close, or None if it opens anything."""
    return None if ticket.is_opening else frozenset((leg.symbol, leg.side, leg.ratio) for leg in ticket.legs)


def at_worst(pending: Iterable[Pending]) -> tuple[Pending, ...]:
    """Return the orders that count: of a list's orders that would all close the same position, the largest alone.

    The desk lets one of those work at a time, so that they cannot fill together. Orders of a list that open something
    can, in a race: each of them counts.
    """
    kept: dict[object, Pending] = {}
    for order in pending:
        claim = claim_of(order.ticket)
        key = order.order_id if order.group is None or claim is None else (order.group, claim)
        if key not in kept or order.leaves > kept[key].leaves:
            kept[key] = order
    return tuple(kept.values())


@dataclass(frozen=True, slots=True)
class Book:
    """One account, and what the gate needs of the household. Money is in dollars; None is not known.

    `cash` is settled cash of booked trades alone. `household_notional` is, by underlying, what every account (this one
    included, its working orders too) has committed, as `risk.domain.exposures.committed` counts it. `elsewhere` are the
    working orders of the other accounts, `others` what those hold. `intraday_margin_from` is when the broker
    changed to intraday margin, where its connection says so; `day_trades` are counted only before that.
    `open_breaks` names the underlyings whose positions differ from the broker's.
    """

    account: str
    connection: str
    environment: str  # PAPER or LIVE, of the connection
    is_enabled: bool
    cash: Decimal
    equity: Decimal | None
    session_open_equity: Decimal | None
    day_pnl: Decimal | None
    household_equity: Decimal | None
    household_notional: Mapping[str, Decimal | None]
    holdings: tuple[Holding, ...] = ()
    pending: tuple[Pending, ...] = ()
    open_breaks: frozenset[str] = frozenset()
    elsewhere: tuple[Pending, ...] = ()
    others: tuple[Holding, ...] = ()
    day_trades: DayTrades | None = None
    intraday_margin_from: date | None = None

    def qty(self, symbol: str) -> int:
        """Return the signed position in the symbol."""
        return sum(h.qty for h in self.holdings if h.symbol == symbol)

    def without(self, order_id: UUID | None) -> tuple[Pending, ...]:
        """Return the pending orders but one: an order that is replaced does not count against itself."""
        return tuple(p for p in self.pending if p.order_id != order_id)
