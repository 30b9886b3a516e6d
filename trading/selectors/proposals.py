"""Proposals to read."""

from uuid import UUID

from django.db.models import QuerySet

from allcore.accounts.models import User
from allcore.kernel.errors import NotFoundError
from risk.selectors.permissions import visible_accounts
from trading.models import Proposal
from trading.selectors.rows import Row, proposal_row

STATUSES = Proposal.Status.choices


def visible(user: User) -> QuerySet[Proposal]:
    """Return the proposals the person may see, with all that a row shows."""
    mine = Proposal.objects.filter(account__in=visible_accounts(user))
    return with_people(mine)


def with_people(proposals: QuerySet[Proposal]) -> QuerySet[Proposal]:
    """Return them with all that `proposal_row` reads."""
    loaded = proposals.select_related("account", "verdict", "held_by", "decided_by", "order", "run")
    return loaded.prefetch_related("approvals__user")


def queue(user: User) -> list[Row]:
    """Return the approval queue, soonest expiry first."""
    waiting = visible(user).filter(status__in=Proposal.OPEN).order_by("expires_at", "id")
    return [proposal_row(proposal) for proposal in waiting]


def one(user: User, proposal_id: UUID) -> Row:
    """Return one proposal.

    Raises:
        NotFoundError: there is none, or it is not theirs to see.
    """
    proposal = visible(user).filter(pk=proposal_id).first()
    if proposal is None:
        raise NotFoundError(f"There is no proposal {proposal_id}.", proposal_id=proposal_id)
    return proposal_row(proposal)
