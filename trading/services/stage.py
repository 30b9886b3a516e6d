"""An order comes to be: one transaction under the account's risk lock, or nothing at all.

What is refused by a rule is kept as a DENIED order with its verdict, so that no check leaves no trace.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import ForbiddenError
from allcore.kernel.ids import mint_cl_ord_id
from allcore.kernel.tickets import OrderTicket
from allcore.live import publish_on_commit
from brokers.models import Account
from marketdata.models import Instrument
from risk.models import Reservation, Verdict
from risk.services import gate
from trading.domain.orders import lifecycle
from trading.domain.orders.events import EventKind
from trading.domain.proposals.sentences import sentence
from trading.models import Approval, Mandate, Order, OrderEvent, OrderLeg, OrderRequest, Proposal
from trading.selectors import exposures
from trading.selectors.rows import order_row
from trading.services.ring import ring_on_commit

BLOCKED = (Verdict.Outcome.SOFT_BLOCK, Verdict.Outcome.HARD_BLOCK)


class MandateExceededError(ForbiddenError):
    """The order is larger than what a person signed for."""

    code = "MANDATE_EXCEEDED"


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
    soft_overridden: bool = False  # somebody who may has accepted the soft breaches


@transaction.atomic
def stage(staging: Staging, *, now: datetime) -> Order:
    """Check, reserve, and put the order in the outbox; or keep it as DENIED.

    The account's risk row is locked before the book is read, so that two orders cannot use the same room.
    """
    gate.lock(staging.account, underlying=staging.ticket.underlying)
    request = exposures.gate_request(
        staging.account, staging.ticket, now=now, is_manual=staging.origin != Order.Origin.PROPOSAL
    )
    order_id = uuid.uuid4()
    verdict = gate.admit(request, order_id=order_id, soft_overridden=staging.soft_overridden)
    denied = verdict.outcome == Verdict.Outcome.HARD_BLOCK or (
        verdict.outcome == Verdict.Outcome.SOFT_BLOCK and not staging.soft_overridden
    )
    if staging.mandate is not None and not denied:
        _hold_to(staging.mandate, order_id)
    order = _create(staging, request, verdict, order_id=order_id, denied=denied, now=now)
    if not denied:
        outbox = OrderRequest.objects.create(
            order=order,
            connection=staging.account.connection,
            kind=OrderRequest.Kind.NEW,
            cl_ord_id=order.cl_ord_id,
            created_at=now,
        )
        ring_on_commit(staging.account.connection.name, outbox.pk)
    _record(order, staging, verdict, now)
    publish_on_commit("orders", "order", order_row(order), account=staging.account.code)
    return order


def _create(
    staging: Staging, request: gate.GateRequest, verdict: Verdict, *, order_id: uuid.UUID, denied: bool, now: datetime
) -> Order:
    ticket = staging.ticket
    cl_ord_id = mint_cl_ord_id(f"denied:{order_id}" if denied else staging.key)
    submitted = lifecycle.apply(_blank(cl_ord_id, ticket), lifecycle.Event(EventKind.SUBMIT)).state
    judged = EventKind.RISK_FAIL if denied else EventKind.RISK_PASS
    state = lifecycle.apply(submitted, lifecycle.Event(judged)).state
    steps = ((EventKind.SUBMIT, submitted.status), (judged, state.status))
    approval = None if denied else (staging.approval or _approval(staging, now))
    order = Order.objects.create(
        id=order_id,
        cl_ord_id=cl_ord_id,
        account=staging.account,
        connection=staging.account.connection,
        origin=staging.origin,
        proposal=None if denied else staging.proposal,
        approval=approval,
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
        expire_at=ticket.expire_at,
        trigger=ticket.trigger or "",
        order_qty=ticket.quantity,
        leaves_qty=state.leaves_qty,
        status=state.status,
        fix_ord_status=state.fix_ord_status or "",
        state=state.as_dict(),
        reason=gate.first_reason(verdict) if denied else "",
        arrival=exposures.arrival(request),
        trace_id=staging.trace_id,
        trade_date=new_york_date(request.market.exchange_now),
        staged_at=None if denied else now,
        closed_at=now if denied else None,
        created_at=now,
    )
    _add_legs(order, ticket)
    OrderEvent.objects.bulk_create(
        OrderEvent(
            order=order,
            seq=seq,
            event=event,
            status=status,
            source=OrderEvent.Source.PERSON if event is EventKind.SUBMIT else OrderEvent.Source.DESK,
            actor=staging.actor.name,
            at=now,
        )
        for seq, (event, status) in enumerate(steps, start=1)
    )
    return order


def _hold_to(mandate: Mandate, order_id: uuid.UUID) -> None:
    cash = Reservation.objects.values_list("cash", flat=True).get(order_id=order_id)
    if cash > mandate.max_order_cash:
        raise MandateExceededError(
            f"The order would use ${cash}; the mandate allows ${mandate.max_order_cash} an order. Nothing was sent.",
            cash=cash,
            allowed=mandate.max_order_cash,
        )


def _blank(cl_ord_id: str, ticket: OrderTicket) -> lifecycle.OrderState:
    return lifecycle.OrderState(
        order_qty=ticket.quantity, chain=(cl_ord_id,), price=ticket.limit_price, stop_price=ticket.stop_price
    )


def _add_legs(order: Order, ticket: OrderTicket) -> None:
    ids = dict(Instrument.objects.filter(symbol__in=[leg.symbol for leg in ticket.legs]).values_list("symbol", "id"))
    OrderLeg.objects.bulk_create(
        OrderLeg(
            order=order,
            index=index,
            instrument_id=ids[leg.symbol],
            side=leg.side,
            position_effect=leg.position_effect,
            ratio=leg.ratio,
        )
        for index, leg in enumerate(ticket.legs)
        if leg.symbol in ids  # an unknown instrument was denied; its order keeps the legs that exist
    )


def _approval(staging: Staging, now: datetime) -> Approval:
    return Approval.objects.create(
        kind=staging.approval_kind,
        mandate=staging.mandate,
        user=staging.actor.user,
        content_hash=exposures.ticket_hash(staging.ticket),
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
        },
        actor=staging.actor.name,
        at=now,
        account=staging.account.code,
        trace_id=staging.trace_id,
    )
