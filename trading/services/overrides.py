"""Soft blocks of a ticket by hand: asked about by who would send it, accepted by a second person, used once."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from allcore.kernel.orders import OrdStatus
from allcore.live import publish_on_commit
from risk.domain.permissions import Action, needed_to_override
from risk.domain.verdict import Assessment, Level, Outcome
from risk.selectors.permissions import require
from risk.services import gate
from trading.domain import tickets
from trading.domain.approval.overrides import TO_DECIDE, TO_SEND, Accepted, Use, refusal
from trading.domain.contingent.judged import judged
from trading.domain.contingent.waits import approved_hash
from trading.domain.proposals.sentences import sentence
from trading.models import Order, SoftOverride
from trading.selectors import exposures, opening, senders
from trading.selectors.overrides import override_row
from trading.services.mandates import right_to_send
from trading.services.stage import Staging, stage

REASON_LENGTH = 20  # as of a proposal's override


class OverrideRefusedError(ConflictError):
    """No override of this, or not by this one."""

    code = "OVERRIDE_REFUSED"


def ask(*, draft: Mapping[str, Any], reason: str, actor: Actor, now: datetime) -> SoftOverride:
    """Ask for a yes to the ticket's soft blocks. Asking again while it waits is asking once.

    Raises:
        UnknownInstrumentError, InvalidTicketError, InvalidInputError: no ticket, or no reason.
        NotFoundError, ForbiddenError: there is no such account, or they may not send orders on it.
        OverrideRefusedError: nothing is blocked, or something that nobody lifts, or it would not go at once.
    """
    if len(reason.strip()) < REASON_LENGTH:
        raise InvalidInputError(f"To ask for an override, give a reason of at least {REASON_LENGTH} characters.")
    sender = senders.sender_of(actor.user, draft["account"], [leg["symbol"] for leg in draft["legs"]], now=now)
    if sender is None:
        raise NotFoundError(f"There is no account {draft['account']}.", account=draft["account"])
    require(actor.user, Action.SEND_ORDER, sender.account)
    right_to_send(sender.account, actor, sender.mandate)
    ticket, wait = opening.prepared(sender.account, tickets.complete(draft, sender.multipliers), draft, now=now)
    if wait is not None and wait.is_held:
        raise OverrideRefusedError("The order would wait at the desk, and every rule is asked again when it goes.")
    request = exposures.gate_request(sender.account, ticket, now=now, is_manual=True)
    question = SoftOverride(
        account=sender.account,
        ticket_hash=approved_hash(ticket, wait),
        sentence=sentence(ticket)[:200],
        checks=_softly_blocked(gate.assess(judged(request, wait))),
        reason=reason.strip(),
        asked_by=actor.user,
        asked_at=now,
        expires_at=now + TO_DECIDE,
    )
    return _asked(question, actor)


def _softly_blocked(assessment: Assessment) -> list[dict[str, object]]:
    if assessment.is_blocked:
        raise OverrideRefusedError(f"{assessment.message} Nobody overrides it.", outcome=str(assessment.outcome))
    if assessment.outcome is not Outcome.SOFT_BLOCK:
        raise OverrideRefusedError("Nothing blocks the ticket; send it.", outcome=str(assessment.outcome))
    return [result.as_row() for result in assessment.of(Outcome.SOFT_BLOCK)]


@transaction.atomic
def _asked(question: SoftOverride, actor: Actor) -> SoftOverride:
    gate.lock(question.account)  # of two who ask at once, the second finds the first's question
    waiting = SoftOverride.objects.filter(
        account=question.account,
        ticket_hash=question.ticket_hash,
        asked_by=actor.user,
        status=SoftOverride.Status.ASKED,
        expires_at__gt=question.asked_at,
    ).order_by("-asked_at", "-id")
    old = waiting.select_related("account", "asked_by", "decided_by").first()
    if old is not None and _codes(old) == _codes(question):
        return old
    question.save(force_insert=True)
    _tell("override.asked", question, actor, question.asked_at)
    return question


def _codes(row: SoftOverride) -> frozenset[str]:
    return frozenset(str(check["code"]) for check in row.checks)


@transaction.atomic
def decide(override_id: UUID, *, accept: bool, actor: Actor, now: datetime) -> SoftOverride:
    """Accept the soft blocks, or decline to. Deciding again as it was decided changes nothing.

    Raises:
        NotFoundError: there is no such question.
        ForbiddenError: the same person, a script, or somebody who may not override these rules.
        OverrideRefusedError: it was decided the other way, or its time is up.
    """
    row = _locked(override_id)
    for action in sorted(needed_to_override(Level(check["level"]) for check in row.checks)):
        require(actor.user, action, row.account)
    if actor.via != "session":
        raise ForbiddenError("An override is given by a person in the browser, not by a token.")
    if row.asked_by_id == actor.user.pk:
        raise ForbiddenError("Who asks for an override does not accept it; another person must.")
    wanted = SoftOverride.Status.ACCEPTED if accept else SoftOverride.Status.DECLINED
    if row.status == wanted:
        return row
    if row.status != SoftOverride.Status.ASKED:
        raise OverrideRefusedError(f"The override was {row.status.lower()} already.", status=row.status)
    if now > row.expires_at:
        raise OverrideRefusedError("The question has expired; whoever wants to send the ticket asks again.")
    row.status, row.decided_by, row.decided_at, row.expires_at = wanted, actor.user, now, now + TO_SEND
    row.save(update_fields=["status", "decided_by", "decided_at", "expires_at"])
    _tell(f"override.{wanted.lower()}", row, actor, now)
    return row


@transaction.atomic
def staged(staging: Staging, override_id: UUID, *, now: datetime) -> Order:
    """Stage the ticket by the override, and use it up if it was what let the ticket pass.

    Raises:
        NotFoundError: there is no such override.
        OverrideRefusedError: it lifts nothing from this ticket.
    """
    row = _locked(override_id)
    accepted = Accepted(
        row.status,
        row.ticket_hash,
        row.account_id,
        row.asked_by_id,
        row.expires_at,
        _codes(row),
    )
    bound_to = approved_hash(staging.ticket, staging.wait)
    says = refusal(accepted, Use(bound_to, staging.account.pk, staging.actor.user.pk, now))
    if says:
        raise OverrideRefusedError(f"{says} Nothing was sent.", override=str(row.pk))
    order = stage(replace(staging, accepted=accepted.codes), now=now)
    if order.status != OrdStatus.DENIED and order.verdict is not None and order.verdict.outcome == Outcome.SOFT_BLOCK:
        row.status, row.order = SoftOverride.Status.USED, order
        row.save(update_fields=["status", "order"])
        _tell("override.used", row, staging.actor, now)
    return order


def _locked(override_id: UUID) -> SoftOverride:
    query = SoftOverride.objects.select_for_update(of=("self",)).select_related("account", "asked_by", "decided_by")
    row = query.filter(pk=override_id).first()
    if row is None:
        raise NotFoundError(f"There is no override {override_id}.", override=override_id)
    return row


def _tell(action: str, row: SoftOverride, actor: Actor, now: datetime) -> None:
    seen = {
        "ticket_hash": row.ticket_hash,
        "rules": [check["code"] for check in row.checks],
        "seen": [check["message"] for check in row.checks],
        "reason": row.reason,
        "order": None if row.order_id is None else str(row.order_id),
        **actor.evidence,
    }
    code = row.account.code
    record(action, f"override:{row.pk}", seen, actor=actor.name, at=now, account=code)
    publish_on_commit("risk", "override", override_row(row), account=code)
