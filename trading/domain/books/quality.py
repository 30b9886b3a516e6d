"""How well an order was filled, measured against the market in which it was staged.

Prices are costs: what a share of one unit costs, paid above zero and received below, so that one set of formulas serves
buys and sells. Source: orders and risk, 7; the spread measures are those of Rule 605 and of Bessembinder (2003).
"""

from dataclasses import dataclass
from decimal import Decimal

TWO = Decimal(2)
WIDTHS_TO_REVIEW = 3  # a slippage beyond so many widths is looked at by a person


@dataclass(frozen=True, slots=True)
class Market:
    """The package's best price and its natural one: bids paid and asks received, or the contrary."""

    best: Decimal
    natural: Decimal

    @property
    def mid(self) -> Decimal:
        """Half way."""
        return (self.best + self.natural) / TWO

    @property
    def width(self) -> Decimal:
        """From the best price to the natural one."""
        return self.natural - self.best


@dataclass(frozen=True, slots=True)
class Quality:
    """A share of one unit, above zero where it cost more. Parts of the width are None where there was no width.

    `effective` is twice the slippage, `of_width` the effective spread as a part of the quoted one: -1 at the best
    price, 0 at the mid, 1 at the natural one. `improvement` is what the natural price would have cost more.
    """

    slippage: Decimal
    effective: Decimal
    of_width: Decimal | None
    improvement: Decimal
    of_half: Decimal | None
    is_to_review: bool


def quality(paid: Decimal, market: Market) -> Quality:
    """Return how a fill at the average cost `paid` compares with the market."""
    slippage, width = paid - market.mid, market.width
    improvement = market.natural - paid
    return Quality(
        slippage=slippage,
        effective=TWO * slippage,
        of_width=TWO * slippage / width if width > 0 else None,
        improvement=improvement,
        of_half=improvement / (width / TWO) if width > 0 else None,
        is_to_review=abs(slippage) > WIDTHS_TO_REVIEW * width,
    )
