"""From legs to units: how much of the order an execution filled, and at which price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from allcore.kernel.orders import PriceEffect, Side
from allcore.kernel.reports import LegFill


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg of the order: contracts or shares for each unit, shares in each of them."""

    ratio: int
    multiplier: int


@dataclass(frozen=True, slots=True)
class Units:
    """`qty` units at `px` a share of one unit; `is_balanced`: every leg filled in its ratio."""

    qty: int
    px: Decimal
    is_balanced: bool


def units_of(fills: Sequence[LegFill], legs: Mapping[int, Leg], combo_qty: int, effect: PriceEffect) -> Units:
    """Return what the fills are in units of the order; no whole unit is a quantity of zero.

    A single leg's price is its own. A combination's is the net of its legs, above zero in the direction that the order
    says: paid for a debit, received for a credit or even.
    """
    filled = {index: sum(fill.qty for fill in fills if fill.leg == index) for index in legs}
    qty = combo_qty or min(filled[index] // leg.ratio for index, leg in legs.items())
    is_balanced = all(filled[index] == qty * leg.ratio for index, leg in legs.items())
    if len(legs) == 1:
        shares = sum(fill.qty for fill in fills)
        return Units(qty, sum((fill.qty * fill.px for fill in fills), Decimal(0)) / shares, is_balanced)
    paid = sum((_paid(fill, legs[fill.leg].multiplier) for fill in fills), Decimal(0))
    net = paid if effect is PriceEffect.DEBIT else -paid
    shares = qty * max(leg.multiplier for leg in legs.values())
    return Units(qty, net / shares if shares else Decimal(0), is_balanced)


def _paid(fill: LegFill, multiplier: int) -> Decimal:
    return (1 if fill.side is Side.BUY else -1) * fill.qty * fill.px * multiplier
