"""The strategy's run: each account, each name; a proposal or a note of why there is none."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import IntegrityError

from allcore.kernel.errors import DeskError, UnavailableError
from allcore.kernel.tickets import OrderTicket
from brokers.models import Account
from risk.services import gate
from trading.domain.proposals.card import reasons_of
from trading.domain.proposals.decide import decide
from trading.domain.proposals.refresh import is_stale
from trading.domain.proposals.view import Idea, Note, SleeveView, waiting
from trading.domain.protocol.words import Reason
from trading.models import Proposal
from trading.selectors import exposures
from trading.selectors.protocol import evidence_of
from trading.selectors.seats import Desk, desk, seat
from trading.selectors.sleeves import view
from trading.services import endings, notes
from trading.services.algos import executions
from trading.services.change import Numbers as Numbers  # noqa: PLC0414 callers say propose.Numbers; mypy asks for this form
from trading.services.change import change as change  # noqa: PLC0414 as above
from trading.services.endings import expire as expire  # noqa: PLC0414 as above
from trading.services.offer import Offer, offer, sleeve_key

# A run may have read the book before an approval whose order it does not see: a name rests for so long after one.
SETTLING = timedelta(seconds=5)
# What passes in seconds does not take a card away from who is reading it.
PASSING = frozenset({Reason.DATA, Reason.ORDER_WORKING})


def run(*, now: datetime) -> Counter[str]:
    """Look at every sleeve once; return how many ended in which outcome. Safe to run twice at once."""
    outcomes: Counter[str] = Counter()
    desks: dict[str, Desk] = {}
    protocols = Account.objects.exclude(tier=Account.Tier.MANUAL).select_related("connection")
    for account in protocols.order_by("position_order", "id"):
        environment, at = account.connection.environment, now
        try:
            if environment not in desks:
                desks[environment] = desk(environment, now=now)
            at = desks[environment].exchange_now
            decided = _account(account, desks[environment])
        except UnavailableError as e:
            decided = notes.for_known_sleeves(account, waiting(Reason.DATA, f"{e.message} Nothing is traded without."))
        notes.keep(account, decided, at=at)
        outcomes.update(note.outcome for note in decided.values())
    return outcomes


def _account(account: Account, shared: Desk) -> dict[str, Note]:
    own = seat(shared, account)
    # One by one: what was just proposed for one name is not free for the next.
    return {name: _sleeve(account, view(shared, own, name), shared) for name in own.names}


def _sleeve(account: Account, seen: SleeveView, shared: Desk) -> Note:
    decided = decide(seen)
    opened = Proposal.objects.filter(account=account, underlying=seen.underlying, status__in=Proposal.OPEN)
    opened = opened.exclude(strategy__in=(Proposal.Strategy.OFFSET, Proposal.Strategy.CLOSE_SHORT))  # not its own
    if isinstance(decided, Idea):
        return _put_forward(account, seen, decided, shared)
    if decided.reason not in PASSING:
        for proposal_id in opened.values_list("pk", flat=True):
            endings.withdraw(proposal_id, reason=decided.sentence, now=shared.now)
    if waits := opened.order_by("proposed_at", "id").first():
        return _proposed(str(waits.content["sentence"]))
    return decided


def _put_forward(account: Account, seen: SleeveView, idea: Idea, shared: Desk) -> Note:
    key = sleeve_key(account.code, seen.underlying, idea.strategy)
    standing = Proposal.objects.filter(sleeve_key=key, status__in=Proposal.OPEN).first()
    if standing is not None:
        shown = standing.content
        old = OrderTicket.from_dict(shown["ticket"])
        stale = is_stale(seen, idea, old, str(shown["price"]["mid"]))
        if stale is None or not endings.withdraw(standing.pk, reason=stale, now=shared.now):
            return _proposed(str(shown["sentence"]))
    just_approved = Proposal.objects.filter(account=account, underlying=seen.underlying, status="APPROVED")
    if just_approved.filter(decided_at__gt=shared.now - SETTLING).exists():
        return waiting(Reason.ORDER_WORKING, f"A trade in {seen.underlying} has just been approved.")
    try:
        return offer_idea(account, idea, shared)
    except IntegrityError:
        return waiting(Reason.PROPOSED, "Another run of the strategy has just proposed it.")
    except DeskError as e:
        return waiting(Reason.DATA, e.message)


def offer_idea(account: Account, idea: Idea, shared: Desk) -> Note:
    """Propose the idea, with room to give way where it walks, or say why risk does not let it through.

    Raises:
        DeskError: a number is missing.
        IntegrityError: the sleeve has an open proposal.
    """
    request = exposures.gate_request(account, idea.ticket, now=shared.now, is_manual=False)
    ticket = executions.with_room(request, idea.least)
    request = replace(request, ticket=ticket)
    assessment = gate.assess(request)
    if assessment.is_blocked:
        return waiting(Reason.RISK, f"Risk blocks it: {assessment.message}", ticket=ticket.as_dict())
    if shared.market is None:
        return waiting(Reason.DATA, "The market's class for this week is not known.")
    wanted = Offer(
        account=account,
        ticket=ticket,
        reasons=reasons_of(idea, shared.market, evidence_of(shared.week)),
        approvals_needed=idea.approvals_needed,
        minutes=idea.minutes,
        fee=shared.parameters.fees.option,
    )
    made = offer(wanted, request, assessment, now=shared.now)
    return _proposed(str(made.content["sentence"]))


def _proposed(sentence: str) -> Note:
    return Note("PROPOSED", Reason.PROPOSED, f"Proposed: {sentence}.")
