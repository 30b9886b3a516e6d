"""`apply` is the only way an order changes. It is total over the table and refuses the rest.

Source: FIX 4.4 order state changes, with one deliberate deviation: an order that fills while a cancel is pending is
FILLED at once (FIX goes on saying Pending Cancel; `fix_ord_status` still does).
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from allcore.kernel.errors import RefusedError
from allcore.kernel.orders import OrdStatus
from trading.domain.orders import effects, requests, table
from trading.domain.orders.effects import IncompleteEventError
from trading.domain.orders.events import Alert, Event, EventKind
from trading.domain.orders.state import Applied, Fill, OrderState

__all__ = [
    "Alert",
    "Applied",
    "Event",
    "EventKind",
    "Fill",
    "IllegalTransitionError",
    "IncompleteEventError",
    "OrderState",
    "apply",
    "play",
]


class IllegalTransitionError(RefusedError):
    """The event has no place in the order's present status."""

    code = "ILLEGAL_TRANSITION"


def apply(state: OrderState, event: Event) -> Applied:
    """Return the order after the event.

    Raises:
        IllegalTransitionError: the pair of status and event is not in the table.
        IncompleteEventError: a fill without quantity or price, or the like.
    """
    status = state.status
    if not table.is_legal(status, event.kind):
        raise IllegalTransitionError(
            f"An order that is {status} cannot take {event.kind}.", status=str(status), event=str(event.kind)
        )
    applied = Applied(_locally(state, event)) if status in table.LOCAL else _ON_THE_WIRE[event.kind](state, event)
    return replace(
        applied,
        state=replace(
            applied.state,
            alerts=state.alerts + applied.alerts,
            ignored=state.ignored + applied.ignored,
            applied=state.applied + 1,
        ),
    )


def play(state: OrderState, events: Iterable[Event]) -> OrderState:
    """Return the order after all the events, in their order."""
    for event in events:
        state = apply(state, event).state
    return state


def _locally(state: OrderState, event: Event) -> OrderState:
    if event.kind is EventKind.RESIZE and (event.qty is None or event.qty < 1):
        raise IncompleteEventError("A resize says to how much, at least 1.")
    after = replace(state, base=_local_status(state.status, event))
    return _with_terms(after, event) if event.kind in (EventKind.RESIZE, EventKind.REVISE) else after


def _with_terms(state: OrderState, event: Event) -> OrderState:
    """What waits at the desk takes new terms at once: nobody else knows the old ones."""
    if event.qty is not None and event.qty < 1:
        raise IncompleteEventError(f"A quantity is at least 1, was {event.qty}.")
    state = replace(state, order_qty=state.order_qty if event.qty is None else event.qty)
    if event.kind is EventKind.RESIZE:
        return state
    price = state.price if event.px is None else event.px
    return replace(state, price=price, stop_price=state.stop_price if event.stop_px is None else event.stop_px)


def _local_status(status: OrdStatus, event: Event) -> OrdStatus:
    if event.kind is EventKind.RISK_PASS and event.needs_approval:
        return OrdStatus.AWAITING_APPROVAL
    if event.is_conditional and event.kind in (EventKind.RISK_PASS, EventKind.APPROVE):
        return OrdStatus.HELD
    return table.BEFORE_THE_WIRE[status, event.kind]


def _query_status(state: OrderState, event: Event) -> Applied:
    """A snapshot: behind us it is stale, ahead of us executions are asked for first, level with us it is news."""
    if event.cum_qty is not None and event.cum_qty < state.cum_qty:
        return Applied(state, ignored=True)
    if event.cum_qty is not None and event.cum_qty > state.cum_qty:
        return Applied(state, (Alert.EXECUTIONS_MISSING,))
    kind = _REPORTED_AS.get(event.reported)
    return Applied(state) if kind is None else _ON_THE_WIRE[kind](state, event)


_REPORTED_AS: dict[str, EventKind] = {
    OrdStatus.NEW: EventKind.ACK,
    OrdStatus.PARTIALLY_FILLED: EventKind.ACK,
    OrdStatus.CANCELED: EventKind.CANCEL_ACK,
    OrdStatus.REJECTED: EventKind.REJECT,
    OrdStatus.EXPIRED: EventKind.EXPIRE,
}

_ON_THE_WIRE: dict[EventKind, Callable[[OrderState, Event], Applied]] = {
    EventKind.SEND_TIMEOUT: effects.send_timeout,
    EventKind.ACK: effects.acknowledge,
    EventKind.REJECT: effects.reject,
    EventKind.FILL: effects.fill,
    EventKind.BUST: effects.bust,
    EventKind.CORRECT: effects.correct,
    EventKind.CANCEL_REQ: requests.cancel_request,
    EventKind.CANCEL_ACK: effects.cancel_ack,
    EventKind.CANCEL_REJ: requests.cancel_reject,
    EventKind.REPLACE_REQ: requests.replace_request,
    EventKind.REPLACE_ACK: requests.replace_ack,
    EventKind.REPLACE_REJ: requests.replace_reject,
    EventKind.EXPIRE: effects.expire,
    EventKind.UNSOL_CANCEL: effects.unsolicited_cancel,
    EventKind.SUSPEND: effects.suspend,
    EventKind.RESUME: effects.resume,
    EventKind.DONE_FOR_DAY: effects.done_for_day,
    EventKind.NEW_SESSION: effects.new_session,
    EventKind.RESTATE: effects.restate,
    EventKind.QUERY_STATUS: _query_status,
    EventKind.QUERY_NOT_FOUND: effects.query_not_found,
}
