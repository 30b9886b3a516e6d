"""A person, or a script under a mandate, starts a run: the whole is checked and approved before anything is sent."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.kernel.calendar import session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import InvalidInputError, NotFoundError
from allcore.kernel.orders import OrdType, TimeInForce
from allcore.kernel.tickets import OrderTicket, content_hash, natural_effect
from allcore.live import publish_on_commit
from brokers.models import Account
from marketdata.models import Instrument
from marketdata.selectors import chains, instruments, quotes
from marketdata.selectors.clock import exchange_now
from risk.domain.permissions import Action
from risk.domain.verdict import Assessment, Outcome
from risk.models import Verdict
from risk.selectors.permissions import require
from risk.services import gate
from trading.domain import tickets
from trading.domain.algos import choice, codec
from trading.domain.algos.parameters import Algo, LeggingParameters, Parameters, read
from trading.domain.algos.sight import look, moment
from trading.domain.proposals.sentences import sentence
from trading.models import AlgoRun, Approval, Mandate, Order
from trading.selectors import exposures, senders
from trading.selectors.algo_rows import run_row
from trading.services.algos.measures import Seen, condition, measured
from trading.services.algos.run import tell_audit
from trading.services.algos.terms import package_of, parent_of
from trading.services.mandates import MandateExceededError, right_to_send
from trading.services.submit import RiskDeniedError

BY_TABLE = "AUTO"
MINUTES = 30
SHORTEST = timedelta(minutes=1)


class NotForAlgorithmsError(InvalidInputError):
    """The ticket, or the time, is not one that an algorithm can work."""

    code = "NOT_FOR_ALGORITHMS"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: a validated ticket, an algorithm or AUTO, its parameters, and for how many minutes."""

    draft: Mapping[str, Any]
    algo: str
    parameters: Mapping[str, Any]
    minutes: int | None = None


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


@transaction.atomic
def start(wish: Wish, *, actor: Actor, trace_id: str, now: datetime) -> AlgoRun:
    """Begin a run. Nothing is sent here: the engine sends the first child when the market allows it.

    The parent passes every control as if it were one order, so that cutting it up evades none; each child passes
    them again when its time comes.

    Raises:
        NotForAlgorithmsError, InvalidParametersError: the wish cannot be meant.
        RiskDeniedError: a rule refuses the whole, or what legging would leave half done.
        NoLookError, NoProfileError: what must be measured cannot be.
    """
    plan = plan_of(wish, actor, now)
    verdict = _checked(plan, actor, now)
    approval = _approved(plan, actor, now)
    run = AlgoRun.objects.create(
        id=uuid.uuid4(),
        account=plan.account,
        underlying=plan.ticket.underlying,
        description=sentence(plan.ticket),
        ticket=plan.ticket.as_dict(),
        algo=plan.algo,
        parameters=codec.encode(plan.parameters),
        choice=plan.choice,
        seed=uuid.uuid4().hex,
        origin=Order.Origin.TICKET if actor.via == "session" else Order.Origin.API,
        started_by=actor.user,
        started_via=actor.evidence,
        approval=approval,
        mandate=plan.mandate,
        verdict=verdict,
        quantity=plan.ticket.quantity,
        trace_id=trace_id,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        created_at=now,
    )
    seen = {"algo": run.algo, "ticket": run.ticket, "parameters": run.parameters, "ends_at": plan.ends_at.isoformat()}
    tell_audit(run, "algo.started", {**seen, "choice": run.choice, "seed": run.seed}, actor=actor.name, now=now)
    publish_on_commit("algos", "algo", run_row(run), account=plan.account.code)
    return run


def plan_of(wish: Wish, actor: Actor, now: datetime) -> Plan:
    """Return what would be run; nothing is written. Raises as `start`, but for the controls."""
    symbols = [leg["symbol"] for leg in wish.draft["legs"]]
    sender = senders.sender_of(actor.user, wish.draft["account"], symbols, now=now)
    if sender is None:
        raise NotFoundError(f"There is no account {wish.draft['account']}.", account=wish.draft["account"])
    require(actor.user, Action.SEND_ORDER, sender.account)
    ticket = tickets.complete(wish.draft, sender.multipliers)
    if ticket.ord_type is not OrdType.LIMIT or ticket.time_in_force is not TimeInForce.DAY:
        raise NotForAlgorithmsError("An algorithm works a limit order for the day. Nothing was started.")
    at = exchange_now(now)
    ends_at = _end(at, wish.minutes)
    known = instruments.by_symbol([*symbols, ticket.underlying])
    algo, why, parameters = _chosen(wish, ticket, known, at, ends_at, now)
    right = right_to_send(sender.account, actor, sender.mandate)
    return Plan(sender.account, right, ticket, algo, parameters, why, at, ends_at)


def _end(at: datetime, minutes: int | None) -> datetime:
    """Return when the run ends: in so many minutes, and no later than the session.

    Raises:
        NotForAlgorithmsError: there is no session, or less than a minute of it is left.
    """
    session = session_on(new_york_date(at))
    if session is None or session.closes_at - at < SHORTEST or at < session.opens_at:
        raise NotForAlgorithmsError("The exchange is not open, or about to close. Nothing was started.")
    return min(at + timedelta(minutes=minutes or MINUTES), session.closes_at)


def _chosen(
    wish: Wish, ticket: OrderTicket, known: Mapping[str, Instrument], at: datetime, ends_at: datetime, now: datetime
) -> tuple[Algo, dict[str, Any], Parameters]:
    """Return the algorithm with its parameters, and what the table says, whether it was asked or not."""
    symbols = [*(leg.symbol for leg in ticket.legs), ticket.underlying]
    seen = Seen(at, ends_at, quotes.latest(symbols), chains.greeks(symbols))
    sight = look(package_of(ticket), seen.quotes, moment(now, at, session_on(new_york_date(at))), legged=True)
    base = parent_of(ticket, known, read(Algo.TWAP, {}), starts_at=at, ends_at=ends_at, seed="")
    table = choice.choose(condition(ticket, sight, seen, base.tick_rule))
    algo = table.algo if wish.algo == BY_TABLE else Algo(wish.algo)
    if algo is None:
        raise NotForAlgorithmsError(f"No algorithm fits: {table.reason} Nothing was started; send one limit order.")
    if algo is Algo.LEGGING and not ticket.is_multi_leg:
        raise NotForAlgorithmsError("There is nothing to leg: the order has one leg. Nothing was started.")
    parameters = read(algo, wish.parameters, measured=measured(algo, ticket, sight, seen, dict(wish.parameters)))
    if isinstance(parameters, LeggingParameters) and not parameters.accept_risk:
        raise NotForAlgorithmsError("Legging is off unless its risk is accepted (accept_risk). Nothing was started.")
    why = {
        "by": "table" if wish.algo == BY_TABLE else "person",
        "row": table.row,
        "condition": table.condition,
        "suggests": None if table.algo is None else table.algo.said,
        "reason": table.reason,
    }
    return algo, why, parameters


def _checked(plan: Plan, actor: Actor, now: datetime) -> Verdict:
    """Ask every control about the whole, and about each half-done structure that legging would pass through."""
    request = exposures.gate_request(plan.account, plan.ticket, now=now, is_manual=True)
    assessment = gate.assess(request)
    _refuse(assessment, "The whole order")
    if plan.mandate is not None and assessment.cash_required > plan.mandate.max_order_cash:
        raise MandateExceededError(
            f"The run would use ${assessment.cash_required}; the mandate allows ${plan.mandate.max_order_cash} an "
            "order. Nothing was started.",
            cash=assessment.cash_required,
            allowed=plan.mandate.max_order_cash,
        )
    if isinstance(plan.parameters, LeggingParameters):
        for count in range(1, len(plan.ticket.legs)):
            half = _half_done(plan, plan.parameters.order[:count])
            _refuse(gate.assess(exposures.gate_request(plan.account, half, now=now, is_manual=True)), "Half done, it")
    return gate.record(request, assessment)


def _half_done(plan: Plan, order: tuple[int, ...]) -> OrderTicket:
    """Return the position that the first legs alone would make, at the market: there is no price for it."""
    legs = tuple(replace(plan.ticket.legs[index]) for index in order)
    effect = plan.ticket.price_effect if len(legs) > 1 else natural_effect(legs[0].side)
    ratio = legs[0].ratio if len(legs) == 1 else 1
    first = (replace(legs[0], ratio=1),) if len(legs) == 1 else legs
    return replace(
        plan.ticket,
        legs=first,
        quantity=plan.ticket.quantity * ratio,
        price_effect=effect,
        ord_type=OrdType.MARKET,
        limit_price=None,
    )


def _refuse(assessment: Assessment, what: str) -> None:
    blocked = assessment.of(Outcome.HARD_BLOCK, Outcome.SOFT_BLOCK)
    if assessment.outcome in (Outcome.HARD_BLOCK, Outcome.SOFT_BLOCK):
        worst = next((r for r in blocked if assessment.weigh(r) is assessment.outcome), blocked[0])
        raise RiskDeniedError(
            f"{what} is denied: {worst.message} Nothing was started.", checks=[r.as_row() for r in blocked]
        )


def _approved(plan: Plan, actor: Actor, now: datetime) -> Approval:
    """Keep the yes: bound to the ticket, the algorithm, its numbers and its end; it covers the children within them."""
    content: dict[str, object] = {
        "ticket": plan.ticket.as_dict(),
        "algo": str(plan.algo),
        "parameters": codec.encode(plan.parameters),
        "ends_at": plan.ends_at.isoformat(),
    }
    return Approval.objects.create(
        kind=Approval.Kind.TICKET if plan.mandate is None else Approval.Kind.MANDATE,
        mandate=plan.mandate,
        user=actor.user,
        content_hash=content_hash(content),
        evidence=actor.evidence,
        approved_at=now,
    )
