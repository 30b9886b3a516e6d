"""What the broker worker may send, and what became of the sending."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from allcore import rows
from allcore.audit.services import record
from allcore.kernel.clock import seconds_between
from allcore.kernel.tickets import OrderTicket
from brokers.terms import PLAIN, NativeTerms
from risk.services import reservations
from trading.domain.approval import release
from trading.domain.approval.drift import combo_mid
from trading.domain.contingent.native import Listed
from trading.models import Order, OrderEvent, OrderRequest
from trading.selectors import outbox
from trading.selectors.exposures import release_views
from trading.services import gap, together, unchanged, withhold
from trading.services.advance import advance, advance_all
from trading.services.alerts import raise_alert, tell

ACTOR = "desk:broker-worker"
SEND = """
UPDATE order_request SET state = 'SENT', sent_at = %s, lease_epoch = %s WHERE id = ANY(%s) AND state = 'TO_SEND'
RETURNING id
"""
SEND_DEADLINE = timedelta(seconds=10)  # after staging; what waited longer is not what was approved


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to the broker: a NEW has a ticket, a REPLACE a quantity and the new ticket, a CANCEL neither."""

    request_id: int
    cl_ord_id: str
    orig_cl_ord_id: str
    broker_account: str
    ticket: OrderTicket | None = None
    quantity: int | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    listed: Listed | None = None  # it leaves with the others of its list
    native: NativeTerms = PLAIN  # of a NEW: what the broker watches, or works it by


@dataclass(frozen=True, slots=True)
class Claimed:
    """What a claim took from the outbox, and the part of it that is to be sent. A list is there whole, in its order."""

    taken: int
    outbounds: tuple[Outbound, ...]


@transaction.atomic
def claim_batch(connection: str, *, epoch: int, limit: int, now: datetime) -> Claimed:
    """Claim the oldest requests, cancels first; void those that time has spoilt. Commit before anything is sent."""
    picked = outbox.waiting(connection, epoch=epoch, limit=limit, now=now)
    if not picked:
        return Claimed(0, ())
    taken = len(picked)
    picked += outbox.followers(picked)
    # Orders are locked before requests, everywhere: settle does the same.
    orders = outbox.held({waiting.order_id for waiting in picked})
    spoilt = _spoilt({w.order_id: orders[w.order_id] for w in picked if w.kind == OrderRequest.Kind.NEW}, now)
    spoilt |= together.spoilt(picked, spoilt)
    for waiting in picked:
        if waiting.kind == OrderRequest.Kind.NEW and waiting.order_id in spoilt:
            _void(orders[waiting.order_id].order, waiting, spoilt[waiting.order_id], now)
    changes = [waiting for waiting in picked if waiting.kind == OrderRequest.Kind.REPLACE]
    for waiting, why in _spoilt_changes(changes, orders, now):
        _void_change(orders[waiting.order_id].order, waiting, why, now)
    # Whoever decides on a request holds its order's lock: what is still to be sent now is ours.
    ours = {pk for (pk,) in rows.read(SEND, (now, epoch, [waiting.request_id for waiting in picked]))}
    going = [waiting for waiting in picked if waiting.request_id in ours]
    sent = [orders[w.order_id].order for w in going if w.kind == OrderRequest.Kind.NEW]
    advance_all(sent, "send", now=now, source=OrderEvent.Source.DESK, actor=ACTOR)
    return Claimed(taken, tuple(_outbound(waiting, orders[waiting.order_id]) for waiting in going))


def _named(waiting: outbox.Waiting, order: Order) -> str:
    """Return the name by which the broker knows the order now: it may have accepted a replacement since the asking."""
    chain, asked = order.state["chain"], waiting.orig_cl_ord_id
    return str(chain[-1]) if asked in chain[:-1] else asked


def _outbound(waiting: outbox.Waiting, held: outbox.Held) -> Outbound:
    quantity, limit_price, stop_price = (waiting.terms.get(name) for name in ("quantity", "limit_price", "stop_price"))
    return Outbound(
        request_id=waiting.request_id,
        cl_ord_id=waiting.cl_ord_id,
        orig_cl_ord_id=_named(waiting, held.order),
        broker_account=held.order.account.broker_account,
        ticket=None if waiting.kind == OrderRequest.Kind.CANCEL else _ticket(waiting, held),
        quantity=None if quantity is None or waiting.is_guarded else int(str(quantity)),
        limit_price=_decimal(limit_price),
        stop_price=_decimal(stop_price),
        listed=Listed.read(waiting.terms),
        native=_native(waiting),
    )


def _ticket(waiting: outbox.Waiting, held: outbox.Held) -> OrderTicket:
    """Return what a request sends: the new terms, what a held order was released as, or the order as it stands."""
    if waiting.kind == OrderRequest.Kind.REPLACE:
        return gap.under(held.ticket, waiting.terms)
    out = waiting.terms.get("ticket")
    return OrderTicket.from_dict(out) if isinstance(out, dict) else held.ticket


def _native(waiting: outbox.Waiting) -> NativeTerms:
    kept: Any = waiting.terms.get("native")
    return PLAIN if kept is None else NativeTerms.read(kept)


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _spoilt(orders: Mapping[UUID, outbox.Held], now: datetime) -> dict[UUID, str]:
    """Return why orders may not go out any more, of those that may not."""
    views = release_views(orders.values(), now=now)
    reasons = {key: _late(held.order, now) or release.refusal(held.ticket, views[key]) for key, held in orders.items()}
    return {key: reason for key, reason in reasons.items() if reason is not None}


def _spoilt_changes(
    changes: Sequence[outbox.Waiting], orders: Mapping[UUID, outbox.Held], now: datetime
) -> Iterator[tuple[outbox.Waiting, str]]:
    """Yield the replacements that may not go out any more, with the reason. The second half of one is never late."""
    views = release_views([orders[waiting.order_id] for waiting in changes], now=now)
    for waiting in changes:
        late = None if waiting.is_guarded else _waited(waiting.created_at, now)
        ticket, view = _ticket(waiting, orders[waiting.order_id]), views[waiting.order_id]
        # Its limit was approved with it, whatever the mid.
        shown = replace(view, mid_shown=combo_mid(ticket.legs, view.quotes, ticket.price_effect))
        if why := late or release.refusal(ticket, shown):
            yield waiting, why


def _void_change(order: Order, waiting: outbox.Waiting, why: str, now: datetime) -> None:
    if waiting.is_guarded:
        gap.spoil(order, waiting.request_id, why, now=now)
    elif withhold.change(order, waiting.cl_ord_id, why, actor=ACTOR, now=now):
        message = f"The change was not sent: {why} The order works on unchanged."
        raise_alert(order, "CHANGE_NOT_SENT", message[:300], now=now)


def _late(order: Order, now: datetime) -> str | None:
    return _waited(order.staged_at or order.created_at, now)


def _waited(staged_at: datetime, now: datetime) -> str | None:
    if abs(now - staged_at) <= SEND_DEADLINE:  # a clock that was set back says nothing of how long it waited
        return None
    waited = seconds_between(staged_at, now)
    said = f"waited {waited:.0f} s in the outbox" if waited > 0 else f"was staged by a clock {-waited:.0f} s ahead"
    return f"It {said}; what was approved may go out within {SEND_DEADLINE.seconds} s."


def _void(order: Order, waiting: outbox.Waiting, why: str, now: datetime) -> None:
    unsent = OrderRequest.objects.filter(pk=waiting.request_id, state=OrderRequest.State.TO_SEND)
    if not unsent.update(state=OrderRequest.State.VOIDED, reason=why[:300]):
        return  # cancelled while its order's lock was waited for
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
        applied = advance(
            request.order, "send_timeout", now=now, source=OrderEvent.Source.DESK, actor=ACTOR, data={"reason": reason}
        )
        tell(request.order, applied.alerts, now=now)
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
    if gap.refused(request, reason, now=now):
        _record_answer(request, f"order.{request.kind.lower()}_rejected", reason, now)
        return
    applied = advance(
        order,
        event,
        now=now,
        source=OrderEvent.Source.BROKER,
        actor=ACTOR,
        data={"reason": reason, "cl_ord_id": request.cl_ord_id},
    )
    tell(order, applied.alerts, now=now)
    if request.kind == OrderRequest.Kind.NEW:
        reservations.release(order.pk, now)
    if request.kind == OrderRequest.Kind.REPLACE:
        unchanged.give_back(order, request.cl_ord_id)
    _record_answer(request, f"order.{request.kind.lower()}_rejected", reason, now)


def _open_request(request_id: int, states: Sequence[str]) -> OrderRequest | None:
    """Lock the order, then read the request; None if an answer came in between."""
    order_id = OrderRequest.objects.values_list("order_id", flat=True).get(pk=request_id)
    order = outbox.held({order_id})[order_id].order
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
