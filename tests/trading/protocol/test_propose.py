"""The strategy's run on the demo's market: proposals, notes, and how proposals end."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection

from allcore import live
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket, content_hash
from brokers.models import Account
from marketdata.domain import wire
from marketdata.selectors import quotes
from risk.models import KillScope, Verdict
from risk.services import kill
from tests.builders.market import write_quotes
from tests.trading.protocol.conftest import DemoDesk
from trading.domain.approval.decisions import NotOpenError
from trading.models import MarketWeek, ParameterSet, Proposal, StrategyNote
from trading.selectors.protocol import terms
from trading.services import decide, propose
from trading.services.change import BlockedError, OffTickError


def option_quote(proposal: Proposal) -> Quote:
    symbol = proposal.content["ticket"]["legs"][0]["symbol"]
    return quotes.latest([symbol])[symbol]


def shift(proposal: Proposal, by: str, demo: DemoDesk) -> None:
    """Move the market of the proposal's option."""
    quote = option_quote(proposal)
    assert quote.bid is not None
    assert quote.ask is not None
    moved = replace(quote, bid=quote.bid + Decimal(by), ask=quote.ask + Decimal(by), received_at=demo.now)
    write_quotes([moved])


def test_the_demo_proposes_one_lot_of_apple_and_amazon_at_its_start(demo: DemoDesk) -> None:
    outcomes = propose.run(now=demo.now)

    assert outcomes["PROPOSED"] == 2
    sentences = [p.content["sentence"] for p in Proposal.objects.order_by("underlying")]
    assert [s.split()[:3] for s in sentences] == [["Sell", "1", "AAPL"], ["Sell", "1", "AMZN"]]
    assert {p.account.code for p in Proposal.objects.all()} == {"REV-1"}


def test_every_sleeve_has_a_note_with_a_sentence(demo: DemoDesk) -> None:
    propose.run(now=demo.now)

    reasons = {(n.account.code, n.underlying): n.reason_code for n in StrategyNote.objects.all()}
    assert reasons == {
        ("GEN-1", "NVDA"): "entry_day",
        ("GEN-1", "TSLA"): "entry_day",
        ("REV-1", "AAPL"): "proposed",
        ("REV-1", "AMZN"): "proposed",
        ("REV-1", "MSFT"): "not_operable",
        ("COM-1", "AAPL"): "entry_day",
        ("COM-1", "AMZN"): "entry_day",
        ("COM-1", "MSFT"): "not_operable",
    }
    assert "the smallest lot binds $4" in demo.note("REV-1", "MSFT").sentence
    assert all(n.sentence.endswith(".") for n in StrategyNote.objects.all())


def test_the_card_holds_all_that_an_approver_sees(demo: DemoDesk) -> None:
    propose.run(now=demo.now)

    proposal = demo.pending("AAPL")
    card = proposal.content
    assert set(card) == {
        "sentence",
        "strategy",
        "ticket",
        "exchange_at",
        "why",
        "price",
        "changes",
        "limits",
        "payoff",
        "costs",
        "similar",
        "alternatives",
        "execution",
    }
    ticket = OrderTicket.from_dict(card["ticket"])
    assert card["why"]["market_week"]["klass"] == "GREEN"
    assert [r["code"] for r in card["why"]["rules"]] == ["entry", "market_week", "atr", "delta", "size"]
    assert sum(card["why"]["expected"].values()) == pytest.approx(1, abs=0.001)
    assert Decimal(card["price"]["bid"]) <= Decimal(card["price"]["limit"]) <= Decimal(card["price"]["ask"])
    assert card["price"]["source"] == "SIMULATED"
    assert [c["name"] for c in card["changes"]][1:] == [
        "Cash",
        "Cash secured",
        "Deployed",
        "Delta",
        "Gamma",
        "Theta",
        "Vega",
    ]
    limit = ticket.limit_price or Decimal(0)
    cash = next(c for c in card["changes"] if c["name"] == "Cash")
    assert Decimal(cash["after"]) - Decimal(cash["before"]) == 100 * limit - Decimal("0.65")
    assert len(card["payoff"]["prices"]) == len(card["payoff"]["today"]) == 61
    assert card["payoff"]["max_profit"] == pytest.approx(float(100 * limit) - 0.65)
    assert card["costs"]["fees"] == "0.65"
    assert {row["outcome"] for row in card["limits"]} == {"PASS"}
    assert card["alternatives"][-1]["sentence"] == "Do nothing"


def test_a_proposal_is_bound_to_its_card_and_has_a_verdict_and_an_audit_entry(demo: DemoDesk) -> None:
    propose.run(now=demo.now)

    proposal = demo.pending("AAPL")
    assert proposal.content_hash == content_hash(proposal.content)  # also as the database gives it back
    assert proposal.verdict.outcome == Verdict.Outcome.PASS
    assert proposal.expires_at - proposal.proposed_at == timedelta(minutes=15)
    assert proposal.proposed_by is None
    entry = AuditEntry.objects.get(subject=f"proposal:{proposal.pk}")
    assert (entry.action, entry.actor, entry.trace_id) == ("proposal.proposed", "desk:strategy", proposal.trace_id)


def test_browsers_hear_of_a_new_proposal_once_it_is_committed(
    demo: DemoDesk, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    listener = live.client().pubsub()
    listener.subscribe(live.CHANNEL)
    listener.get_message(timeout=1)

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        propose.run(now=demo.now)

    message = listener.get_message(timeout=1)
    assert message is not None
    assert b'"stream":"proposals"' in message["data"]
    listener.close()


def test_running_again_changes_nothing(demo: DemoDesk) -> None:
    propose.run(now=demo.now)
    before = sorted(Proposal.objects.values_list("pk", "version", "status"))

    propose.run(now=demo.now)

    assert sorted(Proposal.objects.values_list("pk", "version", "status")) == before


def test_two_runs_at_once_make_one_proposal_a_sleeve(committed_demo: DemoDesk) -> None:
    barrier = Barrier(2)

    def run() -> None:
        try:
            barrier.wait(10)
            propose.run(now=committed_demo.now)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(run) for _ in range(2)]:
            done.result(60)

    assert sorted(Proposal.objects.values_list("underlying", "status")) == [("AAPL", "PENDING"), ("AMZN", "PENDING")]


def test_what_is_proposed_for_one_name_is_not_free_for_the_next(demo: DemoDesk) -> None:
    account = Account.objects.get(code="REV-1")
    parameter_set = ParameterSet.objects.get(is_active=True)
    parameter_set.parameters["accounts"]["rev"]["deploy"] = ["0.0", "0.40"]  # 30,000: room for one lot, not two
    parameter_set.save(update_fields=["parameters"])

    propose.run(now=demo.now)

    assert Proposal.objects.filter(account=account).count() == 1
    assert demo.note("REV-1", "AMZN").reason_code == "no_room"


def test_a_market_that_moved_takes_the_card_back_and_proposes_the_new_numbers(demo: DemoDesk) -> None:
    propose.run(now=demo.now)
    old = demo.pending("AAPL")
    shift(old, "0.20", demo)

    propose.run(now=demo.now)

    old.refresh_from_db()
    new = demo.pending("AAPL")
    assert old.status == "WITHDRAWN"
    assert "The market moved" in old.reason_text
    assert Decimal(new.content["price"]["mid"]) - Decimal(old.content["price"]["mid"]) == Decimal("0.20")


def test_a_market_that_moved_within_the_tolerance_leaves_the_card(demo: DemoDesk) -> None:
    propose.run(now=demo.now)
    old = demo.pending("AAPL")
    shift(old, "0.05", demo)

    propose.run(now=demo.now)

    assert demo.pending("AAPL") == old


def test_what_a_person_holds_is_not_taken_back(demo: DemoDesk) -> None:
    propose.run(now=demo.now)
    old = demo.pending("AAPL")
    decide.hold(proposal_id=old.pk, actor=demo.actor("approver"), now=demo.now)
    shift(old, "0.20", demo)

    propose.run(now=demo.now)

    old.refresh_from_db()
    assert old.status == "HELD"
    assert not Proposal.objects.filter(underlying="AAPL", status="PENDING").exists()


def test_after_a_rejection_the_name_rests(demo: DemoDesk) -> None:
    propose.run(now=demo.now)
    decide.reject(
        proposal_id=demo.pending("AAPL").pk,
        reason_code="TIMING",
        reason_text="",
        actor=demo.actor("approver"),
        now=demo.now,
    )

    propose.run(now=demo.now)

    assert demo.note("REV-1", "AAPL").reason_code == "cool_down"
    assert not Proposal.objects.filter(underlying="AAPL", status="PENDING").exists()


def test_a_run_that_read_the_book_before_an_approval_proposes_nothing_beside_it(demo: DemoDesk) -> None:
    propose.run(now=demo.now)
    own = Proposal.objects.filter(pk=demo.pending("AAPL").pk)
    beside = Proposal.objects.filter(underlying="AAPL").exclude(pk=own.get().pk)
    who = User.objects.get(username="approver")

    # Its order is not there yet: so the run sees it that read the book before.
    own.update(status="APPROVED", decided_by=who, decided_at=demo.now - timedelta(seconds=4.9))
    propose.run(now=demo.now)
    assert not beside.exists()
    assert demo.note("REV-1", "AAPL").reason_code == "order_working"

    own.update(decided_at=demo.now - timedelta(seconds=5))
    propose.run(now=demo.now)
    assert beside.exists()


def test_a_proposal_expires_at_its_time_and_not_before(demo: DemoDesk) -> None:
    propose.run(now=demo.now)
    ends = demo.pending("AAPL").expires_at

    assert propose.expire(now=ends - timedelta(microseconds=1)) == 0
    assert propose.expire(now=ends) == 2
    assert propose.expire(now=ends) == 0
    assert set(Proposal.objects.values_list("status", flat=True)) == {"EXPIRED"}


def test_an_engaged_kill_switch_takes_the_strategys_cards_back(demo: DemoDesk) -> None:
    propose.run(now=demo.now)
    kill.engage(
        scope=KillScope.GLOBAL, target="", level=1, actor=demo.actor("trader"), reason="Looks odd.", now=demo.now
    )

    propose.run(now=demo.now)

    assert demo.note("REV-1", "AAPL").reason_code == "kill"
    assert set(Proposal.objects.values_list("status", flat=True)) == {"WITHDRAWN"}


def test_without_quotes_nothing_is_proposed_and_the_reason_is_data(demo: DemoDesk) -> None:
    for name in ("AAPL", "AMZN"):
        live.client().delete(wire.quotes_key(name))

    propose.run(now=demo.now)

    assert not Proposal.objects.exists()
    assert demo.note("REV-1", "AAPL").reason_code == "data"


def test_without_parameters_every_known_sleeve_says_so(demo: DemoDesk) -> None:
    propose.run(now=demo.now)
    ParameterSet.objects.update(is_active=False)

    propose.run(now=demo.now)

    assert set(StrategyNote.objects.values_list("reason_code", flat=True)) == {"data"}


def test_an_idea_that_risk_blocks_is_a_note_and_no_proposal(demo: DemoDesk) -> None:
    Account.objects.get(code="REV-1").connection.__class__.objects.update(state="DOWN")

    propose.run(now=demo.now)

    assert not Proposal.objects.exists()
    note = demo.note("REV-1", "AAPL")
    assert note.reason_code == "risk"
    assert note.sentence.startswith("Risk blocks it:")


def changed(demo: DemoDesk, **new: object) -> Proposal:
    wanted = propose.Numbers(**new)  # type: ignore[arg-type]
    return propose.change(proposal_id=demo.pending("AAPL").pk, new=wanted, actor=demo.actor("trader"), now=demo.now)


def test_a_change_replaces_the_card_and_runs_risk_anew(demo: DemoDesk) -> None:
    propose.run(now=demo.now)
    old = demo.pending("AAPL")
    price = Decimal(old.content["price"]["limit"]) + Decimal("0.01")

    new = changed(demo, limit_price=price)

    old.refresh_from_db()
    assert old.status == "SUPERSEDED"
    assert (new.supersedes, new.status, new.trace_id) == (old, "PENDING", old.trace_id)
    assert new.proposed_by == demo.actor("trader").user
    assert Decimal(new.content["price"]["limit"]) == price
    assert new.verdict != old.verdict
    assert new.content_hash != old.content_hash


def test_a_persons_change_is_not_taken_back_by_the_strategy(demo: DemoDesk) -> None:
    propose.run(now=demo.now)
    new = changed(demo, limit_price=Decimal(demo.pending("AAPL").content["price"]["limit"]) + Decimal("0.01"))
    shift(new, "0.20", demo)

    propose.run(now=demo.now)

    assert demo.pending("AAPL") == new


def test_a_change_that_cannot_be_meant_leaves_the_card(demo: DemoDesk) -> None:
    propose.run(now=demo.now)
    old = demo.pending("AAPL")

    with pytest.raises(OffTickError):
        changed(demo, limit_price=Decimal("1.005"))
    with pytest.raises(InvalidInputError, match="Nothing changes"):
        changed(demo)
    with pytest.raises(InvalidInputError, match="Quantity is at least 1"):
        changed(demo, quantity=0)
    with pytest.raises(BlockedError):
        changed(demo, quantity=5)

    assert demo.pending("AAPL") == old


def test_only_who_may_changes_and_only_what_is_open(demo: DemoDesk) -> None:
    propose.run(now=demo.now)
    old = demo.pending("AAPL")
    new = propose.Numbers(limit_price=Decimal(old.content["price"]["limit"]) + Decimal("0.01"))

    with pytest.raises(ForbiddenError):
        propose.change(proposal_id=old.pk, new=new, actor=demo.actor("viewer"), now=demo.now)
    with pytest.raises(NotFoundError):
        propose.change(proposal_id=uuid4(), new=new, actor=demo.actor("trader"), now=demo.now)
    propose.expire(now=old.expires_at)
    with pytest.raises(NotOpenError):
        propose.change(proposal_id=old.pk, new=new, actor=demo.actor("trader"), now=demo.now)


def test_the_gates_terms_follow_the_tier_and_the_week(demo: DemoDesk) -> None:
    gen, rev = (terms(Account.objects.get(code=code), demo.now) for code in ("GEN-1", "REV-1"))

    assert (gen.delta_range, gen.entry_open, gen.calls_open) == ((40, 50), False, True)
    assert (rev.delta_range, rev.entry_open) == ((30, 40), True)
    assert (rev.name_cap, rev.deployment_cap) == (Decimal("0.40"), Decimal("0.95"))
    assert rev.universe == {"AAPL", "AMZN", "MSFT"}
    assert rev.dte_sessions == (2, 4)


def test_without_a_classed_week_the_terms_open_nothing(demo: DemoDesk) -> None:
    MarketWeek.objects.all().delete()

    shut = terms(Account.objects.get(code="REV-1"), demo.now)

    assert (shut.delta_range, shut.entry_open, shut.calls_open) == (None, False, False)
    assert shut.deployment_cap == 0
