"""A replacement at a broker that has none: a cancel, and the new order only once it is confirmed with all its fills.

The request that carries the new terms WAITS for its guard, the cancel. Between the two nothing works at the broker;
what was filled in between counts against the intended total, and if that is all of it, nothing is sent.
"""

from collections.abc import Mapping
from datetime import datetime

from allcore.accounts.actors import desk_name
from allcore.audit.services import record
from allcore.kernel.errors import ConflictError
from allcore.kernel.ids import mint_cl_ord_id
from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus
from allcore.kernel.reports import ExecutionReport, ReportKind
from allcore.kernel.tickets import OrderTicket
from risk.services import reservations
from trading.models import Order, OrderEvent, OrderRequest
from trading.services import inquiries, unchanged
from trading.services.advance import advance
from trading.services.alerts import raise_alert
from trading.services.ring import ring_on_commit

ACTOR = desk_name("gap-guard")
State = OrderRequest.State
OPEN_STATES = (State.WAITING, State.TO_SEND, State.SENT, State.IN_DOUBT)
CANCELED = frozenset({ReportKind.CANCEL_ACK, ReportKind.UNSOLICITED_CANCEL})
REFUSED = frozenset({ReportKind.CANCEL_REJECT, ReportKind.REJECT})
HEARD = CANCELED | REFUSED


class ReplacementUnderWayError(ConflictError):
    """The last replacement is not through yet."""

    code = "REPLACEMENT_UNDER_WAY"


def pending(order: Order) -> OrderRequest | None:
    """Return the guarded request of the order that is not through yet."""
    rows = OrderRequest.objects.select_related("guard").filter(order=order, guard__isnull=False)
    return rows.filter(state__in=OPEN_STATES).order_by("-id").first()


def guard(order: Order, outbox: OrderRequest, *, now: datetime) -> None:
    """Let the replacement wait for a cancel of what works now."""
    cancel = OrderRequest.objects.create(
        order=order,
        account=order.account,
        connection=order.connection,
        kind=OrderRequest.Kind.CANCEL,
        cl_ord_id=mint_cl_ord_id(f"{order.pk}:guard:{outbox.cl_ord_id}"),
        orig_cl_ord_id=outbox.orig_cl_ord_id,
        created_at=now,
    )
    outbox.guard, outbox.state = cancel, State.WAITING
    outbox.save(update_fields=["guard", "state"])
    ring_on_commit(order.connection.name, cancel.pk)


def hears(request: OrderRequest, report: ExecutionReport, *, now: datetime) -> OrderRequest.State | None:
    """Take a report that belongs to a guard, and return what it made of the cancel; None: it is none of ours."""
    order = request.order
    waiting = pending(order)
    if waiting is None or waiting.guard is None or waiting.state != State.WAITING:
        return None
    if report.kind in CANCELED:
        inquiries.ask(order, "FINAL_QUANTITY", now=now)
        _answer(waiting.guard, State.ACKED, now)
        return State.ACKED
    if report.kind in REFUSED and request.pk == waiting.guard_id:
        why = report.reason or report.text or "The broker refused the cancel."
        _void(waiting, f"Not replaced: {why}", now)
        _advance(order, "replace_rej", now, cl_ord_id=waiting.cl_ord_id, reason=why)
        inquiries.ask(order, "CANCEL_REJECTED", now=now)
        return State.REJECTED
    return None


def settle(order: Order, *, now: datetime) -> None:
    """Send what is left of the intended total: the caller has seen the cancel and every execution before it."""
    waiting = pending(order)
    if waiting is None or waiting.state != State.WAITING:
        return
    left = int(waiting.terms["quantity"]) - order.cum_qty
    if left <= 0 or OrdStatus(order.status) in CLOSED_STATUSES:
        _void(waiting, "Filled before the cancel; nothing more was sent.", now)
        _advance(order, "replace_rej", now, cl_ord_id=waiting.cl_ord_id)
        _advance(order, "restate", now, qty=order.cum_qty)
        reservations.release(order.pk, now)
    else:
        waiting.terms |= {"left": left, "cum_before": order.cum_qty}
        waiting.state = State.TO_SEND
        waiting.save(update_fields=["terms", "state"])
        ring_on_commit(order.connection.name, waiting.pk)
    seen = {"cl_ord_id": waiting.cl_ord_id, "intended": waiting.terms["quantity"], "filled": order.cum_qty}
    _record(order, "order.gap_settled", {**seen, "sent": max(left, 0)}, now)


def under(ticket: OrderTicket, terms: Mapping[str, object]) -> OrderTicket:
    """Return the ticket under a replacement's terms; of a guarded one, for what is left to order."""
    left = terms.get("left")
    changed = ticket.as_dict() | {"quantity": terms["quantity"] if left is None else left}
    changed |= {price: terms[price] for price in ("limit_price", "stop_price") if terms.get(price) is not None}
    return OrderTicket.from_dict(changed)


def lost(order: Order, request: OrderRequest, why: str, *, now: datetime) -> None:
    """The new order will not be: nothing works at the broker any more, and somebody is told."""
    _advance(order, "cancel_ack", now, reason=why)
    reservations.release(order.pk, now)
    message = f"The order was cancelled to be replaced, and the new one is not at the broker: {why}"
    raise_alert(order, "NOT_REPLACED", message[:300], now=now)


def spoil(order: Order, request_id: int, why: str, *, now: datetime) -> None:
    """The second half may not go out any more: the order ends with what it has."""
    request = OrderRequest.objects.get(pk=request_id)
    if request.state != State.TO_SEND:
        return
    _void(request, why, now)
    _advance(order, "replace_rej", now, cl_ord_id=request.cl_ord_id)
    lost(order, request, why, now=now)


def refused(request: OrderRequest, why: str, *, now: datetime) -> bool:
    """Take a plain no to a guard or to what it guarded; return whether it was one."""
    order, waiting = request.order, pending(request.order)
    if request.guard_id is not None:
        _advance(order, "replace_rej", now, cl_ord_id=request.cl_ord_id)
        lost(order, request, why, now=now)
        return True
    if waiting is not None and waiting.guard_id == request.pk and waiting.state == State.WAITING:
        _void(waiting, f"Not replaced: {why}", now)
        _advance(order, "replace_rej", now, cl_ord_id=waiting.cl_ord_id, reason=why)
        inquiries.ask(order, "CANCEL_REJECTED", now=now)
        return True
    return False


def abandon(order: Order, *, actor: str, reason: str, now: datetime) -> bool:
    """Give up a replacement that has not been sent; return whether that was all there was to cancel."""
    waiting = pending(order)
    if waiting is None or waiting.guard is None or waiting.state not in (State.WAITING, State.TO_SEND):
        return False
    _void(waiting, reason, now)
    _advance(order, "replace_rej", now, cl_ord_id=waiting.cl_ord_id)
    if waiting.guard.state == State.ACKED:  # it works nowhere
        _advance(order, "cancel_ack", now, actor=actor, reason=reason)
        reservations.release(order.pk, now)
    else:
        _advance(order, "cancel_req", now, actor=actor, cl_ord_id=waiting.guard.cl_ord_id, reason=reason)
    return True


def _void(request: OrderRequest, why: str, now: datetime) -> None:
    request.state, request.reason, request.answered_at = State.VOIDED, why[:300], now
    request.save(update_fields=["state", "reason", "answered_at"])


def _answer(request: OrderRequest, state: OrderRequest.State, now: datetime) -> None:
    OrderRequest.objects.filter(pk=request.pk, answered_at=None).update(state=state, answered_at=now)


def _advance(order: Order, event: str, now: datetime, *, actor: str = ACTOR, **data: object) -> None:
    advance(order, event, now=now, source=OrderEvent.Source.DESK, actor=actor, data=data)
    if event == "replace_rej":
        unchanged.give_back(order, str(data["cl_ord_id"]))


def _record(order: Order, action: str, payload: dict[str, object], now: datetime) -> None:
    record(
        action, f"order:{order.pk}", payload, actor=ACTOR, at=now, account=order.account.code, trace_id=order.trace_id
    )
