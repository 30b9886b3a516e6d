"""A person's decision about a proposal. Exactly one wins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch, prefetch_related_objects

from allcore import rows
from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.services import record
from allcore.kernel.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, RefusedError
from allcore.kernel.orders import OrdStatus
from allcore.kernel.tickets import OrderTicket
from allcore.live import publish_on_commit
from risk.domain.permissions import Action
from risk.selectors.permissions import may, require, require_person
from risk.services import gate
from trading.domain.algos.execution import Json, of_content
from trading.domain.approval.decisions import Decision, ProposalStatus, Standing, after
from trading.models import AlgoRun, Approval, Order, Proposal
from trading.selectors import queue
from trading.selectors.approval_check import recheck
from trading.selectors.rows import proposal_row
from trading.services import lot_methods
from trading.services.algos.approved import Said, start_approved
from trading.services.elections import Wish
from trading.services.stage import Staging, stage
from trading.services.submit import RiskDeniedError

OVERRIDE_REASON = 20  # characters
DECIDED = ("status", "version", "reason_code", "reason_text", "held_by", "decided_by", "decided_at")


class NeedsReconfirmError(ConflictError):
    """The market, the quote or the risk result is not what was shown: look again, then decide."""

    code = "NEEDS_RECONFIRM"


class SelfApprovalError(ForbiddenError):
    """Who proposed it may not approve it."""

    code = "SELF_APPROVAL"


class ApproverGoneError(ConflictError):
    """Who approved it first may not approve any more."""

    code = "APPROVER_GONE"


class SoftLimitError(ForbiddenError):
    """A soft limit is breached and this person may not override it."""

    code = "SOFT_LIMIT"


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision led to: `order` once it is staged, or `run` once an algorithm works it."""

    proposal: Proposal
    order: Order | None = None
    run: AlgoRun | None = None


def approve(
    *,
    proposal_id: UUID,
    content_hash: str,
    actor: Actor,
    now: datetime,
    reason: str = "",
    lots: Sequence[Wish] = (),
) -> Decided:
    """Approve what was shown; with the last approval needed, stage its order or start its algorithm.

    The row is locked before it is read, so that two people pressing the button make one order, or one run. `lots` are
    those that a closing trade takes first: whoever approves last names them.

    Raises:
        NotOpenError: it was decided already, or has expired.
        NeedsReconfirmError: what was shown is not what is.
        CannotStartError: the algorithm that was shown cannot start now; the proposal stays open.
        NoSuchLotError: a lot is not there to be closed by it; nothing was sent.
        SelfApprovalError, ForbiddenError: not this person.
        ApproverGoneError: who gave the first approval may not any more.
    """
    try:
        return _approve(proposal_id, content_hash, actor, (reason, lots), now)
    except (RefusedError, InvalidInputError) as e:
        _note_refusal(proposal_id, actor, e, now)
        raise


@transaction.atomic
def _approve(
    proposal_id: UUID, content_hash: str, actor: Actor, said: tuple[str, Sequence[Wish]], now: datetime
) -> Decided:
    reason, lots = said
    proposal = _locked(proposal_id)
    given = {earlier.user_id: earlier.user for earlier in proposal.approvals.select_related("user")}
    require(actor.user, Action.APPROVE_PROPOSAL, proposal.account)
    is_last = len(given) + 1 >= proposal.approvals_needed
    status = after(_standing(proposal), Decision.APPROVE if is_last else Decision.APPROVE_FIRST, now=now)
    _is_another(proposal, actor, given)
    if content_hash != proposal.content_hash:
        raise NeedsReconfirmError("The card that was approved is not the one in force. Nothing was sent; look again.")
    ticket = OrderTicket.from_dict(proposal.content["ticket"])
    fault = recheck(proposal, ticket, now=now)
    if fault is not None:
        raise NeedsReconfirmError(f"{fault.sentence} Nothing was sent; look again.", **fault.details)
    accepted = _accepted(proposal, actor, reason)
    approval = _approval(proposal, actor, now)
    if not is_last:
        if lots:
            raise InvalidInputError("A second approval is needed: whoever gives the last one names the lots.")
        return Decided(_move(proposal, status, actor, now, reason_text=reason))
    if shown := of_content(proposal.content):
        run = _started(approval, shown, Said(accepted, tuple(lots)), actor, now)
        return Decided(_move(proposal, status, actor, now, reason_text=reason), run=run)
    order = _stage(proposal, ticket, approval, actor, now, accepted=accepted)
    if order.status == OrdStatus.DENIED:
        raise NeedsReconfirmError(f"Risk has changed: {order.reason} Nothing was sent.", reason=order.reason)
    if lots:
        lot_methods.instruct(order.pk, lots, actor=actor, now=now)
    return Decided(_move(proposal, status, actor, now, reason_text=reason), order)


def _stage(
    proposal: Proposal,
    ticket: OrderTicket,
    approval: Approval,
    actor: Actor,
    now: datetime,
    *,
    accepted: frozenset[str],
) -> Order:
    return stage(
        Staging(
            account=proposal.account,
            ticket=ticket,
            origin=Order.Origin.PROPOSAL,
            key=f"proposal:{proposal.pk}",
            actor=actor,
            trace_id=proposal.trace_id,
            approval_kind=Approval.Kind.PROPOSAL,
            approval=approval,
            proposal=proposal,
            accepted=accepted,
        ),
        now=now,
    )


def _started(approval: Approval, shown: Json, said: Said, actor: Actor, now: datetime) -> AlgoRun:
    try:
        return start_approved(approval, shown, said, actor=actor, now=now)
    except RiskDeniedError as e:
        why = e.message.removesuffix("Nothing was started.").strip()
        raise NeedsReconfirmError(f"Risk has changed: {why} Nothing was sent.", **e.context) from e


def reject(*, proposal_id: UUID, reason_code: str, reason_text: str, actor: Actor, now: datetime) -> Proposal:
    """Reject with a coded reason; OTHER says it in words.

    Raises:
        InvalidInputError: no such reason, or OTHER without a text.
        NotOpenError: it was decided already, or has expired.
    """
    if reason_code not in Proposal.RejectReason.values:
        raise InvalidInputError(f"A reason is one of {', '.join(Proposal.RejectReason.values)}, was {reason_code!r}.")
    if reason_code == Proposal.RejectReason.OTHER and not reason_text.strip():
        raise InvalidInputError("The reason OTHER is said in words.")
    with transaction.atomic():
        proposal = _locked(proposal_id)
        require(actor.user, Action.REJECT_PROPOSAL, proposal.account)
        status = after(_standing(proposal), Decision.REJECT, now=now)
        return _move(proposal, status, actor, now, reason_code=reason_code, reason_text=reason_text)


@transaction.atomic
def hold(*, proposal_id: UUID, actor: Actor, now: datetime) -> Proposal:
    """Hold it, so that the strategy does not withdraw it; holding what is held lets it go. Its time runs on."""
    proposal = _locked(proposal_id)
    require(actor.user, Action.REJECT_PROPOSAL, proposal.account)
    is_held = proposal.status == ProposalStatus.HELD
    status = after(_standing(proposal), Decision.RESUME if is_held else Decision.HOLD, now=now)
    proposal.held_by = None if is_held else actor.user
    return _move(proposal, status, actor, now)


def _locked(proposal_id: UUID) -> Proposal:
    proposal = queue.held(proposal_id)
    if proposal is None:
        raise NotFoundError(f"There is no proposal {proposal_id}.", proposal_id=proposal_id)
    return proposal


def _standing(proposal: Proposal) -> Standing:
    decider = proposal.decided_by
    return Standing(
        status=ProposalStatus(proposal.status),
        expires_at=proposal.expires_at,
        decided_by=None if decider is None else decider.username,
    )


def _is_another(proposal: Proposal, actor: Actor, given: Mapping[int, User]) -> None:
    if proposal.proposed_by_id == actor.user.pk and not proposal.account.allows_self_approval:
        raise SelfApprovalError("Who proposed or changed a trade does not approve it; another approver may.")
    if actor.user.pk in given:
        raise SelfApprovalError("You have approved it already; a second person is needed.")
    if proposal.approvals_needed > 1:
        require_person(actor)
    for earlier in given.values():
        if not may(earlier, Action.APPROVE_PROPOSAL, proposal.account):
            raise ApproverGoneError(
                f"{earlier.username} approved it and may not any more: reject it, and decide the next one anew. "
                "Nothing was sent."
            )


def _accepted(proposal: Proposal, actor: Actor, reason: str) -> frozenset[str]:
    """Return the rules whose soft breaches the card showed; only who may, and with a reason, accepts them."""
    needed = gate.needed_for(proposal.verdict)
    if not needed:
        return frozenset()
    require_person(actor)
    for action in sorted(needed):
        if not may(actor.user, action, proposal.account):
            who = "an approver" if action is Action.OVERRIDE_PROTOCOL else "a risk officer"
            raise SoftLimitError(
                f"{gate.first_reason(proposal.verdict)} Only {who} may approve it, with a reason. Nothing was sent.",
                checks=gate.failures(proposal.verdict),
            )
    if len(reason.strip()) < OVERRIDE_REASON:
        raise InvalidInputError(f"To override a soft limit, give a reason of at least {OVERRIDE_REASON} characters.")
    return gate.soft_codes(proposal.verdict)


def _approval(proposal: Proposal, actor: Actor, now: datetime) -> Approval:
    approval = Approval(
        kind=Approval.Kind.PROPOSAL,
        proposal=proposal,
        user=actor.user,
        content_hash=proposal.content_hash,
        evidence=actor.evidence,
        approved_at=now,
    )
    rows.write([approval])
    return approval


def _move(
    proposal: Proposal,
    status: ProposalStatus,
    actor: Actor,
    now: datetime,
    *,
    reason_code: str = "",
    reason_text: str = "",
) -> Proposal:
    proposal.status = status
    proposal.version += 1
    proposal.reason_code, proposal.reason_text = reason_code, reason_text[:400]
    if status in (ProposalStatus.APPROVED, ProposalStatus.REJECTED):
        proposal.decided_by, proposal.decided_at = actor.user, now
    rows.write([], changed=[proposal], names=DECIDED)
    seen = {"hash": proposal.content_hash, "reason_code": reason_code, "reason": reason_text, **actor.evidence}
    record(
        f"proposal.{status.lower()}",
        f"proposal:{proposal.pk}",
        seen,
        actor=actor.name,
        at=now,
        account=proposal.account.code,
        trace_id=proposal.trace_id,
    )
    prefetch_related_objects([proposal], Prefetch("approvals", Approval.objects.select_related("user").order_by("id")))
    publish_on_commit("proposals", "proposal", proposal_row(proposal), account=proposal.account.code)
    return proposal


def _note_refusal(proposal_id: UUID, actor: Actor, error: RefusedError | InvalidInputError, now: datetime) -> None:
    record(
        "proposal.approval_refused",
        f"proposal:{proposal_id}",
        {"code": error.code, "message": error.message},
        actor=actor.name,
        at=now,
    )
