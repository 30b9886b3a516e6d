"""The broker's books against ours: missing reports applied, questions answered, differences written down."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from allcore.accounts.actors import desk_name
from allcore.kernel.errors import InvalidInputError, RefusedError
from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import ExecutionReport, MassStatus, OrderReport, uncharged
from brokers.services.connections import mark_reconciled
from trading.domain.orders.events import Alert
from trading.domain.reconcile.doubts import Asked
from trading.domain.reconcile.orders import (
    ENDED,
    OPEN_AT_BROKER,
    Ours,
    agrees,
    is_stale,
    lacks_executions,
    missing_reports,
)
from trading.models import Break, Execution, Order, OrderRequest, Quarantine
from trading.selectors.ended import ended
from trading.services import breaks, doubt, external, gap, inquiries, settle, statements
from trading.services.alerts import tell
from trading.services.quarantine import quarantine

ACTOR = desk_name("reconcile")
LOOK_BACK = timedelta(days=2)
OVERLAP = timedelta(minutes=1)  # with the answer before: two clocks, and a writer that may lag behind its own
UNANSWERED_STATES = (OrderRequest.State.SENT, OrderRequest.State.IN_DOUBT)
Pair = tuple[OrderReport, OrderRequest | None]


@transaction.atomic
def apply(status: MassStatus, *, asked: Asked, now: datetime) -> None:
    """Apply one whole answer of the broker. Doing it twice changes nothing."""
    status = replace(status, orders=tuple(_named(report) for report in status.orders))
    telling = _telling(status)
    pairs = _pairs(status.connection, telling)
    if _take_strangers(status, pairs, now):
        pairs = _pairs(status.connection, telling)
    read = [(theirs, request, None if request is None else _ours(theirs, request)) for theirs, request in pairs]
    told: list[ExecutionReport] = []
    for theirs, _, ours in read:
        told += missing_reports(theirs, ours, connection=status.connection, taken_at=status.taken_at)
    settle.apply_reports(status.connection, [*told, *status.bookings], now=now)
    behind = {request.order_id for theirs, request, ours in read if request and lacks_executions(theirs, ours)}
    _follow_up(status, pairs, behind, now)
    doubt.resolve(status.connection, {report.cl_ord_id for report in status.orders}, asked, now=now)
    breaks.compare(status, now=now)
    breaks.close_settled(status.connection, now=now)
    statements.keep_told(status)
    inquiries.close(status.connection, asked_before=status.taken_at, still_open=behind, now=now)
    mark_reconciled(status.connection, now=now)


def has_questions_due(connection: str, *, now: datetime) -> bool:
    """Return whether the broker should be asked now: about a request without an answer, or an order in question."""
    return doubt.is_due(connection, now=now) or inquiries.is_due(connection, now=now)


def look_back(connection: str, *, now: datetime, told_at: datetime | None = None) -> datetime:
    """Return how far back to ask: two days, or to the oldest request whose outcome is or may yet become known.

    Of a broker that lists what has changed, what did since `told_at`, its last answer that was applied, will do, unless
    something of it was not applied or the books differ.
    """
    back = now - LOOK_BACK
    if told_at is not None and not _is_amiss(connection, back):
        back = max(back, told_at - OVERLAP)
    return min(back, doubt.oldest(connection, now=now))


def _is_amiss(connection: str, since: datetime) -> bool:
    laid_aside = Quarantine.objects.filter(connection__name=connection, resolved_at=None, received_at__gte=since)
    return laid_aside.exists() or Break.objects.filter(account__connection__name=connection, resolved_at=None).exists()


def _named(report: OrderReport) -> OrderReport:
    """Return the order, and what it traded, under its name."""
    if report.cl_ord_id:
        return report
    fills, gone = (tuple(external.named(one) for one in told) for told in (report.fills, report.taken_back))
    return external.named(replace(report, fills=fills, taken_back=gone))


def _telling(status: MassStatus) -> list[OrderReport]:
    """Return the listed orders that may tell anything: of days of orders, those few that did not end alike."""
    ours = ended(status.connection, {report.cl_ord_id for report in status.orders})
    return [report for report in status.orders if not agrees(report, ours.get(report.cl_ord_id))]


def _pairs(connection: str, reports: Sequence[OrderReport]) -> list[Pair]:
    """Return each listed order with our request of that name; an order that is not ours has the broker's name."""
    ids = [report.cl_ord_id for report in reports if report.cl_ord_id]  # most of our own have no other name either
    named = Q(cl_ord_id__in=ids) | Q(kind=OrderRequest.Kind.NEW, orig_cl_ord_id__in=ids)
    rows = OrderRequest.objects.filter(named, connection__name=connection).order_by("id")
    related = rows.select_related("order__account__connection", "guard").prefetch_related(
        "order__executions", "order__requests"
    )
    found = {
        name: row
        for row in related
        for name in (row.cl_ord_id, row.orig_cl_ord_id if row.kind == OrderRequest.Kind.NEW else "")
        if name
    }
    return [(report, found.get(report.cl_ord_id)) for report in reports]


def _ours(theirs: OrderReport, request: OrderRequest) -> Ours:
    order, requests = request.order, list(request.order.requests.all())
    guarded = [r for r in requests if r.guard_id is not None and r.state in ("TO_SEND", "SENT", "IN_DOUBT", "ACKED")]
    newest = guarded[-1] if guarded else None
    live = [execution for execution in order.executions.all() if execution.status == Execution.Status.LIVE]
    unanswered = [r for r in requests if r.kind == OrderRequest.Kind.CANCEL and r.state in UNANSWERED_STATES]
    before = 0 if newest is None else int(newest.terms.get("cum_before", 0))
    # Of an order that was cancelled to be replaced, the list has each part; the last alone says how ours stands.
    is_part = newest is not None and newest.pk != request.pk
    return Ours(
        status=OrdStatus(theirs.status if is_part and theirs.status in ENDED else order.status),
        exec_ids=frozenset(execution.exec_id for execution in order.executions.all()),
        awaits_replace=request.kind == OrderRequest.Kind.REPLACE and request.state in UNANSWERED_STATES,
        cancel_id=unanswered[0].cl_ord_id if unanswered else "",
        cum_qty=None if is_part else order.cum_qty - before,
        live=frozenset(uncharged(execution.exec_id) for execution in live),
        unpaid=frozenset(f"{execution.exec_id}/{execution.leg}" for execution in live if not execution.fee),
    )


def _take_strangers(status: MassStatus, pairs: Iterable[Pair], now: datetime) -> bool:
    """Take in what the list has and we do not; return whether there was any."""
    found = False
    for theirs, request in pairs:
        is_open = OrdStatus(theirs.status) in OPEN_AT_BROKER
        # One that has fills but no terms is made of its fills; one that ended without any left nothing behind.
        if request is not None or not (is_open or (theirs.fills and theirs.ticket is not None)):
            continue
        if theirs.ticket is None and theirs.fills:
            continue
        found = True
        try:
            external.take_listed(status.connection, theirs, now=now)
        except (RefusedError, InvalidInputError) as e:
            quarantine(status.connection, theirs, code=e.code, message=e.message, now=now)
    return found


def _follow_up(status: MassStatus, pairs: Iterable[Pair], behind: set[UUID], now: datetime) -> None:
    """After the reports: sizes of orders not ours, replacements whose cancel is confirmed, executions still owed."""
    orders = {order.pk: order for order in _lock({request.order_id for _, request in pairs if request is not None})}
    for theirs, request in pairs:
        if request is None:
            continue
        order = orders[request.order_id]
        if order.origin == Order.Origin.EXTERNAL and OrdStatus(theirs.status) in OPEN_AT_BROKER:
            external.keep_up(order, theirs, now=now)
        if order.pk in behind:
            if not order.inquiries.filter(why=Alert.EXECUTIONS_MISSING, answered_at=None).exists():
                tell(order, [Alert.EXECUTIONS_MISSING], now=now)
        elif theirs.status == OrdStatus.CANCELED and not is_stale(theirs, _ours(theirs, request)):
            _settle_gap(order, request, now)


def _settle_gap(order: Order, request: OrderRequest, now: datetime) -> None:
    waiting = gap.pending(order)
    guard = None if waiting is None else waiting.guard
    if guard is None or guard.state != OrderRequest.State.ACKED:
        return
    if request.cl_ord_id == guard.orig_cl_ord_id:
        gap.settle(order, now=now)


def _lock(order_ids: Iterable[object]) -> list[Order]:
    locked = Order.objects.select_for_update(of=("self",)).select_related("account__connection")
    return list(locked.filter(pk__in=list(order_ids)).order_by("id"))
