"""The one contract: `step(parent, state, event)` gives the next state and what to ask for.

An event that leaves the state equal and asks for nothing need not be kept: a replay without it comes out the same.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from trading.domain.algos.events import Asked, Event, Heard, Look, Refused, Told, Word
from trading.domain.algos.guards import Moved, View, hold, put, withdraw
from trading.domain.algos.legging import legging
from trading.domain.algos.parameters import IcebergParameters, LeggingParameters, PovParameters, WalkParameters
from trading.domain.algos.slices import iceberg, participating, scheduled
from trading.domain.algos.values import (
    WHOLE,
    Child,
    ChildStatus,
    Ending,
    Parent,
    Phase,
    State,
    done_units,
    is_in_band,
    sleeps,
)
from trading.domain.algos.walk import walk

MOST_REFUSALS = 3
AFTER_REFUSAL = timedelta(seconds=30)
CANCEL_AGAIN = timedelta(seconds=2)
WAITS_FOR = {Asked.REPLACE: ChildStatus.REPLACING, Asked.CANCEL: ChildStatus.CANCELLING}


def step(parent: Parent, state: State, event: Event) -> Moved:
    """Return where the run stands after the event, and what it asks for."""
    if state.phase is Phase.DONE and not isinstance(event, Heard):
        return state, ()
    match event:
        case Look():
            return (state, ()) if is_quiet(parent, state, event) else _looked(parent, state, event)
        case Heard():
            return _settled(parent, _heard(state, event), event.at)
        case Refused():
            return _settled(parent, _refused(state, event), event.at)
        case Told():
            return _told(parent, state, event)


def replay(parent: Parent, events: Iterable[Event]) -> State:
    """Return where a run stands that has seen these events."""
    state = State()
    for event in events:
        state, _ = step(parent, state, event)
    return state


def is_quiet(parent: Parent, state: State, look: Look) -> bool:
    """Return whether there is nothing to do for sure: the market stands within the band and no time is up."""
    if not sleeps(state, look.at) or hold(parent, look) or look.bid is None or look.ask is None:
        return False
    return is_in_band(state, look.bid, look.ask)


def _looked(parent: Parent, state: State, look: Look) -> Moved:
    if state.phase is Phase.STOPPING:
        return _cancel_again(state, look.at)
    if look.at >= parent.ends_at:
        return _stopped(parent, state, Ending.EXPIRED, "Its time is up.", look.at)
    if state.phase is Phase.PAUSED:
        return _cancel_again(state, look.at)
    why = hold(parent, look)
    if why or look.bid is None or look.ask is None:
        return _held(parent, state, why, look.at)
    if state.hold:
        state = replace(state, hold="", hold_since=None)
    return _decided(View(parent, look, look.bid, look.ask), state)


def _decided(view: View, state: State) -> Moved:
    match view.parent.parameters:
        case WalkParameters() as own:
            return walk(view, own, state)
        case PovParameters() as own:
            return participating(view, own, state)
        case IcebergParameters() as own:
            return iceberg(view, own, state)
        case LeggingParameters() as own:
            return legging(view, own, state)
        case own:
            return scheduled(view, own, state)


def _held(parent: Parent, state: State, why: str, at: datetime) -> Moved:
    """Keep still; a child that has rested too long in such a market is taken back."""
    since = at if state.hold_since is None else state.hold_since
    if not state.hold:
        state = replace(state, hold=why, hold_since=since)
    if at - since >= timedelta(seconds=parent.parameters.patience):
        return withdraw(state, at)
    return state, ()


def _cancel_again(state: State, at: datetime) -> Moved:
    """Ask again where a cancel was refused, or has not been answered for a while."""
    again = [c for c in state.open if c.status is not ChildStatus.CANCELLING and at - c.at >= CANCEL_AGAIN]
    return withdraw(state, at) if again else (state, ())


def _stopped(parent: Parent, state: State, ending: Ending, reason: str, at: datetime) -> Moved:
    state = replace(state, phase=Phase.STOPPING, ending=ending, reason=reason, hold="", hold_since=None, wake_at=None)
    state, actions = withdraw(state, at)
    return _ended(parent, state), actions


def _ended(parent: Parent, state: State) -> State:
    if state.phase is not Phase.STOPPING or state.open:
        return state
    if done_units(parent, state) >= parent.quantity:
        return replace(state, phase=Phase.DONE, ending=Ending.COMPLETED, reason="All of it is filled.")
    return replace(state, phase=Phase.DONE)


def _settled(parent: Parent, state: State, at: datetime) -> Moved:
    """End what is complete, stop what is refused too often, and finish what was stopping."""
    if state.phase in (Phase.RUNNING, Phase.PAUSED):
        if done_units(parent, state) >= parent.quantity:
            return _stopped(parent, state, Ending.COMPLETED, "All of it is filled.", at)
        if state.refusals >= MOST_REFUSALS:
            return _stopped(parent, state, Ending.REFUSED, state.reason, at)
        if _is_too_much(parent, state):  # a late fill of a closed child: what is open may not fill as well
            return withdraw(state, at)
    if state.phase is Phase.DONE and state.open:  # a child thought dead works after all
        return withdraw(replace(state, phase=Phase.STOPPING), at)
    return _ended(parent, state), ()


def _is_too_much(parent: Parent, state: State) -> bool:
    wanted = {WHOLE: parent.quantity} | {n: parent.quantity * leg.ratio for n, leg in enumerate(parent.legs)}
    return any(state.leaves(leg) and state.cum(leg) + state.leaves(leg) > most for leg, most in wanted.items())


def _child(state: State, number: int) -> Child | None:
    return next((child for child in state.children if child.step == number), None)


def _heard(state: State, event: Heard) -> State:
    """Take a child's order as it is: also fills that come after its end, which count like any other."""
    child = _child(state, event.step)
    if child is None:
        return state
    was_ours = child.status is ChildStatus.CANCELLING
    now = replace(child, status=event.status, qty=event.qty, cum=event.cum, cost=event.cost)
    if now == child:
        return state
    state = replace(put(state, now), wake_at=None)
    if event.cum > child.cum:
        state = replace(state, refusals=0)
    ended = event.status is ChildStatus.CLOSED and child.status is not ChildStatus.CLOSED
    if ended and event.cum < event.qty and not was_ours:
        return _discouraged(state, event.at, event.reason)
    return state


def _refused(state: State, event: Refused) -> State:
    child = _child(state, event.step)
    if child is None:
        return state
    if event.what is Asked.PLACE:
        return _discouraged(put(state, replace(child, status=ChildStatus.CLOSED)), event.at, event.reason)
    if child.status is not WAITS_FOR[event.what]:  # it is being taken back, or has ended, meanwhile
        return state
    # The order works on as it was; what it is will be heard.
    return replace(put(state, replace(child, status=ChildStatus.WORKING, at=event.at)), wake_at=None)


def _discouraged(state: State, at: datetime, reason: str) -> State:
    refusals = state.refusals + 1
    return replace(state, refusals=refusals, reason=reason, not_before=at + refusals * AFTER_REFUSAL, wake_at=None)


def _told(parent: Parent, state: State, event: Told) -> Moved:
    match event.word:
        case Word.PAUSE:
            return _paused(state, event)
        case Word.RESUME:
            return _resumed(state), ()
        case Word.CANCEL | Word.KILL:
            if state.phase is Phase.STOPPING:  # said again while it stops: take back what came back
                return withdraw(state, event.at)
            ending = Ending.CANCELLED if event.word is Word.CANCEL else Ending.KILLED
            return _stopped(parent, state, ending, event.reason, event.at)


def _paused(state: State, event: Told) -> Moved:
    if state.phase is not Phase.RUNNING:
        return state, ()
    return withdraw(replace(state, phase=Phase.PAUSED, reason=event.reason, hold="", hold_since=None), event.at)


def _resumed(state: State) -> State:
    """Go on; the ladder is built anew on today's mid, but the chase still counts from the arrival's."""
    if state.phase is not Phase.PAUSED:
        return state
    return replace(state, phase=Phase.RUNNING, reason="", refusals=0, anchor=None, not_before=None, wake_at=None)
