"""What the broker worker may send, and what became of the sending."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from allcore.audit.services import record
from allcore.kernel.clock import seconds_between
from allcore.kernel.tickets import OrderTicket
from brokers.selectors.connections import holds_lease
from risk.services import reservations
from trading.domain.approval import release
from trading.models import Order, OrderEvent, OrderRequest
from trading.selectors.exposures import release_view
from trading.selectors.tickets import wire_of
from trading.services.advance import advance

ACTOR = "desk:broker-worker"
SEND_DEADLINE = timedelta(seconds=10)  # after staging; what waited longer is not what was approved


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to the broker: a NEW has a ticket, a REPLACE a quantity, a CANCEL neither."""

    request_id: int
    cl_ord_id: str
    orig_cl_ord_id: str
    broker_account: str
    ticket: OrderTicket | None = None
    quantity: int | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim took from the outbox, and the part of it that is to be sent."""

    taken: int
    outbounds: tuple[Outbound, ...]


@transaction.atomic
def claim_batch(connection: str, *, epoch: int, limit: int, now: datetime) -> Claimed:
    """Claim the oldest requests, cancels first; void those that time has spoilt. Commit before anything is sent."""
    if not holds_lease(connection, epoch=epoch, now=now):
        return Claimed(0, ())
    # Orders are locked before requests, everywhere: settle does the same.
    waiting = OrderRequest.objects.filter(connection__name=connection, state=OrderRequest.State.TO_SEND)
    # "CANCEL" sorts before "NEW" and "REPLACE": whatever waits, cancels go first.
    picked = list(waiting.order_by("kind", "id").values_list("id", "order_id")[:limit])
    orders = _locked({order_id for _, order_id in picked})
    requests = {r.pk: r for r in waiting.filter(pk__in=[pk for pk, _ in picked])}
    claimed = [
        outbound
        for pk, order_id in picked
        if pk in requests and (outbound := _claim(orders[order_id], requests[pk], epoch, now))
    ]
    return Claimed(len(picked), tuple(claimed))


def _locked(order_ids: set[UUID]) -> dict[UUID, Order]:
    query = Order.objects.select_for_update(of=("self",)).select_related("account__connection")
    return {
        order.pk: order for order in query.prefetch_related("legs__instrument").filter(pk__in=order_ids).order_by("id")
    }


def _claim(order: Order, request: OrderRequest, epoch: int, now: datetime) -> Outbound | None:
    ticket = wire_of(order, request.terms) if request.kind == OrderRequest.Kind.NEW else None
    if ticket is not None and (spoilt := _spoilt(order, ticket, now)):
        _void(order, request, spoilt, now)
        return None
    sent = OrderRequest.objects.filter(pk=request.pk, state=OrderRequest.State.TO_SEND).update(
        state=OrderRequest.State.SENT, sent_at=now, lease_epoch=epoch
    )
    if sent != 1:
        return None
    if ticket is not None:
        advance(order, "send", now=now, source=OrderEvent.Source.DESK, actor=ACTOR)
    return Outbound(
        request_id=request.pk,
        cl_ord_id=request.cl_ord_id,
        orig_cl_ord_id=request.orig_cl_ord_id,
        broker_account=order.account.broker_account,
        ticket=ticket,
        quantity=request.terms.get("quantity"),
        limit_price=_decimal(request.terms.get("limit_price")),
        stop_price=_decimal(request.terms.get("stop_price")),
    )


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _spoilt(order: Order, ticket: OrderTicket, now: datetime) -> str | None:
    """Return why the order may not go out any more, or None."""
    staged_at = order.staged_at or order.created_at
    if now - staged_at > SEND_DEADLINE:
        waited = seconds_between(staged_at, now)
        return f"It waited {waited:.0f} s in the outbox; what was approved may go out within {SEND_DEADLINE.seconds} s."
    return release.refusal(ticket, release_view(order, ticket, now=now))


def _void(order: Order, request: OrderRequest, why: str, now: datetime) -> None:
    OrderRequest.objects.filter(pk=request.pk, state=OrderRequest.State.TO_SEND).update(
        state=OrderRequest.State.VOIDED, reason=why[:300]
    )
    order.reason = why[:300]
    advance(order, "local_cancel", now=now, source=OrderEvent.Source.DESK, actor=ACTOR, data={"reason": why})
    reservations.release(order.pk, now)
    record(
        "order.voided",
        f"order:{order.pk}",
        {"cl_ord_id": order.cl_ord_id, "reason": why},
        actor=ACTOR,
        at=now,
        account=order.account.code,
        trace_id=order.trace_id,
    )


@transaction.atomic
def in_doubt(request_id: int, *, reason: str, now: datetime) -> None:
    """Note that nobody knows whether the broker has it. The exposure stays reserved."""
    request = _open_request(request_id, (OrderRequest.State.SENT,))
    if request is None:
        return
    OrderRequest.objects.filter(pk=request.pk).update(state=OrderRequest.State.IN_DOUBT, reason=reason)
    if request.kind == OrderRequest.Kind.NEW:
        advance(
            request.order, "send_timeout", now=now, source=OrderEvent.Source.DESK, actor=ACTOR, data={"reason": reason}
        )
    _record_answer(request, "order.in_doubt", reason, now)


@transaction.atomic
def refused_at_the_door(request_id: int, *, reason: str, now: datetime) -> None:
    """Note a plain no that came instead of an acceptance: the broker has nothing."""
    request = _open_request(request_id, (OrderRequest.State.SENT, OrderRequest.State.IN_DOUBT))
    if request is None:
        return
    OrderRequest.objects.filter(pk=request.pk).update(
        state=OrderRequest.State.REJECTED, reason=reason[:300], answered_at=now
    )
    event = {"NEW": "reject", "CANCEL": "cancel_rej", "REPLACE": "replace_rej"}[request.kind]
    order = request.order
    if request.kind == OrderRequest.Kind.NEW:
        order.reason = reason[:300]
    advance(
        order,
        event,
        now=now,
        source=OrderEvent.Source.BROKER,
        actor=ACTOR,
        data={"reason": reason, "cl_ord_id": request.cl_ord_id},
    )
    if request.kind == OrderRequest.Kind.NEW:
        reservations.release(order.pk, now)
    _record_answer(request, f"order.{request.kind.lower()}_rejected", reason, now)


def _open_request(request_id: int, states: Sequence[str]) -> OrderRequest | None:
    """Lock the order, then read the request; None if an answer came in between."""
    order_id = OrderRequest.objects.values_list("order_id", flat=True).get(pk=request_id)
    order = _locked({order_id})[order_id]
    request = OrderRequest.objects.get(pk=request_id)
    request.order = order
    return request if request.state in states else None


def _record_answer(request: OrderRequest, action: str, reason: str, now: datetime) -> None:
    order = request.order
    record(
        action,
        f"order:{order.pk}",
        {"cl_ord_id": request.cl_ord_id, "kind": request.kind, "reason": reason},
        actor=ACTOR,
        at=now,
        account=order.account.code,
        trace_id=order.trace_id,
    )
