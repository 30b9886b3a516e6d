"""The life of a proposal as a table keyed (status, event)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from allcore.kernel.errors import ConflictError


class ProposalStatus(StrEnum):
    """Where a proposal is."""

    PENDING = "PENDING"
    HELD = "HELD"
    PARTIAL = "PARTIAL"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"
    SUPERSEDED = "SUPERSEDED"
    VOIDED = "VOIDED"


class Decision(StrEnum):
    """What may befall it."""

    HOLD = "hold"
    RESUME = "resume"
    APPROVE_FIRST = "approve_first"
    APPROVE = "approve"
    REJECT = "reject"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"
    SUPERSEDE = "supersede"
    VOID = "void"


OPEN = (ProposalStatus.PENDING, ProposalStatus.HELD, ProposalStatus.PARTIAL)
ENDINGS = {
    Decision.APPROVE: ProposalStatus.APPROVED,
    Decision.REJECT: ProposalStatus.REJECTED,
    Decision.EXPIRE: ProposalStatus.EXPIRED,
    Decision.SUPERSEDE: ProposalStatus.SUPERSEDED,
    Decision.VOID: ProposalStatus.VOIDED,
}
TABLE: dict[tuple[ProposalStatus, Decision], ProposalStatus] = {
    **{(status, decision): ending for status in OPEN for decision, ending in ENDINGS.items()},
    (ProposalStatus.PENDING, Decision.HOLD): ProposalStatus.HELD,
    (ProposalStatus.HELD, Decision.RESUME): ProposalStatus.PENDING,
    (ProposalStatus.PENDING, Decision.APPROVE_FIRST): ProposalStatus.PARTIAL,
    (ProposalStatus.HELD, Decision.APPROVE_FIRST): ProposalStatus.PARTIAL,
    # What a person holds or has half approved, the strategy does not take away.
    (ProposalStatus.PENDING, Decision.WITHDRAW): ProposalStatus.WITHDRAWN,
}


class NotOpenError(ConflictError):
    """The proposal cannot be decided that way any more."""

    code = "PROPOSAL_NOT_OPEN"


@dataclass(frozen=True, slots=True)
class Standing:
    """A proposal as a decision finds it; `decided_by` names who was first."""

    status: ProposalStatus
    expires_at: datetime
    decided_by: str | None


def after(standing: Standing, decision: Decision, *, now: datetime) -> ProposalStatus:
    """Return the status the decision leads to. At the expiry itself it is too late.

    Raises:
        NotOpenError: the table has no such pair, or the time is up.
    """
    target = TABLE.get((standing.status, decision))
    if target is None:
        who = f" by {standing.decided_by}" if standing.decided_by else ""
        raise NotOpenError(f"The proposal is {standing.status.lower()}{who} already.", status=standing.status)
    if now >= standing.expires_at and decision not in (Decision.EXPIRE, Decision.VOID, Decision.WITHDRAW):
        raise NotOpenError(f"The proposal expired at {standing.expires_at:%H:%M:%S} UTC.", status="EXPIRED")
    return target
