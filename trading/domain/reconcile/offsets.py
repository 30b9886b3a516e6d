"""What would undo an execution too many: pure arithmetic on the legs that filled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import gcd

from allcore.kernel.orders import Side
from allcore.kernel.tickets import OrderTicket


@dataclass(frozen=True, slots=True)
class LegFilled:
    """How much of one leg was executed: `qty` contracts or shares on `side`, `ratio` of them to a unit of the order."""

    symbol: str
    side: Side
    qty: int
    ratio: int
    multiplier: int


def overfilled(filled: Sequence[LegFilled], units: int) -> list[LegFilled]:
    """Return what `units` of the order too many put into each leg."""
    return [replace(leg, qty=units * leg.ratio) for leg in filled] if units > 0 else []


def excess(filled: Sequence[LegFilled], *, is_missing_a_leg: bool) -> list[LegFilled]:
    """Return what of each leg has no whole unit of the others against it, the largest first."""
    units = 0 if is_missing_a_leg else min((leg.qty // leg.ratio for leg in filled), default=0)
    over = [replace(leg, qty=leg.qty - units * leg.ratio) for leg in filled]
    return sorted((leg for leg in over if leg.qty > 0), key=lambda leg: (-leg.qty, leg.symbol))


def is_undone_by(due: Sequence[LegFilled], ticket: OrderTicket) -> bool:
    """Return whether the ticket trades against what is due, and no more of it than there is."""
    left = {(leg.symbol, leg.side.opposite): leg.qty for leg in due}
    return all(left.get((leg.symbol, leg.side), 0) >= ticket.quantity * leg.ratio for leg in ticket.legs)


def together(legs: Sequence[LegFilled]) -> tuple[int, list[LegFilled]]:
    """Return how many units the quantities are together, and the legs of one unit, each `qty` its ratio."""
    units = gcd(*(leg.qty for leg in legs))
    return units, [replace(leg, qty=leg.qty // units) for leg in legs]
