"""The algorithms that follow a schedule: TWAP, VWAP, adaptive; and POV, which follows the market's volume."""

from dataclasses import replace
from datetime import datetime, timedelta

from trading.domain.algos import schedules
from trading.domain.algos.guards import Moved, View, place, withdraw
from trading.domain.algos.parameters import (
    AdaptiveParameters,
    IcebergParameters,
    PovParameters,
    TwapParameters,
    VwapParameters,
)
from trading.domain.algos.prices import chance
from trading.domain.algos.values import ChildStatus, Parent, State, room

Scheduled = TwapParameters | VwapParameters | AdaptiveParameters


def boundary(parent: Parent, slices: int, index: int) -> datetime:
    """Return the end of slice `index`; slice 1 begins at once, and the last has its own time to fill in."""
    return parent.starts_at + (parent.ends_at - parent.starts_at) * index / slices


def slice_at(parent: Parent, slices: int, at: datetime) -> int:
    """Return which slice runs at the time, from 1 to `slices`."""
    passed = (at - parent.starts_at) * slices // (parent.ends_at - parent.starts_at)
    return min(max(passed + 1, 1), slices)


def target(parent: Parent, own: Scheduled, index: int) -> int:
    """Return how much should have been asked for by the end of slice `index`."""
    match own:
        case TwapParameters():
            return schedules.twap(parent.quantity, own.slices, index)
        case VwapParameters():
            return schedules.vwap(parent.quantity, own.profile[index - 1])
        case AdaptiveParameters():
            seconds = (parent.ends_at - parent.starts_at) / timedelta(seconds=1)
            decay = schedules.kappa(own.urgency, own.sigma, own.eta) * seconds
            return schedules.adaptive(parent.quantity, own.slices, index, decay)


def scheduled(view: View, own: Scheduled, state: State) -> Moved:
    """Ask for what is due. What an earlier slice left open is taken back first: one child at a time."""
    parent = view.parent
    index = slice_at(parent, own.slices, view.at)
    begins, ends = boundary(parent, own.slices, index - 1), boundary(parent, own.slices, index)
    if state.open:
        child = state.open[0]
        if child.at < begins and child.status is not ChildStatus.CANCELLING:
            return withdraw(replace(state, wake_at=ends), view.at)
        return replace(state, wake_at=ends if child.at >= begins else view.at), ()
    due = target(parent, own, index) - state.cum()
    state, actions = place(view, state, qty=due, cost=view.between(own.reach))
    waits = due > 0 and not actions and state.not_before is not None
    return replace(state, wake_at=min(ends, state.not_before) if waits and state.not_before else ends), actions


def participating(view: View, own: PovParameters, state: State) -> Moved:
    """Ask for what the market's volume since the start allows."""
    volume = view.look.volume
    if volume is None:
        return state, ()
    if state.volume is None:
        state = replace(state, volume=volume)
    if state.open:
        child = state.open[0]
        if child.status is ChildStatus.WORKING and view.at - child.at >= timedelta(seconds=own.rest):
            return withdraw(state, view.at)
        return state, ()
    done = state.cum()
    others = max(volume - (state.volume or 0) - done, 0)
    return place(view, state, qty=schedules.pov(own.rate, others, done), cost=view.between(own.reach))


def iceberg(view: View, own: IcebergParameters, state: State) -> Moved:
    """Show a part at the limit, and the next when it is gone; each refill is a little larger or smaller."""
    if state.open:
        return replace(state, wake_at=view.parent.ends_at), ()
    span = float(own.display * own.jitter)
    shown = round(own.display + span * (2 * chance(view.parent.seed, state.steps) - 1))
    left = room(view.parent, state)
    state, actions = place(view, state, qty=max(min(shown, left), 1), cost=view.parent.limit)
    return replace(state, wake_at=view.parent.ends_at if actions else state.not_before), actions
