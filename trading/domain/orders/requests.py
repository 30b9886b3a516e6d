"""What our requests to change or cancel an order do to it, and the answers to them."""

from dataclasses import replace

from allcore.kernel.orders import OrdStatus
from trading.domain.orders.effects import IncompleteEventError, acked
from trading.domain.orders.events import Alert, Event
from trading.domain.orders.state import Applied, OrderState, PendingRequest

ESCALATE_AT_CANCEL_REJECTS = 3


def cancel_request(state: OrderState, event: Event) -> Applied:
    """We ask for a cancel; asking twice is asking once."""
    if state.pending_of(OrdStatus.PENDING_CANCEL) is not None:
        return Applied(state, ignored=True)
    request = PendingRequest(OrdStatus.PENDING_CANCEL, event.cl_ord_id)
    return Applied(replace(state, pending=(*state.pending, request)))


def cancel_reject(state: OrderState, event: Event) -> Applied:
    """The order goes on as it was."""
    left, request = _answered(state, OrdStatus.PENDING_CANCEL, event)
    if request is None:
        return Applied(state)
    rejects = state.cancel_rejects + 1
    alerts = (Alert.CANCEL_REJECTED_AGAIN,) if rejects >= ESCALATE_AT_CANCEL_REJECTS and left.is_open else ()
    return Applied(replace(left, cancel_rejects=rejects), alerts)


def replace_request(state: OrderState, event: Event) -> Applied:
    """We ask for new terms; they hold once they are accepted, not before."""
    if not event.cl_ord_id:
        raise IncompleteEventError("A replacement has a ClOrdID of its own.")
    request = PendingRequest(OrdStatus.PENDING_REPLACE, event.cl_ord_id, event.qty, event.px, event.stop_px)
    return Applied(replace(state, pending=(*state.pending, request)))


def replace_ack(state: OrderState, event: Event) -> Applied:
    """The new terms hold, and their ClOrdID joins the chain; unless a younger replacement was accepted before."""
    left, request = _answered(state, OrdStatus.PENDING_REPLACE, event)
    if request is None:
        return Applied(state)
    if request.is_overtaken:
        return Applied(replace(acked(left), chain=(*state.chain[:-1], request.cl_ord_id, state.chain[-1])))
    left = replace(left, pending=_overtaken(state.pending, request))
    wanted = state.order_qty if request.qty is None else request.qty
    return Applied(
        replace(
            acked(left),
            order_qty=max(wanted, state.cum_qty),  # a total below what is filled means: no more
            price=state.price if request.px is None else request.px,
            stop_price=state.stop_price if request.stop_px is None else request.stop_px,
            chain=(*state.chain, request.cl_ord_id),
        )
    )


def _overtaken(pending: tuple[PendingRequest, ...], accepted: PendingRequest) -> tuple[PendingRequest, ...]:
    """Return what is pending without the accepted replacement; those asked for before it lose their terms."""
    place = pending.index(accepted)
    older = (
        PendingRequest(p.status, p.cl_ord_id, is_overtaken=True) if p.status is OrdStatus.PENDING_REPLACE else p
        for p in pending[:place]
    )
    return (*older, *pending[place + 1 :])


def replace_reject(state: OrderState, event: Event) -> Applied:
    """The old terms hold."""
    left, _ = _answered(state, OrdStatus.PENDING_REPLACE, event)
    return Applied(left)


def _answered(state: OrderState, status: OrdStatus, event: Event) -> tuple[OrderState, PendingRequest | None]:
    request = state.pending_of(status, event.cl_ord_id)
    if request is None:
        return state, None
    return replace(state, pending=tuple(p for p in state.pending if p is not request)), request
