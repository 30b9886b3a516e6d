"""A proposal comes to be: the gate's verdict, the card, the row, the audit entry; all or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from allcore.accounts.models import User
from allcore.audit.services import record
from allcore.kernel.tickets import OrderTicket, content_hash
from allcore.live import publish_on_commit
from allcore.logs import new_trace_id
from brokers.models import Account
from marketdata.selectors.clock import rate
from risk.domain.request import GateRequest
from risk.domain.verdict import Assessment
from risk.services import gate
from trading.domain.algos.execution import Json
from trading.domain.proposals.card import Reasons, Surroundings, build
from trading.models import Proposal
from trading.selectors.proposals import with_people
from trading.selectors.rows import proposal_row
from trading.selectors.similar import similar
from trading.services.algos import executions
from trading.services.algos.executions import Asked

ACTOR = "desk:strategy"


@dataclass(frozen=True, slots=True)
class Offer:
    """What is to be proposed, to whom it belongs, and how long it waits. A person's change names whom and what."""

    account: Account
    ticket: OrderTicket
    reasons: Reasons
    approvals_needed: int
    minutes: int
    fee: Decimal
    proposed_by: User | None = None
    actor: str = ACTOR
    supersedes: Proposal | None = None
    asked: Asked | None = None  # how a person wants it to go to the market


def sleeve_key(account: str, underlying: str, strategy: str) -> str:
    """Return the key of which one proposal may be open."""
    return f"{account}:{underlying}:{strategy}"


@transaction.atomic
def offer(wanted: Offer, request: GateRequest, assessment: Assessment, *, now: datetime) -> Proposal:
    """Write the verdict and the proposal, and tell the browsers once it is committed.

    Raises:
        NoPriceError: the card lacks a price.
        IntegrityError: the sleeve has an open proposal; whoever was first made it.
    """
    account, ticket, strategy = wanted.account, wanted.ticket, wanted.reasons.strategy
    past = similar(account, ticket.underlying, strategy)
    content = build(request, assessment, wanted.reasons, Surroundings(rate(), wanted.fee, past))
    old = wanted.supersedes
    content["execution"] = _execution(wanted, request)
    proposal = Proposal.objects.create(
        account=account,
        strategy=strategy,
        underlying=ticket.underlying,
        sleeve_key=sleeve_key(account.code, ticket.underlying, strategy),
        content=content,
        content_hash=content_hash(content),
        verdict=gate.record(request, assessment),
        approvals_needed=wanted.approvals_needed,
        proposed_by=wanted.proposed_by,
        supersedes=old,
        trace_id=new_trace_id() if old is None else old.trace_id,
        proposed_at=now,
        expires_at=now + timedelta(minutes=wanted.minutes),
    )
    seen = {"sentence": content["sentence"], "hash": proposal.content_hash, "outcome": str(assessment.outcome)}
    note(proposal, "proposal.proposed", {**seen, "supersedes": None if old is None else str(old.pk)}, wanted.actor, now)
    tell(proposal)
    return proposal


def _execution(wanted: Offer, request: GateRequest) -> Json:
    """Return how it goes to the market: as a person asked, as the card it replaces said, or as the desk does."""
    strategy = wanted.reasons.strategy
    if wanted.asked is not None:
        return executions.of_person(request, strategy, wanted.asked)
    if wanted.supersedes is not None:
        return executions.again(request, strategy, wanted.supersedes.content.get("execution"))
    return executions.of_desk(request, strategy)


def note(proposal: Proposal, action: str, seen: Mapping[str, object], actor: str, now: datetime) -> None:
    """Put down what befell a proposal, in the caller's transaction."""
    record(
        action,
        f"proposal:{proposal.pk}",
        seen,
        actor=actor,
        at=now,
        account=proposal.account.code,
        trace_id=proposal.trace_id,
    )


def tell(proposal: Proposal) -> None:
    """Send the proposal's row to the browsers once the transaction is committed."""
    shown = with_people(Proposal.objects.filter(pk=proposal.pk)).get()
    publish_on_commit("proposals", "proposal", proposal_row(shown), account=shown.account.code)
