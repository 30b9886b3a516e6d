"""Requests that the broker has not answered: asked about, never sent again, and given up only by the protocol."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from allcore.accounts.actors import desk_name
from allcore.audit.services import record
from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus
from risk.services import reservations
from trading.domain.reconcile import doubts
from trading.domain.reconcile.doubts import Asked
from trading.models import Order, OrderEvent, OrderRequest
from trading.services import breaks, gap, unchanged
from trading.services.advance import advance
from trading.services.alerts import raise_alert, tell

ACTOR = desk_name("reconcile")
UNRESOLVED = breaks.IN_DOUBT_UNRESOLVED
NEVER_HAD_IT = "The broker never had it."
LONGEST_LISTENING = timedelta(days=7)  # no two sessions lie further apart
State = OrderRequest.State


def is_due(connection: str, *, now: datetime) -> bool:
    """Return whether a request without an answer is due for a question, noting the newly doubtful."""
    _note_silence(connection, now)
    columns = ("sent_at", "queries", "last_query_at")
    rows = _in_doubt(connection).values_list(*columns)
    due = (doubts.next_query_at(sent, queries, last) for sent, queries, last in rows if sent is not None)
    return any(at is not None and at <= now for at in due)


def oldest(connection: str, *, now: datetime) -> datetime:
    """Return when the oldest request was sent that is in doubt, or was not found and may yet turn up."""
    sent = list(_in_doubt(connection).values_list("sent_at", flat=True))
    lately = OrderRequest.objects.filter(
        connection__name=connection, state=State.REJECTED, reason=NEVER_HAD_IT, answered_at__gt=now - LONGEST_LISTENING
    )
    sent += [at for at in lately.values_list("sent_at", flat=True) if at is not None and doubts.listen_until(at) > now]
    return min((at for at in sent if at is not None), default=now)


@transaction.atomic
def resolve(connection: str, seen: set[str], asked: Asked, *, now: datetime) -> None:
    """Count the question, and believe "not found" once the protocol allows it."""
    _note_silence(connection, now)
    for order in _lock(_in_doubt(connection).values_list("order_id", flat=True)):
        for request in order.requests.filter(state=State.IN_DOUBT).order_by("id"):
            is_moot = request.kind == OrderRequest.Kind.CANCEL or request.cl_ord_id in seen
            if is_moot and OrdStatus(order.status) in CLOSED_STATUSES:
                # Its own answer was lost and the order's end came by another: the broker has nothing more to say of it.
                _answer(request, State.ACKED, "The order is closed.", now)
            elif request.cl_ord_id not in seen:
                _missing(order, request, asked, now)


def give_up(order: Order, request: OrderRequest, *, actor: str, reason: str, now: datetime) -> None:
    """Take it that the broker never had the request: by the protocol, or because a person says so."""
    _answer(request, State.REJECTED, NEVER_HAD_IT, now)
    data = {"final": True, "cl_ord_id": request.cl_ord_id, "reason": reason}
    if request.guard_id is not None:
        gap.lost(order, request, "The broker never had it.", now=now)
    else:
        event = {"NEW": "query_not_found", "CANCEL": "cancel_rej", "REPLACE": "replace_rej"}[request.kind]
        applied = advance(order, event, now=now, source=OrderEvent.Source.RECONCILE, actor=actor, data=data)
        tell(order, applied.alerts, now=now)
    if request.kind == OrderRequest.Kind.NEW:
        reservations.release(order.pk, now)
    elif request.kind == OrderRequest.Kind.REPLACE:
        unchanged.give_back(order, request.cl_ord_id)
    seen = {"cl_ord_id": request.cl_ord_id, "queries": request.queries, "reason": reason}
    record(
        "order.not_found",
        f"order:{order.pk}",
        seen,
        actor=actor,
        at=now,
        account=order.account.code,
        trace_id=order.trace_id,
    )
    breaks.close_for_order(order, UNRESOLVED, "It is known what became of it.", now=now)


def _in_doubt(connection: str) -> QuerySet[OrderRequest]:
    return OrderRequest.objects.filter(connection__name=connection, state=State.IN_DOUBT)


@transaction.atomic
def _note_silence(connection: str, now: datetime) -> None:
    """Put in doubt what was sent and not answered in time, a crash between claim and answer included."""
    silent = OrderRequest.objects.filter(
        connection__name=connection, state=State.SENT, sent_at__lt=now - doubts.ANSWER_EXPECTED
    )
    for order in _lock(silent.values_list("order_id", flat=True)):
        for request in order.requests.filter(state=State.SENT, sent_at__lt=now - doubts.ANSWER_EXPECTED):
            OrderRequest.objects.filter(pk=request.pk).update(
                state=State.IN_DOUBT, reason="The broker has not answered."
            )
            if request.kind == OrderRequest.Kind.NEW:
                applied = advance(order, "send_timeout", now=now, source=OrderEvent.Source.DESK, actor=ACTOR)
                tell(order, applied.alerts, now=now)


def _missing(order: Order, request: OrderRequest, asked: Asked, now: datetime) -> None:
    sent_at = request.sent_at or request.created_at
    if not doubts.counts(asked, sent_at):
        return
    request.queries += 1
    request.first_query_at = request.first_query_at or now
    request.last_query_at = now
    request.save(update_fields=["queries", "first_query_at", "last_query_at"])
    since = request.first_query_at
    if doubts.is_final(since, request.queries, indexes_our_ids=asked.indexes_our_ids, now=now):
        give_up(order, request, actor=ACTOR, reason="Asked until it was certain, the broker does not know it.", now=now)
    elif doubts.has_asked_enough(since, request.queries, now=now) or now - sent_at > doubts.ASK_FOR:
        _put_before_a_person(order, request, now)


def _put_before_a_person(order: Order, request: OrderRequest, now: datetime) -> None:
    """The broker cannot tell whether it had the request by our id: a person looks at the broker's own screen."""
    if order.breaks.filter(code=UNRESOLVED, resolved_at=None).exists():
        return
    what = f"{request.kind.lower()} {request.cl_ord_id}"
    raise_alert(
        order, UNRESOLVED, f"Nobody can tell by itself whether the broker has {what}; a person decides.", now=now
    )
    breaks.open_for_order(order, UNRESOLVED, (f"sent {what}", "does not list it"), halts=True, now=now)


def _answer(request: OrderRequest, state: OrderRequest.State, reason: str, now: datetime) -> None:
    request.state, request.reason, request.answered_at = state, reason, now
    request.save(update_fields=["state", "reason", "answered_at"])


def _lock(order_ids: Iterable[UUID]) -> list[Order]:
    locked = Order.objects.select_for_update(of=("self",)).select_related("account__connection")
    return list(locked.filter(pk__in=list(order_ids)).order_by("id"))
