"""A person or a script sends, changes or takes back an order."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.errors import ConflictError, InvalidInputError, NotFoundError
from allcore.kernel.ids import mint_cl_ord_id
from allcore.kernel.orders import CLOSED_STATUSES, OrdStatus
from allcore.kernel.tickets import OrderTicket
from brokers.models import Account
from brokers.selectors.capabilities import capabilities_of
from risk.domain.permissions import Action
from risk.selectors.permissions import require
from risk.services import gate, reservations
from trading.domain import tickets
from trading.domain.contingent.judged import judged
from trading.domain.contingent.waits import Wait
from trading.domain.orders.terms import NewTerms as NewTerms  # noqa: PLC0414 callers say submit.NewTerms; mypy asks for this form
from trading.domain.orders.terms import changed
from trading.models import Approval, ExternalOrder, Order, OrderEvent, OrderRequest
from trading.selectors import exposures, opening, senders
from trading.selectors.tickets import ticket_of
from trading.services import gap, overrides, unchanged, withhold
from trading.services.advance import advance
from trading.services.contingent import holds
from trading.services.mandates import keep_within, right_of, right_to_send
from trading.services.ring import ring_on_commit
from trading.services.stage import Staging, stage


class OrderClosedError(ConflictError):
    """The order can no longer be changed or cancelled."""

    code = "ORDER_CLOSED"


class NotReplaceableError(ConflictError):
    """The broker, or the desk, does not change such an order."""

    code = "NOT_REPLACEABLE"


class RiskDeniedError(ConflictError):
    """A rule refused the order; `detail` lists each that did."""

    code = "RISK_DENIED"


def place(*, draft: Mapping[str, Any], actor: Actor, key: str, trace_id: str, now: datetime) -> Order:
    """Stage an order that a person sends by their own ticket, or a script by a signed mandate.

    Raises:
        UnknownInstrumentError, InvalidTicketError: the draft is no ticket.
        InvalidConditionError, NotKeptError, NotWorkedError: as `opening.prepared`.
        NotFoundError: there is no such account, or it is not theirs to see.
        ForbiddenError: they may not send orders on it.
        OverrideRefusedError: the override it names lifts nothing from it.
    """
    sender = senders.sender_of(actor.user, draft["account"], [leg["symbol"] for leg in draft["legs"]], now=now)
    if sender is None:
        raise NotFoundError(f"There is no account {draft['account']}.", account=draft["account"])
    account = sender.account
    require(actor.user, Action.SEND_ORDER, account)
    ticket, wait = opening.prepared(account, tickets.complete(draft, sender.multipliers), draft, now=now)
    right = right_to_send(account, actor, sender.mandate)
    staging = Staging(
        account=account,
        ticket=ticket,
        origin=Order.Origin.TICKET if actor.via == "session" else Order.Origin.API,
        key=key,
        actor=actor,
        trace_id=trace_id,
        approval_kind=Approval.Kind.MANDATE if right is not None else Approval.Kind.TICKET,
        mandate=right,
        wait=wait,
    )
    named: UUID | None = draft.get("override")
    return stage(staging, now=now) if named is None else overrides.staged(staging, named, now=now)


@transaction.atomic
def cancel(*, order_id: UUID, actor: Actor, now: datetime) -> Order:
    """Ask for the order's cancellation. It is never held back by risk; asking twice is asking once.

    Raises:
        OrderClosedError: there is nothing left to cancel.
    """
    order = locked(order_id)
    require(actor.user, Action.CANCEL_ORDER, order.account)
    return cancel_locked(order, actor=actor.name, reason="asked for", now=now)


def cancel_locked(order: Order, *, actor: str, reason: str, now: datetime) -> Order:
    """Cancel an order whose row the caller has locked."""
    if OrdStatus(order.status) in CLOSED_STATUSES:
        raise OrderClosedError(
            f"The order is {order.status.lower()} already; nothing was cancelled.", order_id=order.pk
        )
    if order.status == OrdStatus.HELD:
        _abandon(order, actor, reason, now)
        holds.end(order, reason, now)
        _record(order, "order.cancel_requested", {"reason": reason}, actor, now)
        return order
    asked = order.requests.filter(kind="CANCEL", state__in=["TO_SEND", "SENT", "IN_DOUBT"])
    if asked.filter(Q(guarded=None) | ~Q(guarded__state="WAITING")).exists():
        return order
    if gap.abandon(order, actor=actor, reason=reason, now=now):
        _record(order, "order.cancel_requested", {"reason": reason}, actor, now)
        return order
    withhold.changes(order, reason, actor=actor, now=now)
    unsent = OrderRequest.objects.filter(order=order, kind="NEW", state="TO_SEND")
    if unsent.update(state=OrderRequest.State.VOIDED, reason=reason):
        _abandon(order, actor, reason, now)
    else:
        outbox = _request(order, OrderRequest.Kind.CANCEL, {}, now)
        seen = {"reason": reason, "cl_ord_id": outbox.cl_ord_id}
        advance(order, "cancel_req", now=now, source=OrderEvent.Source.PERSON, actor=actor, data=seen)
    _record(order, "order.cancel_requested", {"reason": reason}, actor, now)
    return order


def _abandon(order: Order, actor: str, reason: str, now: datetime) -> None:
    """Drop what has not left yet: no broker knows it."""
    order.reason = f"Cancelled before it was sent: {reason}"[:300]
    advance(order, "local_cancel", now=now, source=OrderEvent.Source.PERSON, actor=actor)
    reservations.release(order.pk, now)


@transaction.atomic
def replace(*, order_id: UUID, terms: NewTerms, actor: Actor, now: datetime) -> Order:
    """Ask for other terms. The whole new order is checked as if it were alone, without what it replaces.

    Raises:
        OrderClosedError: there is nothing left to replace.
        NotReplaceableError, ReplacementUnderWayError: not such an order, or not yet.
        InvalidInputError: nothing changes.
        RiskDeniedError: the new terms break a rule; the order works on unchanged.
        NoMandateError, MandateExceededError: nobody signed for what a script asks; it works on unchanged.
    """
    account, underlying = account_of(order_id)
    gate.lock(account, underlying=underlying)
    order = locked(order_id)
    require(actor.user, Action.SEND_ORDER, order.account)
    ensure_replaceable(order)
    old = ticket_of(order)
    new = changed(old, terms)
    if new == old and not order.requests.filter(kind="REPLACE", state__in=["TO_SEND", "SENT", "IN_DOUBT"]).exists():
        raise InvalidInputError("Nothing changes: give another price or quantity.", order_id=order.pk)
    right = right_of(order, new, actor, now)
    replace_locked(order, new, actor=actor.name, now=now, wait=holds.place_of(order))
    keep_within(right, order)
    return order


def ensure_replaceable(order: Order) -> None:
    """Pass if the order works, or is about to.

    Raises:
        OrderClosedError: there is nothing left to replace.
    """
    if OrdStatus(order.status) in CLOSED_STATUSES | {OrdStatus.IN_DOUBT, OrdStatus.HELD}:
        raise OrderClosedError(f"The order is {order.status.lower()}; it was not changed.", order_id=order.pk)


def replace_locked(
    order: Order,
    ticket: OrderTicket,
    *,
    actor: str,
    now: datetime,
    wait: Wait | None = None,
    accepted: frozenset[str] | None = None,
) -> Order:
    """Ask for the ticket in the order's place; the caller has locked the account, then the order's row.

    `accepted` are the rules whose soft blocks a proposal's approval accepted; None: the numbers are a person's own.

    Raises:
        RiskDeniedError: the new terms break a rule; the order works on unchanged.
    """
    how = _how_to_replace(order)
    request = exposures.gate_request(
        order.account, ticket, now=now, is_manual=accepted is None, exclude_order_id=order.pk, filled=order.cum_qty
    )
    request, had = judged(request, wait), unchanged.reserved(order)
    verdict = gate.readmit(request, order_id=order.pk, accepted=accepted or frozenset())
    if gate.is_refused(verdict, accepted or frozenset()):
        raise RiskDeniedError(
            f"The new terms are denied: {gate.first_reason(verdict)} The order works on unchanged.",
            checks=gate.failures(verdict),
        )
    new: dict[str, object] = {
        "quantity": ticket.quantity,
        "limit_price": None if ticket.limit_price is None else str(ticket.limit_price),
        "stop_price": None if ticket.stop_price is None else str(ticket.stop_price),
    }
    outbox = _request(order, OrderRequest.Kind.REPLACE, new | had, now)
    if how == "CANCEL_NEW":
        gap.guard(order, outbox, now=now)
    advance(
        order,
        "replace_req",
        now=now,
        source=OrderEvent.Source.PERSON,
        actor=actor,
        data={
            "cl_ord_id": outbox.cl_ord_id,
            "qty": ticket.quantity,
            "px": None if order.limit_price is None else new["limit_price"],  # a released stop has none of its own
            "stop_px": new["stop_price"],
        },
    )
    _record(order, "order.replace_requested", {"cl_ord_id": outbox.cl_ord_id, **new}, actor, now)
    return order


def _how_to_replace(order: Order) -> str:
    how = capabilities_of(order.connection.broker).replace
    if how == "NONE":
        raise NotReplaceableError(
            f"The broker {order.connection.broker} changes no working order; cancel it and send a new one. "
            "It was not changed.",
            order_id=order.pk,
        )
    if order.origin == Order.Origin.EXTERNAL and order.external.state != ExternalOrder.State.ADOPTED:
        raise NotReplaceableError(
            "The order is not from this desk; adopt it before you change it. It was not changed.", order_id=order.pk
        )
    if gap.pending(order) is not None:
        raise gap.ReplacementUnderWayError(
            "The last change is not through at the broker yet; nothing more was sent.", order_id=order.pk
        )
    return str(how)


def locked(order_id: UUID) -> Order:
    """Return the order, its row locked for the rest of the transaction.

    Raises:
        NotFoundError: there is no such order.
    """
    query = Order.objects.select_for_update(of=("self",)).select_related("account__connection")
    order = query.filter(pk=order_id).first()
    if order is None:
        raise NotFoundError(f"There is no order {order_id}.", order_id=order_id)
    return order


def account_of(order_id: UUID) -> tuple[Account, str]:
    """Return whose order it is, and in what name, for `gate.lock`.

    Raises:
        NotFoundError: there is no such order.
    """
    order = Order.objects.select_related("account__connection").filter(pk=order_id).first()
    if order is None:
        raise NotFoundError(f"There is no order {order_id}.", order_id=order_id)
    return order.account, order.underlying


def _request(order: Order, kind: OrderRequest.Kind, terms: dict[str, object], now: datetime) -> OrderRequest:
    count = order.requests.count()
    outbox = OrderRequest.objects.create(
        order=order,
        account=order.account,
        connection=order.connection,
        kind=kind,
        cl_ord_id=mint_cl_ord_id(f"{order.pk}:{kind}:{count}"),
        orig_cl_ord_id=_known_as(order),
        terms=terms,
        created_at=now,
    )
    ring_on_commit(order.connection.name, outbox.pk)
    return outbox


def _known_as(order: Order) -> str:
    """Return the name under which the broker has the order: that of the newest request it accepted, or its own."""
    sent = Q(state="ACKED") | Q(guard__isnull=False, state__in=["SENT", "IN_DOUBT"])
    newest = order.requests.filter(sent, kind__in=["NEW", "REPLACE"]).order_by("-id").first()
    if newest is None:
        return order.cl_ord_id
    return newest.orig_cl_ord_id if newest.kind == "NEW" and newest.orig_cl_ord_id else newest.cl_ord_id


def _record(order: Order, action: str, payload: dict[str, object], actor: str, now: datetime) -> None:
    record(
        action, f"order:{order.pk}", payload, actor=actor, at=now, account=order.account.code, trace_id=order.trace_id
    )
