"""An order comes to be: one transaction under the account's risk lock, or nothing at all.

Everything it is made of is written in one statement: the account is locked meanwhile, and others wait for it.

What is refused by a rule is kept as a DENIED order with its verdict, so that no check leaves no trace.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection, transaction

from allcore import rows
from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.clock import new_york_date
from allcore.kernel.ids import mint_cl_ord_id
from allcore.kernel.orders import OrdStatus
from allcore.kernel.tickets import OrderTicket
from brokers.models import Account
from risk.domain.controls.sizes import opens_with
from risk.models import Verdict
from risk.services import gate
from trading.domain.contingent.judged import judged
from trading.domain.contingent.waits import Wait, approved_hash, expiry_of
from trading.domain.orders import lifecycle
from trading.domain.orders.events import EventKind
from trading.domain.proposals.sentences import sentence
from trading.models import Approval, Mandate, Order, OrderEvent, OrderLeg, OrderRequest, Proposal
from trading.selectors import exposures
from trading.services.contingent import holds
from trading.services.mandates import hold_to
from trading.services.ring import ring_and_tell_on_commit


@dataclass(frozen=True, slots=True)
class Staging:
    """What is to be staged, for whom, and by what right. `key` mints the ClOrdID: the same key is the same order."""

    account: Account
    ticket: OrderTicket
    origin: Order.Origin
    key: str
    actor: Actor
    trace_id: str
    approval_kind: Approval.Kind
    approval: Approval | None = None  # of a proposal: made before
    proposal: Proposal | None = None
    mandate: Mandate | None = None
    accepted: frozenset[str] = frozenset()  # the rules whose soft breaches somebody who may has accepted
    siblings: frozenset[uuid.UUID] = frozenset()  # orders of the same parent: a slice is no duplicate of another
    parent: uuid.UUID | None = None  # the run it is a slice of: what that holds for it does not count against it
    wait: Wait | None = None  # None: it goes out at once, by itself


def stage(staging: Staging, *, now: datetime) -> Order:
    """Check, reserve, and put the order in the outbox; or keep it as DENIED.

    It joins the caller's transaction, without a savepoint: all that can refuse is asked before anything is written.
    """
    if connection.in_atomic_block:
        return _stage(staging, now)
    with transaction.atomic():
        return _stage(staging, now)


def _stage(staging: Staging, now: datetime) -> Order:
    # The account's risk row is locked before the book is read, so that two orders cannot use the same room.
    gate.lock(staging.account, underlying=staging.ticket.underlying)
    request = exposures.gate_request(
        staging.account,
        staging.ticket,
        now=now,
        is_manual=staging.origin != Order.Origin.PROPOSAL,
        exclude_order_id=staging.parent,
    )
    if staging.siblings:
        request = replace(request, recent=tuple(r for r in request.recent if r.order_id not in staging.siblings))
    request = judged(request, staging.wait)
    order_id = uuid.uuid4()
    judgement = gate.judge(request, order_id=order_id, accepted=staging.accepted)
    if judgement.reservation is not None and staging.mandate is not None:
        hold_to(staging.mandate, judgement.reservation.cash)
    order, events = _order(staging, request, judgement, order_id=order_id, now=now)
    outbox = _outbox(order, staging.wait, now) if order.status == OrdStatus.READY else None
    waiting = [] if staging.wait is None or judgement.is_denied else holds.rows_of(order, staging.wait)
    approval = order.approval if staging.approval is None else None
    new = (*judgement.rows, approval, order, *_legs(order, request), *events, outbox, *waiting)
    rows.write(row for row in new if row is not None)
    _record(order, staging, judgement.verdict, now)
    ring_and_tell_on_commit(order, outbox)
    return order


def _order(
    staging: Staging, request: gate.GateRequest, judgement: gate.Judgement, *, order_id: uuid.UUID, now: datetime
) -> tuple[Order, list[OrderEvent]]:
    ticket, verdict, denied = staging.ticket, judgement.verdict, judgement.is_denied
    cl_ord_id = mint_cl_ord_id(f"denied:{order_id}" if denied else staging.key)
    submitted = lifecycle.apply(_blank(cl_ord_id, ticket), lifecycle.Event(EventKind.SUBMIT)).state
    judged_as = EventKind.RISK_FAIL if denied else EventKind.RISK_PASS
    is_held = staging.wait is not None and staging.wait.is_held
    state = lifecycle.apply(submitted, lifecycle.Event(judged_as, is_conditional=is_held)).state
    order = Order(
        id=order_id,
        cl_ord_id=cl_ord_id,
        account=staging.account,
        connection=staging.account.connection,
        origin=staging.origin,
        proposal=None if denied else staging.proposal,
        approval=None if denied else (staging.approval or _approval(staging, now)),
        verdict=verdict,
        underlying=ticket.underlying,
        description=sentence(ticket),
        side=ticket.side,
        ord_type=ticket.ord_type,
        time_in_force=ticket.time_in_force,
        price_effect=ticket.price_effect,
        limit_price=ticket.limit_price,
        stop_price=ticket.stop_price,
        trail_amount=ticket.trail_amount,
        trail_percent=ticket.trail_percent,
        expire_at=expiry_of(ticket, request.market.takes, request.market.exchange_now),
        trigger=ticket.trigger or "",
        order_qty=ticket.quantity,
        unit_notional=None if denied else opens_with(request),
        leaves_qty=state.leaves_qty,
        status=state.status,
        fix_ord_status=state.fix_ord_status or "",
        state=state.as_dict(),
        reason=gate.first_reason(verdict) if denied else "",
        arrival=exposures.arrival(request),
        trace_id=staging.trace_id,
        trade_date=new_york_date(request.market.exchange_now),
        staged_at=now if state.status is OrdStatus.READY else None,
        closed_at=now if denied else None,
        created_at=now,
    )
    first = _event(order, EventKind.SUBMIT, submitted, OrderEvent.Source.PERSON, staging.actor)
    return order, [first, _event(order, judged_as, state, OrderEvent.Source.DESK, staging.actor)]


def _event(
    order: Order, kind: EventKind, state: lifecycle.OrderState, source: OrderEvent.Source, actor: Actor
) -> OrderEvent:
    return OrderEvent(
        order=order,
        seq=state.applied,
        event=kind,
        status=state.status,
        data={"conditional": True} if state.status is OrdStatus.HELD else {},
        source=source,
        actor=actor.name,
        at=order.created_at,
    )


def _outbox(order: Order, wait: Wait | None, now: datetime) -> OrderRequest:
    return OrderRequest(
        order=order,
        account=order.account,
        connection=order.connection,
        kind=OrderRequest.Kind.NEW,
        cl_ord_id=order.cl_ord_id,
        terms={} if wait is None else wait.request_terms,
        created_at=now,
    )


def _blank(cl_ord_id: str, ticket: OrderTicket) -> lifecycle.OrderState:
    return lifecycle.OrderState(
        order_qty=ticket.quantity, chain=(cl_ord_id,), price=ticket.limit_price, stop_price=ticket.stop_price
    )


def _legs(order: Order, request: gate.GateRequest) -> list[OrderLeg]:
    ids = {symbol: listing.instrument_id for symbol, listing in request.market.listings.items()}
    return [
        OrderLeg(
            order=order,
            index=index,
            instrument_id=key,
            side=leg.side,
            position_effect=leg.position_effect,
            ratio=leg.ratio,
        )
        for index, leg in enumerate(request.ticket.legs)
        if (key := ids.get(leg.symbol)) is not None  # an unknown one was denied; its order keeps the legs that exist
    ]


def _approval(staging: Staging, now: datetime) -> Approval:
    return Approval(
        kind=staging.approval_kind,
        mandate=staging.mandate,
        user=staging.actor.user,
        content_hash=approved_hash(staging.ticket, staging.wait),
        evidence=staging.actor.evidence,
        approved_at=now,
    )


def _record(order: Order, staging: Staging, verdict: Verdict, now: datetime) -> None:
    record(
        "order.denied" if order.status == "DENIED" else "order.staged",
        f"order:{order.pk}",
        {
            "cl_ord_id": order.cl_ord_id,
            "ticket": staging.ticket.as_dict(),
            "verdict": str(verdict.pk),
            "outcome": verdict.outcome,
            "approval": order.approval_id,
            "proposal": None if staging.proposal is None else str(staging.proposal.pk),
            **({} if staging.wait is None else staging.wait.request_terms),
        },
        actor=staging.actor.name,
        at=now,
        account=staging.account.code,
        trace_id=staging.trace_id,
    )
