"""How far the market may move between what a person saw and what is sent."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from allcore.kernel.orders import PriceEffect, Side
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import TicketLeg

SHARE_OF_PREMIUM = Decimal("0.10")
SMALLEST = Decimal("0.05")


def combo_mid(legs: Iterable[TicketLeg], quotes: Mapping[str, Quote], effect: PriceEffect) -> Decimal | None:
    """Return the net mid of one unit as its holder pays (DEBIT) or receives it (CREDIT), or None without all quotes."""
    total = Decimal(0)
    for leg in legs:
        quote = quotes.get(leg.symbol)
        if quote is None or quote.mid is None:
            return None
        total += leg.ratio * quote.mid * (1 if leg.side is Side.BUY else -1)
    return total if effect is PriceEffect.DEBIT else -total


def tolerance(mid_shown: Decimal) -> Decimal:
    """Return the move of the mid that voids an approval: a tenth of the premium, and at least five cents.

    Source: protocol 5.4, read as the larger of the two, since a tenth of a cheap option is less than one tick.
    """
    return max(abs(mid_shown) * SHARE_OF_PREMIUM, SMALLEST)


def has_drifted(mid_shown: Decimal, mid_now: Decimal) -> bool:
    """Return whether the market has moved past what the approver saw; a move of exactly the tolerance has not."""
    return abs(mid_now - mid_shown) > tolerance(mid_shown)
