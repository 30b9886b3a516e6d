"""An offset whose cause has healed is taken back: its proposal is withdrawn, its order, if one was approved, cancelled.

Whoever locks the proposal first is right: an approval looks again under that lock, and so does this.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from allcore.accounts.actors import desk_name
from allcore.kernel.orders import CLOSED_STATUSES
from trading.domain.approval.decisions import Decision, ProposalStatus
from trading.models import Order, Proposal
from trading.selectors import offsets
from trading.services.endings import end, locked
from trading.services.submit import OrderClosedError, cancel_locked
from trading.services.submit import locked as locked_order

ACTOR = desk_name("reconcile")
ASK_AGAIN_AFTER = timedelta(seconds=60)  # a cancel that the broker refused


def sweep(connection: str, *, now: datetime) -> int:
    """Take back every offset of the connection that has nothing to undo any more; return how many. Twice is once."""
    proposed = Proposal.objects.filter(
        strategy=Proposal.Strategy.OFFSET, account__connection__name=connection, status__in=Proposal.OPEN
    )
    working = Order.objects.filter(connection__name=connection, proposal__strategy=Proposal.Strategy.OFFSET)
    working = working.exclude(status__in=CLOSED_STATUSES).select_related("proposal").order_by("id")
    taken = sum(_withdraw(pk, now) for pk in proposed.order_by("id").values_list("pk", flat=True))
    return taken + sum(_cancel(order, now) for order in working)


@transaction.atomic
def _withdraw(proposal_id: UUID, now: datetime) -> bool:
    proposal = locked(proposal_id)
    reason = offsets.fault(proposal)
    if proposal.status not in Proposal.OPEN or not reason:
        return False
    is_untouched = proposal.status == ProposalStatus.PENDING
    # Whatever a person holds or has half approved goes too: what it would trade is a new position now.
    end(proposal, Decision.WITHDRAW if is_untouched else Decision.VOID, actor=ACTOR, reason=reason, now=now)
    proposal.breaks.filter(resolved_at=None).update(proposal=None)  # what is left of it is proposed anew
    return True


@transaction.atomic
def _cancel(order: Order, now: datetime) -> bool:
    if order.proposal is None or not (reason := offsets.fault(order.proposal)):
        return False
    asked = order.requests.filter(kind="CANCEL").exclude(state="VOIDED")
    refused = asked.filter(state="REJECTED", answered_at__lte=now - ASK_AGAIN_AFTER)
    if asked.count() > refused.count():
        return False
    try:
        cancel_locked(locked_order(order.pk), actor=ACTOR, reason=reason, now=now)
    except OrderClosedError:
        return False
    return True
