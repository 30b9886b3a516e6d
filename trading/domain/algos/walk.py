"""The limit walk: one child, pegged to the mid, that gives way a little at a time and never past its caps."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from allcore.kernel.instruments import TickRule
from trading.domain.algos.events import Replace
from trading.domain.algos.guards import Moved, View, place, put
from trading.domain.algos.parameters import WalkParameters
from trading.domain.algos.prices import TWO, chance, floored, ladder, tick_at
from trading.domain.algos.values import Child, ChildStatus, State, room, within

BETWEEN_REPLACES = timedelta(seconds=1)


def cap(view: View, own: WalkParameters, arrival: Decimal, tick: Decimal) -> Decimal:
    """Return the dearest rung: the limit, part of the way to the natural price, and the chase from the arrival's mid.

    The chase is the least of some ticks, a part of the premium and a part of the half-spread.
    """
    return min(view.parent.limit, view.between(own.reach), arrival + chase(own, arrival, view.ask - view.mid, tick))


def chase(own: WalkParameters, arrival: Decimal, half: Decimal, tick: Decimal) -> Decimal:
    """Return by how much a walk may follow the market away from the arrival's mid; `half` is half the spread."""
    return min(own.chase_ticks * tick, own.chase_premium * abs(arrival), own.chase_spread * half)


def worst(own: WalkParameters, bid: Decimal, ask: Decimal, rule: TickRule) -> Decimal:
    """Return the dearest cost that a walk which arrives in this market comes to if the market stands still."""
    mid = (bid + ask) / TWO
    half = ask - mid
    return floored(rule, mid + min(own.reach * half, chase(own, mid, half, tick_at(rule, mid))))


def walk(view: View, own: WalkParameters, state: State) -> Moved:
    """Anchor the ladder, climb when the dwell is over, and bring the child to its rung."""
    state = _climbed(view, own, _anchored(view, own, state))
    price = within(view.parent, state.ladder[min(state.rung, len(state.ladder) - 1)])
    if not state.open:
        state, actions = place(view, state, qty=room(view.parent, state), cost=price)
        return _resting(view, own, state, price), actions
    child = state.open[0]
    if not _is_off(child, price) or state.replaces >= own.most_replaces or view.at - child.at < BETWEEN_REPLACES:
        return _resting(view, own, state, price), ()
    moved = replace(child, cost=price, status=ChildStatus.REPLACING, at=view.at)
    state = put(state, moved, replaced=1)
    return _resting(view, own, state, price), (Replace(child.step, price),)


def _is_off(child: Child, price: Decimal) -> bool:
    return child.status is ChildStatus.WORKING and child.cost != price


def _anchored(view: View, own: WalkParameters, state: State) -> State:
    """Put the ladder where the mid is if it moved by more than a tick; the rung, the patience spent, stays."""
    mid = view.mid
    tick = tick_at(view.parent.tick_rule, mid)
    if state.anchor is not None and abs(mid - state.anchor) <= tick:
        return state
    arrival = mid if state.arrival is None else state.arrival
    top = cap(view, own, arrival, tick)
    rungs = ladder(min(mid - own.start_ticks * tick, top), top, own.steps, tick)
    # A ladder that climbs past the price where the tick grows has rungs on the wider grid there.
    rungs = tuple(dict.fromkeys(floored(view.parent.tick_rule, rung) for rung in rungs))
    first = view.at + _dwell(view, own, 0) if state.next_at is None else state.next_at
    return replace(state, arrival=arrival, anchor=mid, ladder=rungs, next_at=first, low=mid - tick, high=mid + tick)


def _climbed(view: View, own: WalkParameters, state: State) -> State:
    if state.next_at is None or view.at < state.next_at or state.rung >= len(state.ladder) - 1:
        return state
    return replace(state, rung=state.rung + 1, next_at=view.at + _dwell(view, own, state.rung + 1))


def _dwell(view: View, own: WalkParameters, number: int) -> timedelta:
    span = own.dwell_most - own.dwell_least
    return timedelta(seconds=own.dwell_least + round(span * chance(view.parent.seed, number), 3))


def _resting(view: View, own: WalkParameters, state: State, price: Decimal) -> State:
    """Say until when there is nothing to do: the next rung, the end, or the moment a replace may go."""
    times: list[datetime] = [view.parent.ends_at]
    if state.rung < len(state.ladder) - 1 and state.next_at is not None:
        times.append(state.next_at)
    if not state.open:
        times.append(view.at if state.not_before is None else state.not_before)
    elif _is_off(state.open[0], price) and state.replaces < own.most_replaces:
        times.append(state.open[0].at + BETWEEN_REPLACES)
    return replace(state, wake_at=min(times))
