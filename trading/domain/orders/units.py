"""From legs to units: how much of the order an execution filled, and at which price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from allcore.kernel.orders import PriceEffect, Side
from allcore.kernel.reports import LegFill
from trading.domain.orders.state import Fill

PX_STEP = Decimal("0.00000001")
PX_NOISE = Decimal("0.000001")  # what rounding alone can do to a price


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
    filled = filled_of(fills, legs)
    whole = whole_units(filled, legs)
    qty = whole if len(legs) > 1 else combo_qty or whole
    is_balanced = all(filled[index] == qty * leg.ratio for index, leg in legs.items())
    if len(legs) == 1:
        shares = sum(fill.qty for fill in fills)
        return Units(qty, sum((fill.qty * fill.px for fill in fills), Decimal(0)) / shares, is_balanced)
    paid = sum((_paid(fill, legs[fill.leg].multiplier) for fill in fills), Decimal(0))
    net = paid if effect is PriceEffect.DEBIT else -paid
    shares = qty * max(leg.multiplier for leg in legs.values())
    return Units(qty, net / shares if shares else Decimal(0), is_balanced)


def filled_of(fills: Sequence[LegFill], legs: Mapping[int, Leg]) -> dict[int, int]:
    """Return how much of each leg the fills are."""
    return {index: sum(fill.qty for fill in fills if fill.leg == index) for index in legs}


def whole_units(filled: Mapping[int, int], legs: Mapping[int, Leg]) -> int:
    """Return how many units have all their legs."""
    return min(filled[index] // leg.ratio for index, leg in legs.items())


def odd_legs(filled: Mapping[int, int], legs: Mapping[int, Leg]) -> dict[int, int]:
    """Return what of each leg has no whole unit of the others against it; nothing of a leg is left out."""
    units = whole_units(filled, legs)
    over = {index: filled[index] - units * leg.ratio for index, leg in legs.items()}
    return {index: qty for index, qty in over.items() if qty}


def net_price(fills: Sequence[LegFill], legs: Mapping[int, Leg], effect: PriceEffect) -> Decimal:
    """Return the price a share of one unit, each leg at the average of all its fills; every leg has some."""
    paid = Decimal(0)
    for index, leg in legs.items():
        own = [fill for fill in fills if fill.leg == index]
        total = sum((_paid(fill, leg.multiplier) for fill in own), Decimal(0))
        paid += total * leg.ratio / sum(fill.qty for fill in own)
    net = paid if effect is PriceEffect.DEBIT else -paid
    return net / max(leg.multiplier for leg in legs.values())


@dataclass(frozen=True, slots=True)
class Recount:
    """What an execution counts for now, in units of the order; none of them, it is gone. `was` is its name so far."""

    exec_id: str
    qty: int
    px: Decimal
    was: str


def recounted(fills: Sequence[Fill], gone: str, successor: str, *, units: int, px: Decimal) -> list[Recount]:
    """Return what changes once `gone` is taken back, with `successor` in its stead if it has a name, at `units` in all.

    Where legs are told apart, the units of one leg's execution may be counted with another's. The last that counts is
    priced so that all together cost `px` a unit.
    """
    left = [Recount(successor if f.exec_id == gone else f.exec_id, f.qty, f.px, f.exec_id) for f in fills]
    left.sort(key=lambda one: (one.exec_id == successor, one.exec_id))
    counts: list[Recount] = []
    missing = units - sum(one.qty for one in left if one.exec_id)
    for one in reversed(left):
        qty = max(one.qty + missing, 0) if one.exec_id else 0
        missing -= qty - one.qty if one.exec_id else 0
        counts.append(replace(one, exec_id=one.exec_id or one.was, qty=qty))
    if missing:
        counts.append(Recount(successor or f"{gone}/units", missing, px, ""))
    return [_priced(one, counts, units * px) for one in counts if _is_news(_priced(one, counts, units * px), fills)]


def _priced(one: Recount, counts: Sequence[Recount], total: Decimal) -> Recount:
    counting = [each for each in counts if each.qty]
    if not counting or one != counting[0]:
        return one
    others = sum((each.qty * each.px for each in counting[1:]), Decimal(0))
    return replace(one, px=((total - others) / one.qty).quantize(PX_STEP).normalize())


def _is_news(one: Recount, fills: Sequence[Fill]) -> bool:
    before = next((fill for fill in fills if fill.exec_id == one.was), None)
    if before is None or (one.exec_id, one.qty) != (before.exec_id, before.qty):
        return True
    return abs(one.px - before.px) > PX_NOISE


def _paid(fill: LegFill, multiplier: int) -> Decimal:
    return (1 if fill.side is Side.BUY else -1) * fill.qty * fill.px * multiplier
