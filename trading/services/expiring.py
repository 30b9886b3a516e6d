"""Short options near assignment are put before a person, with a closing trade to approve; nothing is sent by itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import redis
import structlog
from django.db import IntegrityError, transaction

from allcore.accounts.actors import Actor, desk_name
from allcore.audit.services import record
from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import (
    ConflictError,
    DeskError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
)
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.tickets import OrderTicket, TicketLeg
from allcore.live import publish_on_commit
from brokers.models import Account
from marketdata.selectors.clock import feed_clock
from risk.domain.edits import REASON_LENGTH
from risk.domain.permissions import Action
from risk.selectors.limits import in_force
from risk.selectors.permissions import may
from risk.services import gate
from trading.domain.expiring import Cause, Reason, reasons
from trading.domain.proposals.card import Reasons
from trading.models import ExpiryTask, Position, Proposal
from trading.selectors import exposures
from trading.selectors.expiring import Short, shorts, task_row
from trading.selectors.protocol import active_parameters
from trading.services import endings
from trading.services.offer import Offer, offer

ACTOR = desk_name("expiring")
TRY_EVERY = timedelta(seconds=60)
WAITS_MINUTES = 30
GONE = "What made it look near assignment is no longer so."

log = structlog.get_logger(__name__)


def watch(*, now: datetime) -> int:
    """Look at every short option once; return how many tasks are new. Without a market nothing is looked at."""
    try:
        feed = feed_clock()
        found = shorts(feed, now=now)
    except (redis.RedisError, UnavailableError) as e:
        log.warning("expiring_blind", reason=str(e))
        return 0
    exchange_now = feed.clock.at(now)
    made = 0
    standing: set[int] = set()
    for short in found:
        position = short.position
        limits = in_force(position.account, short.seen.contract.root)
        for reason in reasons(short.seen, limits, exchange_now):
            task, is_new = _task(short, reason, exchange_now, now)
            standing.add(task.pk)
            made += is_new
            if task.closed_at is None and _is_proposed_for(task.cause, position.account):
                _propose(task, short, now)
    _close_others(standing, {short.position.pk for short in found if short.seen.spot is None}, now)
    return made


def _is_proposed_for(cause: str, account: Account) -> bool:
    """The protocol rolls what is deep in the money, or takes the shares: that is told, and not proposed against."""
    return cause != Cause.NO_TIME_VALUE or account.tier == Account.Tier.MANUAL


@transaction.atomic
def _task(short: Short, reason: Reason, exchange_now: datetime, now: datetime) -> tuple[ExpiryTask, bool]:
    position = short.position
    task, is_new = ExpiryTask.objects.get_or_create(
        account=position.account,
        instrument=position.instrument,
        cause=reason.cause,
        day=new_york_date(exchange_now),
        defaults={"sentence": reason.sentence[:300], "found_at": now},
    )
    if is_new:
        severity = "WARNING" if reason.cause is Cause.NO_TIME_VALUE else "CRITICAL"
        seen = {"code": reason.cause, "message": reason.sentence, "severity": severity, "task": task.pk}
        _record("expiry.found", task, ACTOR, now)
        publish_on_commit("alerts", "expiry", seen, account=position.account.code)
    elif task.closed_at is not None and task.acknowledged_by_id is None:
        task.closed_at = None  # it is so again: told already, and before a person again
        task.save(update_fields=["closed_at"])
        _record("expiry.found_again", task, ACTOR, now)
    return task, is_new


def _propose(task: ExpiryTask, short: Short, now: datetime) -> None:
    """Put a closing trade forward, once; what cannot be priced, or waits for another, is tried again."""
    if task.proposal_id is not None or (task.tried_at is not None and now - task.tried_at < TRY_EVERY):
        return
    task.tried_at = now
    try:
        with transaction.atomic():
            task.proposal = _offered(task, short, now)
            task.save(update_fields=["proposal", "tried_at"])
            _tell(task)
    except (DeskError, IntegrityError) as e:
        log.warning("closing_not_proposed", task=task.pk, error=str(e))
        task.proposal = None
        task.save(update_fields=["tried_at"])


def _offered(task: ExpiryTask, short: Short, now: datetime) -> Proposal | None:
    account = short.position.account
    ticket = _ticket(short)
    request = exposures.gate_request(account, ticket, now=now, is_manual=False)
    assessment = gate.assess(request)
    if assessment.is_blocked:
        return None  # it is being closed by another order, say
    fee = active_parameters().fees.option
    wanted = Offer(account, ticket, _reasons(task), approvals_needed=1, minutes=WAITS_MINUTES, fee=fee, actor=ACTOR)
    return offer(wanted, request, assessment, now=now)


def _ticket(short: Short) -> OrderTicket:
    position, symbol = short.position, short.position.instrument.symbol
    if short.ask is None:
        raise UnavailableError(f"Nobody offers {symbol}; no closing trade is proposed yet.", symbol=symbol)
    return OrderTicket(
        account=position.account.code,
        underlying=short.seen.contract.root,
        legs=(TicketLeg(symbol, Side.BUY, PositionEffect.CLOSE, 1, position.instrument.multiplier),),
        quantity=-position.qty,
        ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.DAY,
        price_effect=PriceEffect.DEBIT,
        limit_price=short.ask,
    )


def _reasons(task: ExpiryTask) -> Reasons:
    return Reasons(
        strategy=Proposal.Strategy.CLOSE_SHORT,
        why={
            "sentence": task.sentence,
            "market_week": {},
            "expected": {},
            "rules": [{"code": task.cause.lower(), "text": task.sentence, "passed": False}],
            "reason_code": "proposed",
        },
        alternatives=[{"sentence": "Keep it", "note": "Acknowledge it with a reason, and take what is assigned."}],
    )


def _close_others(standing: set[int], unseen: set[int], now: datetime) -> None:
    """Close the tasks whose cause is gone. What cannot be seen just now stays before the person."""
    waiting = ExpiryTask.objects.filter(closed_at=None).exclude(pk__in=standing)
    blind = {(p.account_id, p.instrument_id) for p in _positions(unseen)}
    for task in waiting.select_related("account", "instrument", "proposal").order_by("id"):
        if (task.account_id, task.instrument_id) not in blind:
            _close(task, ACTOR, GONE, now)


def _positions(keys: set[int]) -> Sequence[Position]:
    return list(Position.objects.filter(pk__in=keys).order_by("id")) if keys else []


@transaction.atomic
def acknowledge(task_id: int, *, reason: str, actor: Actor, now: datetime) -> ExpiryTask:
    """Say that the option is kept as it is, with a reason; a proposal that nobody has touched is withdrawn.

    Raises:
        NotFoundError, ForbiddenError: there is no such task, or it is not theirs to answer.
        InvalidInputError: the reason is too short.
        ConflictError: it is closed already.
    """
    query = ExpiryTask.objects.select_for_update(of=("self",)).select_related("account", "instrument", "proposal")
    task = query.filter(pk=task_id).first()
    if task is None:
        raise NotFoundError(f"There is no task {task_id}.", task=task_id)
    if not any(may(actor.user, action, task.account) for action in (Action.SEND_ORDER, Action.APPROVE_PROPOSAL)):
        raise ForbiddenError(f"{actor.user.username} may not answer for {task.account.code}.", on=task.account.code)
    if len(reason.strip()) < REASON_LENGTH:
        raise InvalidInputError(f"A reason has at least {REASON_LENGTH} characters.")
    if task.closed_at is not None:
        raise ConflictError("It is closed already.", task=task_id)
    task.acknowledged_by, task.reason = actor.user, reason.strip()[:400]
    _close(task, actor.name, f"Acknowledged: {task.reason}", now)
    return task


@transaction.atomic
def _close(task: ExpiryTask, actor: str, why: str, now: datetime) -> None:
    task.closed_at = now
    task.save(update_fields=["closed_at", "acknowledged_by", "reason"])
    if task.proposal_id is not None:
        endings.withdraw(task.proposal_id, reason=why, now=now)
    _record("expiry.acknowledged" if task.acknowledged_by_id else "expiry.gone", task, actor, now)


def _record(action: str, task: ExpiryTask, actor: str, now: datetime) -> None:
    seen = {"symbol": task.instrument.symbol, "cause": task.cause, "sentence": task.sentence, "reason": task.reason}
    record(action, f"expiry_task:{task.pk}", seen, actor=actor, at=now, account=task.account.code)
    _tell(task)


def _tell(task: ExpiryTask) -> None:
    publish_on_commit("risk", "expiry_task", task_row(task), account=task.account.code)
