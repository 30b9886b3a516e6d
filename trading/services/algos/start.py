"""A person, or a script under a mandate, starts a run: the whole is checked and approved before anything is sent."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.kernel.errors import NotFoundError
from allcore.kernel.tickets import content_hash
from marketdata.selectors import chains, instruments, quotes
from marketdata.selectors.clock import exchange_now
from risk.domain.permissions import Action
from risk.selectors.permissions import require
from risk.services import gate
from trading.domain import tickets
from trading.domain.algos import codec
from trading.domain.algos.execution import BY_TABLE
from trading.domain.algos.parameters import Algo, Parameters
from trading.models import AlgoRun, Approval, Order
from trading.selectors import exposures, senders
from trading.services.algos.begin import Cause, Plan, begin, judged
from trading.services.algos.choosing import (
    NotForAlgorithmsError,
    Scene,
    Times,
    parameters_of,
    scene,
    table_of,
    why,
)
from trading.services.algos.terms import rule_of
from trading.services.elections import Wish as LotWish
from trading.services.mandates import MandateExceededError, right_to_send


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: a validated ticket, an algorithm or AUTO, its parameters, for how many minutes, which lots."""

    draft: Mapping[str, Any]
    algo: str
    parameters: Mapping[str, Any]
    minutes: int | None = None
    lots: tuple[LotWish, ...] = ()


@transaction.atomic
def start(wish: Wish, *, actor: Actor, trace_id: str, now: datetime) -> AlgoRun:
    """Begin a run. Nothing is sent here: the engine sends the first child when the market allows it.

    The parent passes every control as if it were one order, so that cutting it up evades none; each child passes
    them again when its time comes.

    Raises:
        NotForAlgorithmsError, InvalidParametersError: the wish cannot be meant.
        RiskDeniedError: a rule refuses the whole, or what legging would leave half done.
        NoLookError, NoProfileError: what must be measured cannot be.
        NoSuchLotError: a lot that is named cannot be closed by it.
    """
    plan = plan_of(wish, actor, now)
    run_id = uuid.uuid4()
    gate.lock(plan.account, underlying=plan.ticket.underlying)
    request = exposures.gate_request(plan.account, plan.ticket, now=now, is_manual=True)
    judgement = judged(plan, request, run_id=run_id)
    _keep_within(plan, judgement)
    origin = Order.Origin.TICKET if actor.via == "session" else Order.Origin.API
    cause = Cause(run_id, origin, _approved(plan, wish.lots, actor, now), actor, trace_id, lots=wish.lots)
    return begin(plan, judgement, cause, now=now)


def plan_of(wish: Wish, actor: Actor, now: datetime) -> Plan:
    """Return what would be run; nothing is written. Raises as `start`, but for the controls."""
    symbols = [leg["symbol"] for leg in wish.draft["legs"]]
    sender = senders.sender_of(actor.user, wish.draft["account"], symbols, now=now)
    if sender is None:
        raise NotFoundError(f"There is no account {wish.draft['account']}.", account=wish.draft["account"])
    require(actor.user, Action.SEND_ORDER, sender.account)
    ticket = tickets.complete(wish.draft, sender.multipliers)
    watched = [*symbols, ticket.underlying]
    around = scene(
        ticket,
        quotes.latest(watched),
        chains.greeks(watched),
        rule=rule_of(ticket, {key: row.tick_rule for key, row in instruments.by_symbol(symbols).items()}),
        times=Times(now, exchange_now(now)),
        minutes=wish.minutes,
    )
    algo, chosen, parameters = _chosen(wish, around)
    right = right_to_send(sender.account, actor, sender.mandate)
    return Plan(sender.account, right, ticket, algo, parameters, chosen, around.seen.at, around.seen.ends_at)


def _chosen(wish: Wish, around: Scene) -> tuple[Algo, dict[str, Any], Parameters]:
    """Return the algorithm with its parameters, and what the table says, whether it was asked or not."""
    table = table_of(around)
    by_table = wish.algo == BY_TABLE
    algo = table.algo if by_table else Algo(wish.algo)
    if algo is None:
        raise NotForAlgorithmsError(f"No algorithm fits: {table.reason} Nothing was started; send one limit order.")
    parameters = parameters_of(around, algo, wish.parameters)
    return algo, why(table, by="table" if by_table else "person"), parameters


def _keep_within(plan: Plan, judgement: gate.Judgement) -> None:
    """Pass if the mandate, where there is one, allows an order as large as the whole run."""
    cash = judgement.cash
    if plan.mandate is not None and cash > plan.mandate.max_order_cash:
        raise MandateExceededError(
            f"The run would use ${cash}; the mandate allows ${plan.mandate.max_order_cash} an order. "
            "Nothing was started.",
            cash=cash,
            allowed=plan.mandate.max_order_cash,
        )


def _approved(plan: Plan, lots: tuple[LotWish, ...], actor: Actor, now: datetime) -> Approval:
    """Keep the yes: bound to the ticket, the algorithm, its numbers, its end and the lots; it covers the children."""
    content: dict[str, object] = {
        "ticket": plan.ticket.as_dict(),
        "algo": str(plan.algo),
        "parameters": codec.encode(plan.parameters),
        "ends_at": plan.ends_at.isoformat(),
        "lots": [[wish.leg, wish.lot, wish.qty] for wish in lots],
    }
    return Approval.objects.create(
        kind=Approval.Kind.TICKET if plan.mandate is None else Approval.Kind.MANDATE,
        mandate=plan.mandate,
        user=actor.user,
        content_hash=content_hash(content),
        evidence=actor.evidence,
        approved_at=now,
    )
