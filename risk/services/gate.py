"""The gate all orders pass, inside the transaction that stages them."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from allcore import rows
from allcore.kernel.money import ZERO
from allcore.kernel.tickets import content_hash
from brokers.models import Account
from risk.domain import gate
from risk.domain.permissions import Action, needed_to_override
from risk.domain.request import GateRequest as GateRequest  # noqa: PLC0414 callers say gate.GateRequest; mypy asks for this form
from risk.domain.verdict import SEVERITY, Assessment, Level, Outcome
from risk.models import AccountRisk, Reservation, Verdict
from risk.services import reservations
from risk.services.locks import HOUSEHOLD_NAME

LOCK_ACCOUNT = "SELECT account_id FROM account_risk WHERE account_id = %s FOR UPDATE"
LOCK_BOTH = f"""
WITH held AS MATERIALIZED ({LOCK_ACCOUNT}) SELECT pg_advisory_xact_lock(%s, hashtext(%s))::text FROM held
"""  # noqa: S608 only the constant above is put in
BLOCKING = frozenset({str(Outcome.SOFT_BLOCK), str(Outcome.HARD_BLOCK), str(Outcome.ERROR)})
RANK = {str(outcome): rank for rank, outcome in enumerate((*SEVERITY, Outcome.ERROR))}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the gate says of an order, not written yet."""

    verdict: Verdict
    reservation: Reservation | None

    @property
    def is_denied(self) -> bool:
        """Whether nothing may be sent."""
        return self.reservation is None

    @property
    def cash(self) -> Decimal:
        """The dollars that are reserved; none of what is denied."""
        return ZERO if self.reservation is None else self.reservation.cash

    @property
    def rows(self) -> tuple[Verdict | Reservation, ...]:
        """The rows to write."""
        return (self.verdict,) if self.reservation is None else (self.verdict, self.reservation)


def lock(account: Account, *, underlying: str = "") -> None:
    """Hold the account until the transaction ends, so that two orders cannot both use the last of a limit.

    With an underlying, orders of other accounts in that name wait too: the household's limit on it is shared. Always
    the account first, then the name: nobody holds both the other way round.
    """
    if not _locked(account, underlying):
        AccountRisk.objects.bulk_create([AccountRisk(account=account)], ignore_conflicts=True)
        _locked(account, underlying)


def _locked(account: Account, underlying: str) -> bool:
    """Return whether the account had a row to lock. The name's lock is taken once the row is held, not before."""
    if underlying:
        return bool(rows.read(LOCK_BOTH, (account.pk, HOUSEHOLD_NAME, underlying)))
    return bool(rows.read(LOCK_ACCOUNT, (account.pk,)))


def assess(request: GateRequest) -> Assessment:
    """Ask every control; nothing is written."""
    return gate.assess(request)


def judge(request: GateRequest, *, order_id: UUID, accepted: frozenset[str] = frozenset()) -> Judgement:
    """Return the verdict, and what is reserved unless the order is blocked, for the caller to write with the order.

    `accepted` are the rules whose soft blocks were shown to somebody who may, and accepted; nothing lifts a hard one.
    """
    assessment = assess(request)
    verdict = _verdict(request, assessment)
    if not _passes(assessment, accepted):
        return Judgement(verdict, None)
    reservation = Reservation(
        order_id=order_id,
        account_id=request.account_id,
        verdict=verdict,
        underlying=request.ticket.underlying,
        cash=assessment.cash_required,
        quantity=assessment.quantity,
    )
    return Judgement(verdict, reservation)


def admit(request: GateRequest, *, order_id: UUID, accepted: frozenset[str] = frozenset()) -> Verdict:
    """Judge, and write what was found in one statement. The caller holds `lock`."""
    judgement = judge(request, order_id=order_id, accepted=accepted)
    rows.write(judgement.rows)
    return judgement.verdict


def readmit(
    request: GateRequest,
    *,
    order_id: UUID,
    accepted: frozenset[str] = frozenset(),
    old_may_fill: bool = True,
) -> Verdict:
    """Write the verdict of a replace, and reserve for the new terms unless it is blocked.

    Until a broker has answered, the old terms may fill as well as the new: what either needs stays reserved. Those
    of an order that has not left the desk (`old_may_fill` False) are gone at once.
    """
    assessment = assess(request)
    verdict = record(request, assessment)
    if _passes(assessment, accepted):
        cash, quantity = assessment.cash_required, assessment.quantity
        if old_may_fill:
            reservations.cover_both(order_id, verdict_id=verdict.pk, cash=cash, quantity=quantity)
        else:
            own = Reservation.objects.filter(order_id=order_id, released_at=None)
            own.update(cash=cash, quantity=quantity, verdict=verdict)
    return verdict


def record(request: GateRequest, assessment: Assessment) -> Verdict:
    """Write what the gate found."""
    verdict = _verdict(request, assessment)
    rows.write([verdict])
    return verdict


def _verdict(request: GateRequest, assessment: Assessment) -> Verdict:
    return Verdict(
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


def soft_codes(verdict: Verdict) -> frozenset[str]:
    """Return the rules whose soft blocks the verdict names."""
    return frozenset(str(row["code"]) for row in verdict.checks if row["outcome"] == Outcome.SOFT_BLOCK)


def is_refused(verdict: Verdict, accepted: frozenset[str] = frozenset()) -> bool:
    """Return whether it blocks; soft blocks of the rules that somebody accepted do not."""
    if verdict.outcome == Outcome.SOFT_BLOCK:
        return not soft_codes(verdict) <= accepted
    return verdict.outcome == Outcome.HARD_BLOCK


def first_reason(verdict: Verdict) -> str:
    """Return the sentence of the check that blocks hardest, or nothing."""
    blocking = failures(verdict)
    return str(blocking[0]["message"]) if blocking else ""


def needed_for(verdict: Verdict) -> frozenset[Action]:
    """Return what somebody must be allowed to accept the verdict's soft blocks."""
    soft = [row for row in verdict.checks if row["outcome"] == Outcome.SOFT_BLOCK]
    return needed_to_override(Level(row["level"]) for row in soft)


def _passes(assessment: Assessment, accepted: frozenset[str]) -> bool:
    return not assessment.is_blocked and {result.code for result in assessment.of(Outcome.SOFT_BLOCK)} <= accepted
