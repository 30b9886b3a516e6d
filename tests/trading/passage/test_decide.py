"""Decisions: bound to what was shown, won by one, checked again at the click."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from django.db import connections

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import DeskError, ForbiddenError, InvalidInputError
from allcore.kernel.tickets import OrderTicket, content_hash
from brokers.models import Account
from risk.models import AccountGrant, Limit, Role
from risk.services import gate
from tests.builders import market
from tests.trading.passage.conftest import STOCK, draft, refresh
from trading.domain.approval.decisions import NotOpenError
from trading.domain.tickets import complete
from trading.models import Approval, Order, Proposal
from trading.selectors import exposures
from trading.services import decide, kill

pytestmark = pytest.mark.usefixtures("desk")


@pytest.fixture
def proposal() -> Proposal:
    return propose()


def propose(*, proposed_by: User | None = None, needed: int = 1, seconds: float = 900) -> Proposal:
    """Make a proposal to buy ten shares, as the engine would leave it."""
    now, account = utc_now(), Account.objects.select_related("connection").get(code="GEN-1")
    ticket: OrderTicket = complete(draft(), {STOCK: 1})
    request = exposures.gate_request(account, ticket, now=now, is_manual=False)
    verdict = gate.record(request, gate.assess(request))
    content: dict[str, object] = {"sentence": "Buy 10 AAPL", "ticket": ticket.as_dict(), "price": {"mid": "200.00"}}
    return Proposal.objects.create(
        account=account,
        strategy=Proposal.Strategy.BUY_TO_CLOSE,
        underlying=STOCK,
        sleeve_key=str(uuid4()),
        content=content,
        content_hash=content_hash(content),
        verdict=verdict,
        approvals_needed=needed,
        proposed_by=proposed_by,
        trace_id="t",
        proposed_at=now,
        expires_at=now + timedelta(seconds=seconds),
    )


def approve(proposal: Proposal, actor: Actor, *, content_hash: str = "", reason: str = "") -> decide.Decided:
    refresh()
    shown = content_hash or proposal.content_hash
    return decide.approve(proposal_id=proposal.pk, content_hash=shown, actor=actor, now=utc_now(), reason=reason)


def test_an_approval_stages_the_order_under_the_proposal_s_trace(proposal: Proposal, trader: Actor) -> None:
    decided = approve(proposal, trader)

    assert decided.order is not None
    assert decided.order.status == "READY"
    assert decided.order.proposal == proposal
    assert decided.order.trace_id == proposal.trace_id
    assert decided.order.approval == Approval.objects.get(proposal=proposal, user=trader.user)
    assert decided.proposal.status == "APPROVED"
    assert AuditEntry.objects.filter(action="proposal.approved", subject=f"proposal:{proposal.pk}").count() == 1


def test_two_people_at_the_same_instant_make_one_order_and_the_other_is_told_who(
    proposal: Proposal, trader: Actor, second_trader: Actor
) -> None:
    barrier, won, told = Barrier(2), [], []

    def press(actor: Actor) -> None:
        barrier.wait()
        try:
            won.append(
                decide.approve(
                    proposal_id=proposal.pk, content_hash=proposal.content_hash, actor=actor, now=utc_now()
                ).proposal.decided_by
            )
        except NotOpenError as e:
            told.append(e.message)
        finally:
            connections.close_all()

    threads = [Thread(target=press, args=(actor,)) for actor in (trader, second_trader)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(won) == 1
    assert str(won[0]) in told[0]
    assert Order.objects.count() == 1


def test_an_approval_of_another_card_is_refused(proposal: Proposal, trader: Actor) -> None:
    with pytest.raises(decide.NeedsReconfirmError, match="look again"):
        approve(proposal, trader, content_hash="0" * 64)

    assert not Order.objects.exists()
    assert AuditEntry.objects.filter(action="proposal.approval_refused").count() == 1


def test_a_market_that_moved_past_the_tolerance_must_be_seen_first(proposal: Proposal, trader: Actor) -> None:
    content = {**proposal.content, "price": {"mid": "160.00"}}
    Proposal.objects.filter(pk=proposal.pk).update(content=content)

    with pytest.raises(decide.NeedsReconfirmError, match="market moved"):
        approve(proposal, trader)


@pytest.mark.parametrize(("age", "word"), [(5.5, "old")])
def test_a_quote_older_than_five_seconds_must_be_refreshed_first(
    proposal: Proposal, trader: Actor, age: float, word: str
) -> None:
    stale = replace(market.quote(STOCK, "199.98", "200.02"), received_at=utc_now() - timedelta(seconds=age))
    market.write_quotes([stale])

    with pytest.raises(decide.NeedsReconfirmError, match=word):
        decide.approve(proposal_id=proposal.pk, content_hash=proposal.content_hash, actor=trader, now=utc_now())


def test_a_missing_quote_is_no_approval(proposal: Proposal, trader: Actor) -> None:
    market.write_quotes([market.quote(STOCK, None, "200.02")])

    with pytest.raises(decide.NeedsReconfirmError, match="one_sided"):
        decide.approve(proposal_id=proposal.pk, content_hash=proposal.content_hash, actor=trader, now=utc_now())


def test_risk_is_asked_again_at_the_click(proposal: Proposal, trader: Actor) -> None:
    Account.objects.filter(code="GEN-1").update(is_enabled=False)

    with pytest.raises(decide.NeedsReconfirmError, match="Risk has changed"):
        approve(proposal, trader)

    assert not Order.objects.exclude(status="DENIED").exists()
    proposal.refresh_from_db()
    assert proposal.status == "PENDING"
    assert not Approval.objects.exists()


def test_who_may_not_override_a_soft_limit_is_told_which_it_is(trader: Actor) -> None:
    Limit.objects.filter(code="order_notional_paper").update(soft=1_000)
    proposal = propose()

    with pytest.raises(decide.SoftLimitError, match=r"notional is \$2,000.20; the soft limit is \$1,000.00") as refused:
        approve(proposal, trader)

    assert refused.value.message.endswith("Only a risk officer may approve it, with a reason. Nothing was sent.")
    assert [row["code"] for row in refused.value.context["checks"]] == ["order_notional"]  # type: ignore[attr-defined]  # a list
    assert not Order.objects.exists()


def test_an_approval_lifts_only_the_soft_limits_that_its_card_showed(trader: Actor) -> None:
    AccountGrant.objects.create(user=trader.user, account=None, role=Role.RISK_OFFICER)
    officer = Actor(User.objects.get(pk=trader.user.pk))
    Limit.objects.filter(code="order_notional_paper").update(soft=1_000)
    proposal = propose()
    Limit.objects.filter(code="name_account").update(soft=0)

    with pytest.raises(decide.NeedsReconfirmError, match="Risk has changed"):
        approve(proposal, officer, reason="The hedge needs the whole size today")

    assert not Approval.objects.exists()
    Limit.objects.filter(code="name_account").update(soft=1)
    assert approve(proposal, officer, reason="The hedge needs the whole size today").order is not None


def test_an_expired_proposal_is_not_approved_though_nobody_has_swept_it(trader: Actor) -> None:
    late = propose(seconds=0)

    with pytest.raises(NotOpenError, match="expired"):
        approve(late, trader)


def test_a_viewer_decides_nothing(proposal: Proposal) -> None:
    viewer = Actor(User.objects.get(username="viewer"))

    with pytest.raises(ForbiddenError):
        approve(proposal, viewer)
    with pytest.raises(ForbiddenError):
        decide.reject(proposal_id=proposal.pk, reason_code="PRICE", reason_text="", actor=viewer, now=utc_now())


@pytest.mark.parametrize(("allowed", "fails"), [(False, True), (True, False)])
def test_who_changed_a_trade_approves_it_only_where_the_account_says_so(
    trader: Actor, allowed: bool, fails: bool
) -> None:
    Account.objects.update(allows_self_approval=allowed)
    own = propose(proposed_by=trader.user)

    if fails:
        with pytest.raises(decide.SelfApprovalError):
            approve(own, trader)
    else:
        assert approve(own, trader).order is not None


def test_a_second_press_by_who_approved_is_told_that_it_is_approved(trader: Actor) -> None:
    proposal = propose()
    approve(proposal, trader)

    with pytest.raises(NotOpenError, match="approved by"):
        approve(proposal, trader)


def test_four_eyes_need_two_people(trader: Actor, second_trader: Actor) -> None:
    large = propose(needed=2)

    first = approve(large, trader)
    with pytest.raises(decide.SelfApprovalError, match="second person"):
        approve(large, trader)
    second = approve(large, second_trader)

    assert (first.proposal.status, first.order) == ("PARTIAL", None)
    assert second.proposal.status == "APPROVED"
    assert second.order is not None


def test_neither_of_four_eyes_is_a_script_s(trader: Actor, second_trader: Actor) -> None:
    large = propose(needed=2)

    for first in (True, False):
        with pytest.raises(ForbiddenError, match="in the browser"):
            approve(large, replace(second_trader, via="token", token_name="bot"))
        if first:
            approve(large, trader)

    assert not Order.objects.exists()


def test_a_script_accepts_no_soft_block(trader: Actor) -> None:
    AccountGrant.objects.create(user=trader.user, account=None, role=Role.RISK_OFFICER)
    officer = Actor(User.objects.get(pk=trader.user.pk), via="token", token_name="bot")
    Limit.objects.filter(code="order_notional_paper").update(soft=1_000)

    with pytest.raises(ForbiddenError, match="in the browser"):
        approve(propose(), officer, reason="The hedge needs the whole size today")

    assert not Order.objects.exists()


def test_a_script_approves_what_one_person_may_alone(proposal: Proposal, trader: Actor) -> None:
    assert approve(proposal, replace(trader, via="token", token_name="bot")).order is not None


def test_a_first_approval_counts_only_while_its_giver_may_approve(trader: Actor, second_trader: Actor) -> None:
    large = propose(needed=2)
    approve(large, trader)
    User.objects.filter(pk=trader.user.pk).update(is_active=False)

    with pytest.raises(decide.ApproverGoneError, match="trader approved it and may not any more"):
        approve(large, second_trader)

    assert not Order.objects.exists()


@pytest.mark.parametrize(("code", "text"), [("", ""), ("WHIM", ""), ("OTHER", " ")])
def test_a_rejection_without_a_reason_changes_nothing(proposal: Proposal, trader: Actor, code: str, text: str) -> None:
    with pytest.raises(InvalidInputError):
        decide.reject(proposal_id=proposal.pk, reason_code=code, reason_text=text, actor=trader, now=utc_now())

    proposal.refresh_from_db()
    assert proposal.status == "PENDING"


def test_a_rejection_leaves_its_reason_and_who(proposal: Proposal, trader: Actor) -> None:
    decide.reject(proposal_id=proposal.pk, reason_code="PRICE", reason_text="too low", actor=trader, now=utc_now())

    proposal.refresh_from_db()
    assert (proposal.status, proposal.reason_code, proposal.reason_text) == ("REJECTED", "PRICE", "too low")
    assert proposal.decided_by == trader.user
    with pytest.raises(NotOpenError, match="trader"):
        approve(proposal, trader)


def test_holding_twice_lets_go(proposal: Proposal, trader: Actor) -> None:
    statuses = [decide.hold(proposal_id=proposal.pk, actor=trader, now=utc_now()).status for _ in range(2)]

    assert statuses == ["HELD", "PENDING"]


def test_the_kill_switch_voids_what_waits_and_cancels_what_works(
    proposal: Proposal, trader: Actor, desk: object
) -> None:
    order = approve(propose(), trader).order
    assert order is not None

    kill.engage(scope="GLOBAL", target="", level=3, reason="", actor=trader, now=utc_now())

    proposal.refresh_from_db()
    order.refresh_from_db()
    assert proposal.status == "VOIDED"
    assert order.status == "ABANDONED"
    with pytest.raises(DeskError):
        approve(proposal, trader)
