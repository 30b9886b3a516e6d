"""A run comes to be: checked whole, its worst case reserved, the row, the audit entry; all or nothing."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from math import gcd
from typing import Any

from allcore import rows
from allcore.accounts.actors import Actor
from allcore.kernel.money import ceil_to_tick
from allcore.kernel.orders import PriceEffect
from allcore.kernel.tickets import OrderTicket, natural_effect
from allcore.live import publish_on_commit
from brokers.models import Account
from marketdata.selectors import instruments
from risk.domain.market import MarketView
from risk.domain.permissions import Action
from risk.domain.prices import natural
from risk.selectors.permissions import require
from risk.services import gate
from trading.domain.algos import codec
from trading.domain.algos.parameters import Algo, LeggingParameters, Parameters
from trading.domain.algos.prices import tick_at
from trading.domain.proposals.sentences import sentence
from trading.models import AlgoRun, Approval, Mandate, Order, Proposal
from trading.selectors import exposures
from trading.selectors.algo_rows import run_row
from trading.services import elections
from trading.services.algos.run import tell_audit
from trading.services.algos.terms import rule_of
from trading.services.elections import Wish
from trading.services.submit import RiskDeniedError


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a run is made of, measured and chosen but not checked."""

    account: Account
    mandate: Mandate | None
    ticket: OrderTicket
    algo: Algo
    parameters: Parameters
    choice: dict[str, Any]
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Cause:
    """By what right it runs, and for whom. `accepted`: the rules whose soft blocks the proposal's approver accepted.

    `lots` are those that it closes first.
    """

    run_id: uuid.UUID
    origin: Order.Origin
    approval: Approval
    actor: Actor
    trace_id: str
    proposal: Proposal | None = None
    accepted: tuple[str, ...] = ()
    lots: tuple[Wish, ...] = ()


def judged(
    plan: Plan, request: gate.GateRequest, *, run_id: uuid.UUID, accepted: frozenset[str] = frozenset()
) -> gate.Judgement:
    """Ask every control about the whole, and about each half-done structure that legging would pass through.

    The caller has locked the account.

    Raises:
        RiskDeniedError: a rule refuses it.
    """
    judgement = _passed(replace(request, is_sliced=True), run_id, "The whole order", accepted=accepted)
    if isinstance(plan.parameters, LeggingParameters):
        for count in range(1, len(plan.ticket.legs)):
            half = _half_done(plan, plan.parameters.order[:count], request.market)
            asked = exposures.gate_request(plan.account, half, now=request.market.now, is_manual=request.is_manual)
            _passed(replace(asked, is_sliced=True), run_id, "Half done, it", accepted=accepted)
    return judgement


def _passed(request: gate.GateRequest, run_id: uuid.UUID, what: str, *, accepted: frozenset[str]) -> gate.Judgement:
    judgement = gate.judge(request, order_id=run_id, accepted=accepted)
    if judgement.is_denied:
        raise RiskDeniedError(
            f"{what} is denied: {gate.first_reason(judgement.verdict)} Nothing was started.",
            checks=gate.failures(judgement.verdict),
        )
    return judgement


def _half_done(plan: Plan, order: tuple[int, ...], market: MarketView) -> OrderTicket:
    """Return the position that the first legs alone would make, at what they cost at once: no order has a price yet."""
    legs = tuple(plan.ticket.legs[index] for index in order)
    common = gcd(*(leg.ratio for leg in legs))
    half = replace(
        plan.ticket,
        legs=tuple(replace(leg, ratio=leg.ratio // common) for leg in legs),
        quantity=plan.ticket.quantity * common,
        price_effect=plan.ticket.price_effect if len(legs) > 1 else natural_effect(legs[0].side),
    )
    tick_rule = rule_of(half, {symbol: listing.tick_rule for symbol, listing in market.listings.items()})
    cost = natural(half, market.quotes)
    cost = ceil_to_tick(cost, tick_at(tick_rule, cost))
    effect = PriceEffect.DEBIT if cost > 0 else PriceEffect.CREDIT if cost < 0 else half.price_effect
    return replace(half, price_effect=effect, limit_price=abs(cost))


def begin(plan: Plan, judgement: gate.Judgement, cause: Cause, *, now: datetime) -> AlgoRun:
    """Write the run with its verdict and what is reserved for it, and tell the browsers once it is committed.

    Raises:
        NoSuchLotError: a lot that is named cannot be closed by it.
        ForbiddenError: who names lots may not send orders on the account.
    """
    actor = cause.actor
    if cause.lots:
        require(actor.user, Action.SEND_ORDER, plan.account)
        elections.chosen(_closing(plan), cause.lots)
    rows.write(judgement.rows)
    run = AlgoRun.objects.create(
        id=cause.run_id,
        account=plan.account,
        underlying=plan.ticket.underlying,
        description=sentence(plan.ticket),
        ticket=plan.ticket.as_dict(),
        algo=plan.algo,
        parameters=codec.encode(plan.parameters),
        choice=plan.choice,
        seed=uuid.uuid4().hex,
        origin=cause.origin,
        started_by=actor.user,
        started_via=actor.evidence,
        approval=cause.approval,
        proposal=cause.proposal,
        accepted=list(cause.accepted),
        lots=[[wish.leg, wish.lot, wish.qty] for wish in cause.lots],
        mandate=plan.mandate,
        verdict=judgement.verdict,
        quantity=plan.ticket.quantity,
        trace_id=cause.trace_id,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        created_at=now,
    )
    seen = {"algo": run.algo, "ticket": run.ticket, "parameters": run.parameters, "ends_at": plan.ends_at.isoformat()}
    proposed = None if cause.proposal is None else str(cause.proposal.pk)
    more = {
        "choice": run.choice,
        "seed": run.seed,
        "proposal": proposed,
        "approval": cause.approval.pk,
        "lots": run.lots,
    }
    tell_audit(run, "algo.started", {**seen, **more}, actor=actor.name, now=now)
    publish_on_commit("algos", "algo", run_row(run), account=plan.account.code)
    return run


def _closing(plan: Plan) -> elections.Closing:
    ids = {symbol: row.pk for symbol, row in instruments.by_symbol([leg.symbol for leg in plan.ticket.legs]).items()}
    legs = {n: (ids[leg.symbol], str(leg.side), leg.ratio) for n, leg in enumerate(plan.ticket.legs)}
    return elections.Closing(plan.account, plan.ticket.quantity, legs)
