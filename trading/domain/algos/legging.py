"""Legging: the lead leg waits at a good price; what it fills is completed at once with the others.

What is bought goes before what is sold, so that a half-done structure is never short what nothing covers. No leg's
price ever lets the package cost more than its limit; what cannot be completed within it is left to a person.
"""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from trading.domain.algos.events import LegSight, Replace
from trading.domain.algos.guards import Moved, View, place, put
from trading.domain.algos.parameters import LeggingParameters
from trading.domain.algos.prices import TWO, floored
from trading.domain.algos.values import Child, ChildStatus, Leg, Parent, Phase, State

BETWEEN_REPLACES = timedelta(seconds=1)


def order_of(legs: tuple[Leg, ...], sights: tuple[LegSight, ...]) -> tuple[int, ...]:
    """Return in which order to trade: buys before sells, and of each the least liquid (relatively widest) first."""

    def width(index: int) -> Decimal:
        sight = sights[index]
        mid = (sight.bid + sight.ask) / TWO
        return (sight.ask - sight.bid) / mid if mid > 0 else Decimal(1)

    return tuple(sorted(range(len(legs)), key=lambda index: (legs[index].side.sign < 0, -width(index), index)))


def legging(view: View, own: LeggingParameters, state: State) -> Moved:
    """Keep the lead leg working, and complete with the others whatever it has filled."""
    if len(view.look.legs) != len(view.parent.legs):
        return state, ()
    lead, *others = own.order
    units = state.cum(lead) // view.parent.legs[lead].ratio
    if units and state.spot is None:
        state = replace(state, spot=view.look.spot, next_at=view.at + timedelta(seconds=own.most_gap))
    for index in others:
        wanted = units * view.parent.legs[index].ratio
        if state.cum(index) < wanted:
            return _complete(view, own, state, index, wanted)
    if state.spot is not None:
        state = replace(state, spot=None, next_at=None)  # what the lead has filled so far is complete
    return _lead(view, own, state, lead)


def _natural(leg: Leg, sight: LegSight) -> Decimal:
    """Return the leg's cost at once, a share of one contract."""
    return sight.ask if leg.side.sign > 0 else -sight.bid


def bound(parent: Parent, state: State, sights: tuple[LegSight, ...], index: int) -> Decimal:
    """Return the most a leg may cost: the limit less the others, as paid or, where they are not done, at once."""
    rest = Decimal(0)
    for other, leg in enumerate(parent.legs):
        if other != index:
            paid = _dearest(state, other)
            rest += leg.ratio * (_natural(leg, sights[other]) if paid is None else paid)
    leg = parent.legs[index]
    return floored(leg.tick_rule, (parent.limit - rest) / leg.ratio)


def _dearest(state: State, index: int) -> Decimal | None:
    """Return the dearest limit that a leg's fills were had at, or None without fills."""
    return max((child.cost for child in state.children if child.leg == index and child.cum), default=None)


def _lead(view: View, own: LeggingParameters, state: State, lead: int) -> Moved:
    leg, sight = view.parent.legs[lead], view.look.legs[lead]
    middle = floored(leg.tick_rule, leg.side.sign * (sight.bid + sight.ask) / TWO)
    price = min(middle, bound(view.parent, state, view.look.legs, lead))
    wanted = view.parent.quantity * leg.ratio - state.cum(lead)
    return _bring(view, own, state, lead, price, wanted, every=own.rest)


def _complete(view: View, own: LeggingParameters, state: State, index: int, wanted: int) -> Moved:
    leg = view.parent.legs[index]
    price = min(_natural(leg, view.look.legs[index]), bound(view.parent, state, view.look.legs, index))
    if _is_late(view, own, state) and price < _natural(leg, view.look.legs[index]):
        why = "A leg could not be completed within the limit in time: the position is not the one that was wanted."
        return replace(state, phase=Phase.PAUSED, reason=why), ()
    return _bring(view, own, state, index, price, wanted - state.cum(index), every=1)


def _is_late(view: View, own: LeggingParameters, state: State) -> bool:
    if state.next_at is not None and view.at >= state.next_at:
        return True
    spot = view.look.spot
    return spot is not None and state.spot is not None and abs(spot - state.spot) > own.most_move * state.spot


def _bring(  # noqa: PLR0913 one child's whole wish
    view: View, own: LeggingParameters, state: State, leg: int, price: Decimal, qty: int, *, every: int
) -> Moved:
    """Have one child of the leg at the price: a new one, or the working one moved."""
    working = [child for child in state.open if child.leg == leg]
    if not working:
        return place(view, state, qty=qty, cost=price, leg=leg)
    child = working[0]
    if not _may_move(own, state, child, price) or view.at - child.at < timedelta(seconds=every):
        return state, ()
    state = put(state, replace(child, cost=price, status=ChildStatus.REPLACING, at=view.at))
    return replace(state, replaces=state.replaces + 1), (Replace(child.step, price),)


def _may_move(own: LeggingParameters, state: State, child: Child, price: Decimal) -> bool:
    return child.status is ChildStatus.WORKING and child.cost != price and state.replaces < own.most_replaces
