"""When the market is not to be traded on, and the room that every child keeps to."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from trading.domain.algos.events import Action, Cancel, Look, Place
from trading.domain.algos.prices import TWO, floored
from trading.domain.algos.values import WHOLE, Child, ChildStatus, Parent, State, room, within

Moved = tuple[State, tuple[Action, ...]]


@dataclass(frozen=True, slots=True)
class View:
    """A market that may be traded on, as one run sees it: both sides are there."""

    parent: Parent
    look: Look
    bid: Decimal
    ask: Decimal

    @property
    def at(self) -> datetime:
        """The exchange's time."""
        return self.look.at

    @property
    def mid(self) -> Decimal:
        """Half way."""
        return (self.bid + self.ask) / TWO

    def between(self, reach: Decimal) -> Decimal:
        """Return the cost at a part of the way from the mid to the natural price."""
        return self.mid + reach * (self.ask - self.bid) / TWO


def hold(parent: Parent, look: Look) -> str:
    """Return why nothing is sent just now, or nothing."""
    if look.fault:
        return look.fault
    if look.bid is None or look.ask is None:
        return "A side of the quote is missing."
    return width_fault(parent, look.bid, look.ask, look.usual) or session_fault(parent, look.opened_for, look.left)


def width_fault(parent: Parent, bid: Decimal, ask: Decimal, usual: Decimal | None) -> str:
    """Return how the market is too wide, or nothing."""
    guards = parent.parameters
    width = ask - bid
    if width > guards.widest:
        most = max(guards.widest, guards.widest_share * abs(ask + bid) / TWO)
        if width > most:
            return f"The market is {width:f} wide; {most.normalize():f} is the most."
    if usual is not None and width > guards.usual_times * usual:
        return f"The market is {width:f} wide; {usual:f} is usual."
    return ""


def session_fault(parent: Parent, opened_for: float | None, left: float | None) -> str:
    """Return why the session is not one to trade in just now, or nothing."""
    guards = parent.parameters
    if opened_for is None or left is None:
        return "The exchange is closed."
    if opened_for < guards.after_open:
        return "The session has only just begun."
    if parent.is_opening and left < guards.before_close:
        return "The session is about to end."
    return ""


def place(view: View, state: State, *, qty: int, cost: Decimal, leg: int = WHOLE) -> Moved:
    """Ask for a new child, cut to what is left of the quantity and to the limit; nothing if nothing is left.

    A leg alone has a bound of its own, which the caller keeps: the limit is the whole package's.
    """
    parent = view.parent
    qty = min(qty, room(parent, state, leg))
    if qty <= 0 or (state.not_before is not None and view.at < state.not_before):
        return state, ()
    if leg == WHOLE:
        cost = within(parent, floored(parent.tick_rule, within(parent, cost)))
    child = Child(step=state.steps, qty=qty, cost=cost, status=ChildStatus.SENT, at=view.at, leg=leg)
    moved = replace(state, children=(*state.children, child), steps=state.steps + 1)
    return moved, (Place(step=child.step, qty=qty, cost=cost, leg=leg),)


def put(state: State, child: Child, *, replaced: int = 0) -> State:
    """Return the state with a child as it is now, and so many replaces more."""
    children = tuple(child if old.step == child.step else old for old in state.children)
    return replace(state, children=children, replaces=state.replaces + replaced)


def withdraw(state: State, at: datetime) -> Moved:
    """Take back every open child that is not being taken back already, even what is in doubt."""
    children, actions = [], []
    for child in state.children:
        if child.status in (ChildStatus.CLOSED, ChildStatus.CANCELLING):
            children.append(child)
            continue
        actions.append(Cancel(child.step))
        children.append(replace(child, status=ChildStatus.CANCELLING, at=at))
    return (replace(state, children=tuple(children)), tuple(actions)) if actions else (state, ())
