"""What a cancel or a replace does to its order when it arrives."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from allcore.kernel.reports import ReportKind
from allcore.kernel.tickets import InvalidTicketError, OrderTicket
from brokers.paper import entry
from brokers.paper.records import OrderRecord, RequestKind, RequestRecord, RequestState, Status
from brokers.paper.triggers import Watch

Refusal = Callable[[OrderRecord], str]  # why an order with these terms would not be taken, or nothing
REJECTS = {RequestKind.CANCEL: ReportKind.CANCEL_REJECT, RequestKind.REPLACE: ReportKind.REPLACE_REJECT}


@dataclass(frozen=True, slots=True)
class Answer:
    """How the request ended; `order` is its order afterwards, None if nothing changed."""

    kind: ReportKind
    request: RequestRecord
    order: OrderRecord | None = None


def answer(request: RequestRecord, order: OrderRecord | None, *, now: datetime, refusal: Refusal) -> Answer:
    """Return the answer; `order` is None when it is closed or was never known."""
    if order is None:
        return _rejected(request, "TOO_LATE" if request.order_id else "UNKNOWN_ORDER")
    if request.kind is RequestKind.CANCEL:
        canceled = replace(order, status=Status.CANCELED, changed_at=now, version=order.version + 1)
        return Answer(ReportKind.CANCEL_ACK, _accepted(request), canceled)
    return _replaced(request, order, now=now, refusal=refusal)


def _replaced(request: RequestRecord, order: OrderRecord, *, now: datetime, refusal: Refusal) -> Answer:
    """The quantity is the total: at or below what has traded, the order is done."""
    ticket = _new_terms(request, order)
    if ticket is None:
        return _rejected(request, "BAD_TERMS")
    is_same_wait = _wait_of(ticket) == _wait_of(order.ticket)
    changed = replace(
        order,
        current_id=request.cl_ord_id,
        ticket=ticket,
        status=Status.FILLED if ticket.quantity == order.cum_qty else order.status,
        changed_at=now,
        watch=order.watch if order.watch.is_triggered or is_same_wait else Watch(mark=order.watch.mark),
        queue=order.queue if _keeps_place(order.ticket, ticket) else None,
        is_resting=order.is_resting and ticket.limit_price == order.ticket.limit_price,
        expires_at=order.expires_at if ticket.expire_at is None else entry.expires_at(ticket, now),
        version=order.version + 1,
    )
    if changed.is_open and (code := refusal(changed)):
        return _rejected(request, code)
    return Answer(ReportKind.REPLACE_ACK, _accepted(request), changed)


def _new_terms(request: RequestRecord, order: OrderRecord) -> OrderTicket | None:
    """Return the order's ticket with the new terms, or None if they do not fit. Its type and its legs stay."""
    old, new = order.ticket, request.ticket
    if new is not None and _nature_of(new) != _nature_of(old):
        return None
    rarer = old if new is None else new
    quantity = old.quantity if request.quantity is None else max(request.quantity, order.cum_qty)
    try:
        return replace(
            old,
            quantity=quantity,
            limit_price=request.limit_price,
            stop_price=request.stop_price,
            trail_amount=rarer.trail_amount,
            trail_percent=rarer.trail_percent,
            expire_at=rarer.expire_at,
            trigger=rarer.trigger,
        )
    except InvalidTicketError:
        return None


def _nature_of(ticket: OrderTicket) -> tuple[object, ...]:
    legs = tuple((leg.symbol, leg.side, leg.ratio, leg.multiplier) for leg in ticket.legs)
    return legs, ticket.ord_type, ticket.time_in_force, ticket.price_effect


def _keeps_place(old: OrderTicket, new: OrderTicket) -> bool:
    """A new price or more of it goes to the end of the queue."""
    return new.limit_price == old.limit_price and new.quantity <= old.quantity


def _wait_of(ticket: OrderTicket) -> tuple[object, ...]:
    return ticket.stop_price, ticket.trail_amount, ticket.trail_percent, ticket.trigger


def _accepted(request: RequestRecord) -> RequestRecord:
    return replace(request, state=RequestState.ACCEPTED, version=request.version + 1)


def _rejected(request: RequestRecord, code: str) -> Answer:
    refused = replace(request, state=RequestState.REJECTED, reason=code, version=request.version + 1)
    return Answer(REJECTS[request.kind], refused)
