"""The cheapest look: whether a run would be quiet for sure, found without saying what it sees."""

from collections.abc import Mapping
from decimal import Decimal

from allcore.kernel.quotes import Quote
from trading.domain.algos.guards import session_fault, width_fault
from trading.domain.algos.prices import net
from trading.domain.algos.sight import Moment, Package
from trading.domain.algos.values import Parent, State, is_in_band, sleeps

ZERO = Decimal(0)
Sides = tuple[Decimal, Decimal]  # the package's bid and ask


def glance(parent: Parent, state: State, sides: Sides | None, when: Moment, usual: Decimal | None) -> bool:
    """Return whether `is_quiet` would say so of the look that these sides make."""
    if sides is None or not sleeps(state, when.at) or session_fault(parent, when.opened_for, when.left):
        return False
    bid, ask = sides
    return not width_fault(parent, bid, ask, usual) and is_in_band(state, bid, ask)


def sides_of(package: Package, quotes: Mapping[str, Quote], when: Moment) -> Sides | None:
    """Return the package's bid and ask; None if one of its quotes is at fault."""
    sides = []
    for symbol, ratio in package.legs:
        quote = quotes.get(symbol)
        if quote is None or quote.bid is None or quote.ask is None or quote.received_at < when.oldest:
            return None
        if quote.is_halted or quote.bid >= quote.ask or (ratio < 0 and not quote.bid):
            return None
        sides.append((ratio, quote.bid, quote.ask))
    return net(sides)
