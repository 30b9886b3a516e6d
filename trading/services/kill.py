"""What the kill switch does to trading: open proposals voided, working orders cancelled. Safe to run again."""

from datetime import datetime
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.errors import DeskError
from allcore.kernel.orders import CLOSED_STATUSES
from allcore.live import publish_on_commit
from risk.models import KillEvent, KillLevel, KillScope, KillState
from risk.services import kill
from trading.domain.approval.decisions import Decision, ProposalStatus, Standing, after
from trading.models import Order, Proposal
from trading.selectors.proposals import with_people
from trading.selectors.rows import proposal_row
from trading.services.algos.control import stop_held
from trading.services.attempts import Attempts
from trading.services.submit import cancel_locked, locked

ACTOR = "desk:kill-switch"
FIELDS = {
    KillScope.BROKER: "account__connection__name",
    KillScope.ACCOUNT: "account__code",
    KillScope.UNDERLYING: "underlying",
}


def engage(*, scope: str, target: str, level: int, reason: str, actor: Actor, now: datetime) -> KillEvent:
    """Engage and act at once, in this process: nothing waits for a worker."""
    event = kill.engage(scope=scope, target=target, level=level, actor=actor, reason=reason, now=now)
    enforce(now=now)
    return event


def enforce(*, now: datetime) -> int:
    """Do what every level in force asks for; returns how many proposals and orders it touched.

    What breaks holds nothing else up: the first fault is raised once all else is done.
    """
    attempts = Attempts()
    touched = 0
    for state in KillState.objects.filter(level__gte=KillLevel.BLOCK_NEW).order_by("id"):
        held_by = _held_by(state)
        for proposal_id in _open_proposals(held_by):
            touched += attempts.make(partial(_void, proposal_id, now))
        cancels_all = state.level >= KillLevel.CANCEL_ALL
        touched += attempts.make(partial(stop_held, held_by, level=state.level, keeps_closing=not cancels_all, now=now))
        for order_id in _working(held_by) if cancels_all else ():
            touched += attempts.make(partial(_cancel, order_id, f"kill switch level {state.level}", now))
    attempts.end()
    return touched


def _held_by(state: KillState) -> Q:
    scope = KillScope(state.scope)
    return Q() if scope is KillScope.GLOBAL else Q((FIELDS[scope], state.target))


def _open_proposals(held_by: Q) -> list[UUID]:
    return list(Proposal.objects.filter(held_by, status__in=Proposal.OPEN).values_list("pk", flat=True))


@transaction.atomic
def _void(proposal_id: UUID, now: datetime) -> bool:
    open_now = Proposal.objects.select_for_update(of=("self",)).filter(pk=proposal_id, status__in=Proposal.OPEN)
    proposal = with_people(open_now).first()
    if proposal is None:
        return False
    standing = Standing(ProposalStatus(proposal.status), proposal.expires_at, None)
    proposal.status = after(standing, Decision.VOID, now=now)
    proposal.version += 1
    proposal.save(update_fields=["status", "version"])
    code = proposal.account.code
    record("proposal.voided", f"proposal:{proposal.pk}", {"by": "kill switch"}, actor=ACTOR, at=now, account=code)
    publish_on_commit("proposals", "proposal", proposal_row(proposal), account=code)
    return True


def _working(held_by: Q) -> list[UUID]:
    closed = [str(status) for status in CLOSED_STATUSES]
    working = Order.objects.filter(held_by).exclude(status__in=[*closed, "PENDING_CANCEL"]).order_by("id")
    return list(working.values_list("pk", flat=True))


def _cancel(order_id: UUID, reason: str, now: datetime) -> bool:
    try:
        with transaction.atomic():
            cancel_locked(locked(order_id), actor=ACTOR, reason=reason, now=now)
    except DeskError:  # it closed while we came: there is nothing to cancel
        return False
    return True
