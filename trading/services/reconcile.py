"""The broker's books against ours: missing reports applied, doubts resolved, differences written down."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from allcore.audit.services import record
from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import MassStatus, OrderReport
from brokers.services.connections import mark_reconciled
from risk.services import reservations
from trading.domain.reconcile import doubts
from trading.domain.reconcile.orders import Ours, missing_reports
from trading.models import Order, OrderEvent, OrderRequest
from trading.services import breaks, settle
from trading.services.advance import advance

ACTOR = "desk:reconcile"
UNANSWERED_STATES = (OrderRequest.State.SENT, OrderRequest.State.IN_DOUBT)
UNANSWERED = Q(state__in=UNANSWERED_STATES)


@transaction.atomic
def apply(status: MassStatus, *, now: datetime) -> None:
    """Apply one whole answer of the broker. Doing it twice changes nothing."""
    reports = [
        report
        for theirs, ours in _pairs(status)
        for report in missing_reports(theirs, ours, connection=status.connection, taken_at=status.taken_at)
    ]
    settle.apply_reports(status.connection, [*reports, *status.bookings], now=now)
    _resolve_doubts(status.connection, {report.cl_ord_id for report in status.orders}, now)
    breaks.compare(status, now=now)
    mark_reconciled(status.connection, now=now)


def has_doubts_due(connection: str, *, now: datetime) -> bool:
    """Return whether a request without an answer is due for a question, noting the newly doubtful."""
    _note_silence(connection, now)
    in_doubt = OrderRequest.objects.filter(connection__name=connection, state=OrderRequest.State.IN_DOUBT)
    return any(
        doubts.next_query_at(sent_at, queries) <= now
        for sent_at, queries in in_doubt.values_list("sent_at", "queries")
        if sent_at is not None
    )


def _pairs(status: MassStatus) -> list[tuple[OrderReport, Ours | None]]:
    ids = [report.cl_ord_id for report in status.orders]
    requests = OrderRequest.objects.filter(connection__name=status.connection, cl_ord_id__in=ids)
    ours = {
        request.cl_ord_id: Ours(
            status=OrdStatus(request.order.status),
            exec_ids=frozenset(execution.exec_id for execution in request.order.executions.all()),
            awaits_replace=request.kind == OrderRequest.Kind.REPLACE and request.state in UNANSWERED_STATES,
        )
        for request in requests.select_related("order").prefetch_related("order__executions")
    }
    return [(report, ours.get(report.cl_ord_id)) for report in status.orders]


@transaction.atomic
def _note_silence(connection: str, now: datetime) -> None:
    """Put in doubt what was sent and not answered in time, a crash between claim and answer included."""
    silent = OrderRequest.objects.filter(
        connection__name=connection, state=OrderRequest.State.SENT, sent_at__lt=now - doubts.ANSWER_EXPECTED
    )
    for order in _lock(silent.values_list("order_id", flat=True)):
        for request in order.requests.filter(state=OrderRequest.State.SENT):
            OrderRequest.objects.filter(pk=request.pk).update(
                state=OrderRequest.State.IN_DOUBT, reason="The broker has not answered."
            )
            if request.kind == OrderRequest.Kind.NEW:
                advance(order, "send_timeout", now=now, source=OrderEvent.Source.DESK, actor=ACTOR)


@transaction.atomic
def _resolve_doubts(connection: str, seen: set[str], now: datetime) -> None:
    """Count the question, and believe "not found" once the protocol allows it."""
    _note_silence(connection, now)
    open_requests = OrderRequest.objects.filter(
        UNANSWERED, connection__name=connection, state=OrderRequest.State.IN_DOUBT
    )
    for order in _lock(open_requests.values_list("order_id", flat=True)):
        for request in order.requests.filter(state=OrderRequest.State.IN_DOUBT):
            if request.cl_ord_id not in seen:
                _not_found(order, request, now)


def _not_found(order: Order, request: OrderRequest, now: datetime) -> None:
    request.queries += 1
    request.save(update_fields=["queries"])
    sent_at = request.sent_at or request.created_at
    if not doubts.is_final(sent_at, request.queries, indexes_our_ids=True, now=now):
        return
    OrderRequest.objects.filter(pk=request.pk).update(
        state=OrderRequest.State.REJECTED, answered_at=now, reason="The broker never had it."
    )
    event = {"NEW": "query_not_found", "CANCEL": "cancel_rej", "REPLACE": "replace_rej"}[request.kind]
    advance(
        order,
        event,
        now=now,
        source=OrderEvent.Source.RECONCILE,
        actor=ACTOR,
        data={"final": True, "cl_ord_id": request.cl_ord_id},
    )
    if request.kind == OrderRequest.Kind.NEW:
        reservations.release(order.pk, now)
    record(
        "order.not_found",
        f"order:{order.pk}",
        {"cl_ord_id": request.cl_ord_id, "queries": request.queries},
        actor=ACTOR,
        at=now,
        account=order.account.code,
        trace_id=order.trace_id,
    )


def _lock(order_ids: Iterable[object]) -> Iterable[Order]:
    locked = Order.objects.select_for_update(of=("self",)).select_related("account")
    return list(locked.filter(pk__in=list(order_ids)).order_by("id"))
