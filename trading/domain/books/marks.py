"""What a position is valued at.

Source: the desk's mark policy. The middle of bid and ask where the market is tight; the model's price where it is wide;
what was last seen good, with a flag, where there is no market.
"""

from dataclasses import dataclass
from decimal import Decimal

from allcore.kernel.money import from_float
from allcore.kernel.quotes import Greeks, Quality, Quote

TIGHT_DOLLARS = Decimal("0.10")
TIGHT_SHARE = Decimal("0.10")  # of the middle
MODEL_PLACES = 4
MARKABLE = frozenset({Quality.GOOD, Quality.LOCKED})


@dataclass(frozen=True, slots=True)
class Mark:
    """A price per share to value by. `is_stale`: it is an old one, kept because nothing better is to be had."""

    px: Decimal
    is_stale: bool = False


def is_tight(quote: Quote) -> bool:
    """Return whether bid and ask are near enough for their middle to be a price; both limits are inclusive."""
    mid, width = quote.mid, quote.width
    return mid is not None and width is not None and 0 <= width <= max(TIGHT_DOLLARS, TIGHT_SHARE * mid)


def mark(quote: Quote | None, greeks: Greeks | None, qty: int) -> Decimal | None:
    """Return the price per share that `qty` is valued at, or None if the market and the model are both silent.

    An option that nobody bids for is worth nothing to who holds it, whatever a model says.
    """
    if quote is not None and qty > 0 and quote.bid == 0 and not quote.is_halted:
        return Decimal(0)
    if quote is not None and quote.quality in MARKABLE and is_tight(quote):
        return quote.mid
    return None if greeks is None else from_float(greeks.price, MODEL_PLACES)


def marked(now: Decimal | None, last: Decimal | None) -> Mark | None:
    """Return today's mark, or the last good one marked as stale, or None if there never was any."""
    if now is not None:
        return Mark(now)
    return None if last is None else Mark(last, is_stale=True)


def liquidation_px(quote: Quote, qty: int) -> Decimal | None:
    """Return what one share of the position would bring now: longs at the bid, shorts at the ask."""
    return quote.bid if qty > 0 else quote.ask
