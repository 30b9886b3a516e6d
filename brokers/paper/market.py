"""What an order is at the exchange, what it can see, and what comes of it. Values, and prices of whole orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.orders import PriceEffect, Side
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket, TicketLeg
from brokers.paper.model import QUOTES, FillModel
from brokers.paper.triggers import NOT_SEEN, Watch


class Rule(StrEnum):
    """Why an order traded."""

    MARKETABLE = "MARKETABLE"  # its limit reached the far side
    SWEPT = "SWEPT"  # what the far side did not have was had a tick beyond it: drawn
    REACHED = "REACHED"  # it rested, and the far side came to it
    MET = "MET"  # it rested inside the market and somebody met it: drawn by the hazard
    QUEUE = "QUEUE"  # it rested at the near side and its turn came
    RACE = "RACE"  # it was met while its cancel was on its way: drawn
    LATE = "LATE"  # it was met before its cancel, and that was told after: drawn
    AUCTION = "AUCTION"


@dataclass(frozen=True, slots=True)
class Why:
    """What decided a fill: `drawn` fell below `chance`, or `improvement` of the half-spread was drawn by it."""

    rule: Rule
    drawn: float | None = None
    chance: float | None = None
    improvement: float | None = None
    queue_ahead: int | None = None

    def as_dict(self) -> dict[str, object]:
        """Return what is known, rounded for a reader."""
        known = {
            "drawn": self.drawn,
            "chance": self.chance,
            "improvement": self.improvement,
            "queue_ahead": self.queue_ahead,
        }
        return {"rule": str(self.rule)} | {
            name: round(value, 6) if isinstance(value, float) else value
            for name, value in known.items()
            if value is not None
        }


@dataclass(frozen=True, slots=True)
class Queue:
    """An order's place at the near side: what is ahead of it, and the size and the day's volume last seen there."""

    ahead: int
    shown: int
    volume: int


@dataclass(frozen=True, slots=True)
class Looked:
    """When the order last looked at the market: the system's time, and the exchange's in whole seconds."""

    at: datetime
    second: int


@dataclass(frozen=True, slots=True)
class Working:
    """An order at the exchange. It rests once a good quote has been seen that does not reach its limit."""

    ticket: OrderTicket
    leaves: int
    arrived_at: datetime
    watch: Watch = NOT_SEEN
    is_resting: bool = False
    expires_at: datetime | None = None
    name: str = ""
    fill_count: int = 0
    queue: Queue | None = None
    looked: Looked | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """How much of a displayed size is gone, and of which update of the quote (its `source_at`)."""

    source_at: datetime
    qty: int


Shelf = tuple[str, Side]  # a symbol, and the side of the order that takes from it


@dataclass(frozen=True, slots=True)
class Market:
    """What can be seen now, and the model by which orders trade.

    `trading_day` is New York's date while the exchange is open, else None; `second` is the exchange's time.
    """

    quotes: Mapping[str, Quote]
    taken: Mapping[Shelf, Taken]
    now: datetime
    trading_day: date | None
    stale_after: float  # seconds
    model: FillModel = QUOTES
    seed: str = ""
    second: int = 0


@dataclass(frozen=True, slots=True)
class Match:
    """What happens to the order: `units` filled at `prices` (one a leg), and how it stands afterwards.

    `look_again` asks for another look soon, even if no quote changes.
    """

    units: int
    prices: tuple[Decimal, ...]
    watch: Watch
    is_resting: bool
    look_again: bool
    why: Why | None = None
    queue: Queue | None = None
    looked: Looked | None = None


def far_price(leg: TicketLeg, quote: Quote) -> Decimal | None:
    """Return the price at which the leg's side trades at once."""
    return quote.ask if leg.side is Side.BUY else quote.bid


def far_size(leg: TicketLeg, quote: Quote) -> int:
    """Return how many contracts or shares are shown at that price."""
    return quote.ask_size if leg.side is Side.BUY else quote.bid_size


def net_debit(legs: Sequence[TicketLeg], prices: Sequence[Decimal]) -> Decimal:
    """Return what one unit costs per share of its largest multiplier; below zero it pays."""
    unit = max(leg.multiplier for leg in legs)
    return sum(
        (leg.side.sign * leg.ratio * leg.multiplier * px for leg, px in zip(legs, prices, strict=True)), Decimal(0)
    ) / Decimal(unit)


def is_within_limit(ticket: OrderTicket, debit: Decimal) -> bool:
    """Return whether a unit at this net debit is at the ticket's limit or better."""
    if ticket.limit_price is None:
        return True
    if ticket.price_effect is PriceEffect.DEBIT:
        return debit <= ticket.limit_price
    if ticket.price_effect is PriceEffect.CREDIT:
        return -debit >= ticket.limit_price
    return debit <= 0


def shelf_left(leg: TicketLeg, quote: Quote, taken: Mapping[Shelf, Taken]) -> int:
    """Return how much of the displayed size this update of the quote still has."""
    gone = taken.get((leg.symbol, leg.side))
    used = gone.qty if gone is not None and gone.source_at == quote.source_at else 0
    return max(far_size(leg, quote) - used, 0)
