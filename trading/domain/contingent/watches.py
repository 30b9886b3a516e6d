"""A price that sets an order off: stops, trailing stops, touches.

A stop waits for the price to move against whoever placed it, a touch for it to move in their favour. The price looked
at is the ticket's `trigger`; without one the opposite side, what the order would trade against: a lone option print is
no price. An option's price, and any quoted one, must be seen twice; a print of a share once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from allcore.kernel.instruments import Right
from allcore.kernel.orders import OrdType, Side, TriggerPrice
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from risk.domain.lines import contract_of
from trading.domain.contingent.view import View, price_of

CONFIRMATIONS = 2
WIDEST = Decimal("0.25")  # dollars; a quote wider than this and than half its middle sets nothing off
WIDEST_RATIO = Decimal("0.5")
HUNDRED = Decimal(100)
PRINTS = (TriggerPrice.LAST, TriggerPrice.UNDERLYING_LAST)


@dataclass(frozen=True, slots=True)
class Watch:
    """What is looked for: `rises` says from which side the price comes. A trailing watch has a distance, no level."""

    symbol: str
    side: Side
    trigger: TriggerPrice
    rises: bool
    level: Decimal | None = None
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None

    @property
    def needed(self) -> int:
        """How many quotes in a row must say so."""
        is_print = self.trigger in PRINTS and contract_of(self.symbol) is None
        return 1 if is_print else CONFIRMATIONS

    @property
    def is_trailing(self) -> bool:
        """Whether the level follows the price."""
        return self.level is None


@dataclass(frozen=True, slots=True)
class Seen:
    """How far a watch has come. `mark` is the best price that a trailing watch has seen: it never moves back."""

    count: int = 0
    at: datetime | None = None  # when the quote that counted last was vouched for
    mark: Decimal | None = None

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "count": self.count,
            "at": None if self.at is None else self.at.isoformat(),
            "mark": None if self.mark is None else f"{self.mark:f}",
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Seen":
        """Read what `as_dict` wrote; nothing is nothing seen."""
        at, mark = data.get("at"), data.get("mark")
        return cls(
            count=int(data.get("count", 0)),
            at=None if at is None else datetime.fromisoformat(at),
            mark=None if mark is None else Decimal(mark),
        )


def watch_of(ticket: OrderTicket) -> Watch | None:
    """Return what sets the order off by its own type, or None: it goes out at once."""
    if ticket.stop_price is None and ticket.ord_type is not OrdType.TRAILING_STOP:
        return None
    trigger, symbol = ticket.trigger or TriggerPrice.OPPOSITE, ticket.legs[0].symbol
    rises = (ticket.side is Side.BUY) is not (ticket.ord_type is OrdType.LIMIT_IF_TOUCHED)
    if trigger is TriggerPrice.UNDERLYING_LAST:
        contract, symbol = contract_of(symbol), ticket.underlying
        # By the share's price a put goes the other way: it loses where the share gains.
        rises = rises is not (contract is not None and contract.right is Right.PUT)
    return Watch(symbol, ticket.side, trigger, rises, ticket.stop_price, ticket.trail_amount, ticket.trail_percent)


def level_of(watch: Watch, mark: Decimal | None) -> Decimal | None:
    """Return the price at which the order is set off, or None while a trailing watch has seen none."""
    if watch.level is not None or mark is None:
        return watch.level
    distance = watch.trail_amount
    if distance is None:
        distance = mark * (watch.trail_percent or Decimal(0)) / HUNDRED
    return mark + distance if watch.rises else mark - distance


def look(watch: Watch, seen: Seen, view: View) -> tuple[Seen, bool]:
    """Return what has been seen after this moment, and whether it sets the order off.

    A quote that is stale, crossed, one-sided, halted, or was counted before changes nothing. One too wide to be a price
    starts the count anew, and moves no mark.
    """
    quote = view.quote(watch.symbol)
    price = None if quote is None else price_of(quote, watch.trigger, watch.side)
    if quote is None or price is None or (seen.at is not None and quote.received_at <= seen.at):
        return seen, False
    if not _is_narrow(quote):
        return Seen(0, quote.received_at, seen.mark), False
    mark = _marked(watch, seen.mark, price)
    level = level_of(watch, mark)
    is_beyond = level is not None and (price >= level if watch.rises else price <= level)
    count = seen.count + 1 if is_beyond else 0
    return Seen(count, quote.received_at, mark), count >= watch.needed


def _marked(watch: Watch, mark: Decimal | None, price: Decimal) -> Decimal | None:
    if not watch.is_trailing:
        return None
    if mark is None:
        return price
    return min(mark, price) if watch.rises else max(mark, price)


def _is_narrow(quote: Quote) -> bool:
    width, mid = quote.width, quote.mid
    return width is not None and mid is not None and width <= max(WIDEST, WIDEST_RATIO * mid)
