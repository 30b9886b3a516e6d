"""How a proposal ends without a decision: withdrawn by the strategy, expired, replaced by a changed one."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from trading.domain.approval.decisions import Decision, ProposalStatus, Standing, after
from trading.models import Proposal
from trading.services.offer import ACTOR, note, tell

EXPIRY = "desk:expiry"


@transaction.atomic
def withdraw(proposal_id: UUID, *, reason: str, now: datetime) -> bool:
    """Take back what the strategy proposed and nobody has touched; return whether it was so."""
    proposal = locked(proposal_id)
    if proposal.status != ProposalStatus.PENDING or proposal.proposed_by_id is not None:
        return False
    end(proposal, Decision.WITHDRAW, actor=ACTOR, reason=reason, now=now)
    return True


def expire(*, now: datetime) -> int:
    """End every proposal whose time is up; return how many."""
    due = Proposal.objects.filter(status__in=Proposal.OPEN, expires_at__lte=now).order_by("expires_at", "id")
    return sum(_expire(proposal_id, now) for proposal_id in due.values_list("pk", flat=True))


@transaction.atomic
def _expire(proposal_id: UUID, now: datetime) -> bool:
    proposal = locked(proposal_id)
    if proposal.status not in Proposal.OPEN or proposal.expires_at > now:
        return False  # somebody decided it, or another process was first
    end(proposal, Decision.EXPIRE, actor=EXPIRY, reason="Nobody decided in time.", now=now)
    return True


def end(proposal: Proposal, decision: Decision, *, actor: str, reason: str, now: datetime) -> None:
    """Move a locked proposal to its end."""
    decider = proposal.decided_by
    stands = Standing(
        ProposalStatus(proposal.status), proposal.expires_at, None if decider is None else decider.username
    )
    status = after(stands, decision, now=now)
    proposal.status, proposal.reason_text, proposal.version = status, reason[:400], proposal.version + 1
    proposal.save(update_fields=["status", "reason_text", "version"])
    note(proposal, f"proposal.{status.lower()}", {"hash": proposal.content_hash, "reason": reason}, actor, now)
    tell(proposal)


def locked(proposal_id: UUID) -> Proposal:
    """Return the proposal, held until the transaction ends; its account's connection is loaded."""
    query = Proposal.objects.select_for_update(of=("self",)).select_related("account__connection", "decided_by")
    return query.get(pk=proposal_id)
