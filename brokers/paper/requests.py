"""What a cancel or a replace does to its order when it arrives."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from allcore.kernel.reports import ReportKind
from allcore.kernel.tickets import InvalidTicketError
from brokers.paper.matching import Watch
from brokers.paper.records import OrderRecord, RequestKind, RequestRecord, RequestState, Status

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
    quantity = order.ticket.quantity if request.quantity is None else max(request.quantity, order.cum_qty)
    try:
        ticket = replace(
            order.ticket, quantity=quantity, limit_price=request.limit_price, stop_price=request.stop_price
        )
    except InvalidTicketError:
        return _rejected(request, "BAD_TERMS")
    changed = replace(
        order,
        current_id=request.cl_ord_id,
        ticket=ticket,
        status=Status.FILLED if quantity == order.cum_qty else order.status,
        changed_at=now,
        watch=order.watch if order.watch.is_triggered or ticket.stop_price == order.ticket.stop_price else Watch(),
        is_resting=order.is_resting and ticket.limit_price == order.ticket.limit_price,
        version=order.version + 1,
    )
    if changed.is_open and (code := refusal(changed)):
        return _rejected(request, code)
    return Answer(ReportKind.REPLACE_ACK, _accepted(request), changed)


def _accepted(request: RequestRecord) -> RequestRecord:
    return replace(request, state=RequestState.ACCEPTED, version=request.version + 1)


def _rejected(request: RequestRecord, code: str) -> Answer:
    refused = replace(request, state=RequestState.REJECTED, reason=code, version=request.version + 1)
    return Answer(REJECTS[request.kind], refused)
