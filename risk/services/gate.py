"""The gate all orders pass, inside the transaction that stages them."""

from uuid import UUID

from django.db.models.functions import Greatest

from allcore.kernel.tickets import content_hash
from brokers.models import Account
from risk.domain import gate
from risk.domain.permissions import Action, needed_to_override
from risk.domain.request import GateRequest as GateRequest  # noqa: PLC0414 callers say gate.GateRequest; mypy asks for this form
from risk.domain.verdict import SEVERITY, Assessment, Level, Outcome
from risk.models import AccountRisk, Reservation, Verdict
from risk.services.locks import HOUSEHOLD_NAME, hold

BLOCKING = frozenset({str(Outcome.SOFT_BLOCK), str(Outcome.HARD_BLOCK), str(Outcome.ERROR)})
RANK = {str(outcome): rank for rank, outcome in enumerate((*SEVERITY, Outcome.ERROR))}


def lock(account: Account, *, underlying: str = "") -> None:
    """Hold the account until the transaction ends, so that two orders cannot both use the last of a limit.

    With an underlying, orders of other accounts in that name wait too: the household's limit on it is shared. Always
    the account first, then the name: nobody holds both the other way round.
    """
    locked = AccountRisk.objects.select_for_update().filter(account=account).values_list("pk", flat=True)
    if not list(locked):
        AccountRisk.objects.bulk_create([AccountRisk(account=account)], ignore_conflicts=True)
        list(locked.all())
    if underlying:
        hold(HOUSEHOLD_NAME, underlying)


def assess(request: GateRequest) -> Assessment:
    """Ask every control; nothing is written."""
    return gate.assess(request)


def admit(request: GateRequest, *, order_id: UUID, soft_overridden: bool = False) -> Verdict:
    """Write the verdict, and reserve what the order may use unless it is blocked. The caller holds `lock`.

    `soft_overridden` says that somebody who may has accepted the soft blocks; nothing lifts a hard one.
    """
    assessment = assess(request)
    verdict = record(request, assessment)
    if _passes(assessment, soft_overridden=soft_overridden):
        Reservation.objects.create(
            order_id=order_id,
            account_id=request.account_id,
            verdict=verdict,
            underlying=request.ticket.underlying,
            cash=assessment.cash_required,
            quantity=assessment.quantity,
        )
    return verdict


def readmit(request: GateRequest, *, order_id: UUID, soft_overridden: bool = False) -> Verdict:
    """Write the verdict of a replace, and widen the order's reservation unless it is blocked.

    Until the broker has answered, the old terms may fill as well as the new: the larger of the two stays reserved.
    """
    assessment = assess(request)
    verdict = record(request, assessment)
    if _passes(assessment, soft_overridden=soft_overridden):
        Reservation.objects.filter(order_id=order_id, released_at=None).update(
            cash=Greatest("cash", assessment.cash_required),
            quantity=Greatest("quantity", assessment.quantity),
            verdict=verdict,
        )
    return verdict


def record(request: GateRequest, assessment: Assessment) -> Verdict:
    """Write what the gate found."""
    return Verdict.objects.create(
        account_id=request.account_id,
        outcome=str(assessment.outcome),
        ticket_hash=content_hash(request.ticket.as_dict()),
        checks=assessment.as_rows(),
        limits_version=request.limits.version,
        checked_at=request.market.now,
    )


def failures(verdict: Verdict) -> list[dict[str, object]]:
    """Return the checks that block, the hardest first."""
    blocking = [row for row in verdict.checks if row["outcome"] in BLOCKING]
    return sorted(blocking, key=lambda row: -RANK[row["outcome"]])


def first_reason(verdict: Verdict) -> str:
    """Return the sentence of the check that blocks hardest, or nothing."""
    blocking = failures(verdict)
    return str(blocking[0]["message"]) if blocking else ""


def needed_for(verdict: Verdict) -> frozenset[Action]:
    """Return what somebody must be allowed to accept the verdict's soft blocks."""
    soft = [row for row in verdict.checks if row["outcome"] == Outcome.SOFT_BLOCK]
    return needed_to_override(Level(row["level"]) for row in soft)


def _passes(assessment: Assessment, *, soft_overridden: bool) -> bool:
    if assessment.outcome is Outcome.SOFT_BLOCK:
        return soft_overridden
    return not assessment.is_blocked
