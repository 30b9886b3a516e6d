"""An approved proposal that an algorithm works: one parent, bound to what was shown, or none and the proposal open."""

from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connections

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import DeskError, InvalidInputError
from allcore.kernel.tickets import OrderTicket, content_hash
from brokers.models import Account
from risk.models import AccountGrant, Limit, Reservation
from tests.builders import market
from tests.builders.reports import fill, leg_fill
from tests.trading.algos.conftest import (
    MULTIPLIERS,
    SHORT,
    STOCK,
    WING,
    Floor,
    another,
    children,
    propose,
    refresh,
    spread,
)
from trading.domain.approval.decisions import NotOpenError
from trading.domain.tickets import complete
from trading.models import AlgoRun, Approval, Order, Proposal
from trading.selectors import exposures
from trading.selectors.attribution import parts
from trading.selectors.rows import proposal_row
from trading.selectors.similar import similar
from trading.services import change, decide, kill, upkeep
from trading.services.algos import executions
from trading.services.algos.approved import CannotStartError
from trading.services.algos.choosing import NotForAlgorithmsError
from trading.services.algos.executions import Asked
from trading.services.settle import apply_reports

desked = pytest.mark.usefixtures("desk")


def approve(proposal: Proposal, actor: Actor, **said: Any) -> decide.Decided:
    refresh()
    shown = said.pop("content_hash", proposal.content_hash)
    return decide.approve(proposal_id=proposal.pk, content_hash=shown, actor=actor, now=utc_now(), **said)


def reshape(proposal: Proposal, actor: Actor, algo: str, **parameters: Any) -> Proposal:
    refresh()
    asked = Asked(algo, parameters)
    return change.change(proposal_id=proposal.pk, new=change.Numbers(execution=asked), actor=actor, now=utc_now())


@desked
def test_a_spread_walks_by_default_and_its_card_says_so_in_words() -> None:
    shown = propose().content["execution"]

    assert (shown["algo"], shown["by"], shown["start"], shown["limit"]) == ("LIMIT_WALK", "table", "0.63", "0.58")
    assert shown["sentence"] == (
        "Starts near 0.63 and gives way in up to 5 steps of 30 to 60 s, within 30 min. Never beyond 0.58."
    )
    assert shown["advice"]["row"] == 2
    assert shown["parameters"]["steps"] == 5


@desked
def test_a_single_leg_goes_as_one_limit_order_and_the_card_says_what_the_table_thinks() -> None:
    leg = {"symbol": SHORT, "side": "SELL", "position_effect": "OPEN", "ratio": 1}
    shown = propose(legs=[leg], limit_price=Decimal("1.43"), quantity=1).content["execution"]

    assert (shown["algo"], shown["by"], shown["sentence"]) == ("PLAIN", "desk", "One limit order at 1.43, day.")
    assert shown["advice"]["suggests"] == "Limit walk"


@desked
def test_an_offset_never_waits_for_an_algorithm(trader: Actor) -> None:
    offset = propose(strategy="OFFSET")

    assert offset.content["execution"]["algo"] == "PLAIN"
    with pytest.raises(InvalidInputError, match="offset of a fault"):
        reshape(offset, trader, "LIMIT_WALK")


@desked
def test_an_approval_starts_one_parent_in_place_of_the_order(trader: Actor) -> None:
    proposal = propose()

    decided = approve(proposal, trader)

    run = AlgoRun.objects.get()
    assert (decided.run, decided.order) == (run, None)
    assert (run.proposal, run.approval, run.origin) == (proposal, Approval.objects.get(), "PROPOSAL")
    assert (run.quantity, run.trace_id, run.started_by) == (4, proposal.trace_id, trader.user)
    assert run.approval.content_hash == proposal.content_hash
    assert not Order.objects.exists()
    assert Reservation.objects.get(order_id=run.pk, released_at=None).quantity == 4
    proposal.refresh_from_db()
    row = proposal_row(proposal)
    assert (row["status"], row["run_id"], row["order_id"]) == ("APPROVED", str(run.pk), None)
    started = AuditEntry.objects.get(action="algo.started")
    assert (started.payload["proposal"], started.trace_id) == (str(proposal.pk), proposal.trace_id)


@desked
def test_its_children_go_by_the_proposal_s_approval_and_the_parent_holds_the_rest(trader: Actor) -> None:
    run = approve(propose(), trader).run
    assert run is not None

    Floor().look()

    (child,) = children(run)
    assert (child.status, child.origin, child.approval, child.trace_id) == (
        "READY",
        "PROPOSAL",
        run.approval,
        run.trace_id,
    )
    held = Reservation.objects.filter(released_at=None)
    assert [(row.order_id, row.quantity) for row in held] == [(child.pk, 4)]


@desked
def test_who_may_approve_but_not_trade_has_the_walk_go_on_all_the_same(trader: Actor) -> None:
    run = approve(propose(), Actor(User.objects.get(username="approver"))).run
    assert run is not None
    floor = Floor()
    floor.look()
    floor.broker()

    floor.look(61)
    floor.broker()

    (child,) = children(run)
    assert [request.kind for request in child.requests.order_by("id")] == ["NEW", "REPLACE"]
    assert str(child.limit_price) == "0.6200"


@desked
def test_who_may_no_longer_approve_has_no_more_prices_asked_for(trader: Actor) -> None:
    approver = User.objects.get(username="approver")
    run = approve(propose(), Actor(approver)).run
    assert run is not None
    floor = Floor()
    floor.look()
    floor.broker()
    AccountGrant.objects.filter(user=approver).delete()

    floor.look(61)

    (child,) = children(run)
    assert [request.kind for request in child.requests.all()] == ["NEW"]


@desked
def test_another_execution_than_the_one_shown_is_not_approved(trader: Actor) -> None:
    proposal = propose()
    other = {**proposal.content, "execution": {**proposal.content["execution"], "minutes": 60}}

    with pytest.raises(decide.NeedsReconfirmError, match="look again"):
        approve(proposal, trader, content_hash=content_hash(other))

    assert not AlgoRun.objects.exists()


@desked
def test_the_card_before_a_change_is_not_approved_any_more(trader: Actor) -> None:
    old = propose()
    new = reshape(old, trader, "PLAIN")

    with pytest.raises(NotOpenError, match="superseded"):
        approve(old, another("second"))
    decided = approve(new, another("third"))

    assert new.content["execution"]["by"] == "person"
    assert decided.run is None
    assert decided.order is not None


@desked
def test_who_chose_the_execution_does_not_approve_it(trader: Actor) -> None:
    with pytest.raises(decide.SelfApprovalError):
        approve(reshape(propose(), trader, "TWAP", slices=4), trader)

    assert not AlgoRun.objects.exists()


@desked
def test_a_person_s_choice_is_worked_with_their_numbers(trader: Actor) -> None:
    changed = reshape(propose(), trader, "TWAP", slices=4)

    run = approve(changed, another("second")).run

    assert changed.content["execution"]["sentence"].startswith("4 equal parts in equal times within 30 min")
    assert run is not None
    assert (run.algo, run.parameters["slices"], run.choice["by"]) == ("TWAP", 4, "person")


@desked
def test_a_change_of_the_price_keeps_a_person_s_choice_and_makes_the_desk_s_anew(trader: Actor) -> None:
    chosen = reshape(propose(), trader, "TWAP", slices=4)
    lower = change.Numbers(limit_price=Decimal("0.60"))

    kept = change.change(proposal_id=chosen.pk, new=lower, actor=trader, now=utc_now()).content["execution"]

    assert (kept["algo"], kept["parameters"]["slices"], kept["limit"]) == ("TWAP", 4, "0.60")


@desked
def test_the_table_may_be_asked_to_choose(trader: Actor) -> None:
    changed = reshape(reshape(propose(), trader, "PLAIN"), trader, "AUTO")

    assert (changed.content["execution"]["algo"], changed.content["execution"]["by"]) == ("LIMIT_WALK", "table")


@desked
@pytest.mark.parametrize(
    ("algo", "parameters", "says"),
    [("TWAP", {"slices": 0}, "from 1 to 200"), ("TWAP", {"x": 1}, "no parameter"), ("LEGGING", {}, "accept_risk")],
)
def test_an_execution_that_cannot_be_meant_leaves_the_card_as_it_is(
    trader: Actor, algo: str, parameters: dict[str, Any], says: str
) -> None:
    proposal = propose()

    with pytest.raises(InvalidInputError, match=says):
        reshape(proposal, trader, algo, **parameters)

    proposal.refresh_from_db()
    assert proposal.status == "PENDING"


@desked
def test_after_the_close_nothing_is_worked_and_a_change_says_so(trader: Actor) -> None:
    proposal = propose()
    account = Account.objects.select_related("connection").get(code="GEN-1")
    request = exposures.gate_request(
        account, OrderTicket.from_dict(proposal.content["ticket"]), now=utc_now() + timedelta(hours=12), is_manual=False
    )

    assert executions.of_desk(request, "ROLL")["algo"] == "PLAIN"
    with pytest.raises(NotForAlgorithmsError, match="not open"):
        executions.of_person(request, "ROLL", Asked("TWAP", {}))


@desked
def test_a_parent_that_cannot_start_leaves_the_proposal_open_with_the_reason(trader: Actor) -> None:
    proposal = propose()
    stale = {"algo": "VWAP", "parameters": {"slices": 4}}
    content = {**proposal.content, "execution": {**proposal.content["execution"], **stale}}
    Proposal.objects.filter(pk=proposal.pk).update(content=content, content_hash=content_hash(content))

    with pytest.raises(CannotStartError, match=r"VWAP cannot start.*Nothing was sent"):
        approve(proposal, trader, content_hash=content_hash(content))

    proposal.refresh_from_db()
    assert (proposal.status, Approval.objects.count(), AlgoRun.objects.count()) == ("PENDING", 0, 0)
    assert not Reservation.objects.exists()
    assert AuditEntry.objects.filter(action="proposal.approval_refused").count() == 1


@desked
@pytest.mark.parametrize(
    ("algo", "given", "measured"),
    [("ADAPTIVE", {"slices": 4}, {"sigma", "eta"}), ("LEGGING", {"accept_risk": True}, {"order"}), ("TWAP", {}, set())],
)
def test_what_was_measured_is_on_the_card_and_is_what_runs(
    trader: Actor, algo: str, given: dict[str, Any], measured: set[str]
) -> None:
    card = reshape(propose(), trader, algo, **given)
    shown = card.content["execution"]
    other = {STOCK: ("219.98", "220.02"), SHORT: ("1.38", "1.48"), WING: ("0.77", "0.83")}

    market.write_quotes(
        market.quote(symbol, bid, ask, size=7, received_at=utc_now() + timedelta(seconds=9))
        for symbol, (bid, ask) in other.items()
    )
    run = decide.approve(
        proposal_id=card.pk, content_hash=card.content_hash, actor=another("second"), now=utc_now()
    ).run

    assert run is not None
    assert set(shown["measured"]) == measured
    assert run.parameters == {**shown["parameters"], **shown["measured"]}
    assert content_hash(card.content) == card.content_hash
    other_figures = {**card.content, "execution": {**shown, "measured": {"sigma": 1.0, "eta": 1.0}}}
    assert content_hash(other_figures) != card.content_hash


@desked
def test_risk_is_asked_of_the_whole_at_the_click(trader: Actor) -> None:
    proposal = propose()
    Limit.objects.filter(code="order_contracts").update(soft=None, hard=3)

    with pytest.raises(decide.NeedsReconfirmError, match=r"Risk has changed.*Nothing was sent"):
        approve(proposal, trader)

    proposal.refresh_from_db()
    assert (proposal.status, AlgoRun.objects.count()) == ("PENDING", 0)


@desked
def test_a_soft_block_accepted_with_the_proposal_stays_accepted_for_its_children(trader: Actor) -> None:
    Limit.objects.filter(code="order_contracts").update(soft=3, hard=100)
    proposal = propose()
    officer = Actor(User.objects.get(username="risk"))

    run = approve(proposal, officer, reason="Seen, and small against the book all the same.").run
    floor = Floor()
    floor.look()
    floor.broker()
    floor.look(61)

    assert run is not None
    assert run.accepted == ["order_contracts"]
    (child,) = children(run)
    assert child.status == "PENDING_REPLACE"


@desked
def test_a_run_starts_by_no_soft_block_that_its_card_did_not_show(trader: Actor) -> None:
    Limit.objects.filter(code="order_contracts").update(soft=3, hard=100)
    proposal = propose()
    Limit.objects.filter(code="name_account").update(soft=0)

    with pytest.raises(decide.NeedsReconfirmError, match="Risk has changed"):
        approve(proposal, Actor(User.objects.get(username="risk")), reason="Seen, and small against the book.")

    assert not AlgoRun.objects.exists()


@desked
def test_four_eyes_start_it_with_the_second_approval(trader: Actor) -> None:
    large = propose(needed=2)

    first = approve(large, trader)
    second = approve(large, another("second"))

    assert (first.run, first.proposal.status) == (None, "PARTIAL")
    assert second.run is not None
    assert second.run.approval.user.username == "second"


@desked
def test_an_expired_proposal_starts_nothing(trader: Actor) -> None:
    with pytest.raises(NotOpenError, match="expired"):
        decide.approve(
            proposal_id=(proposal := propose()).pk,
            content_hash=proposal.content_hash,
            actor=trader,
            now=proposal.expires_at,
        )

    assert not AlgoRun.objects.exists()


@desked
def test_what_the_parent_has_not_sent_cannot_be_used_by_another(trader: Actor) -> None:
    run = approve(reshape(propose(), trader, "TWAP", slices=4), another("second")).run
    assert run is not None
    Floor().look()

    account = Account.objects.select_related("connection").get(code="GEN-1")
    asked = exposures.gate_request(account, complete(spread(), MULTIPLIERS), now=utc_now(), is_manual=True)

    (child,) = children(run)
    assert {(p.order_id, p.leaves) for p in asked.book.pending} == {(child.pk, 1), (run.pk, 3)}
    assert {p.order_id for p in asked.book.pending if p.is_held} == {run.pk}


@desked
def test_what_a_child_gives_back_the_parent_holds_again_until_it_ends(trader: Actor) -> None:
    run = approve(propose(), trader).run
    assert run is not None
    floor = Floor()
    floor.look()
    floor.broker()
    floor.fill(children(run)[0], 1, "E1")
    floor.told(children(run)[0])

    kill.engage(scope="GLOBAL", target="", level=2, reason="", actor=trader, now=utc_now())

    run.refresh_from_db()
    assert run.status in ("STOPPING", "DONE")
    assert not Reservation.objects.filter(order_id=run.pk, released_at=None).exists()


@desked
def test_the_sweep_leaves_what_a_run_holds(trader: Actor) -> None:
    run = approve(propose(), trader).run
    assert run is not None

    assert upkeep.sweep_reservations(now=utc_now() + timedelta(minutes=2)) == 0
    assert Reservation.objects.filter(order_id=run.pk, released_at=None).exists()


@desked
def test_a_kill_between_approval_and_first_slice_sends_nothing(trader: Actor) -> None:
    run = approve(propose(), trader).run
    assert run is not None

    kill.engage(scope="GLOBAL", target="", level=2, reason="", actor=trader, now=utc_now())
    Floor().look()

    run.refresh_from_db()
    assert (run.status, run.ending, Order.objects.count()) == ("DONE", "KILLED", 0)
    assert not Reservation.objects.filter(released_at=None).exists()


@desked
def test_a_kill_voids_the_proposal_that_waits(trader: Actor) -> None:
    proposal = propose()

    kill.engage(scope="GLOBAL", target="", level=2, reason="", actor=trader, now=utc_now())

    with pytest.raises(DeskError):
        approve(proposal, trader)
    assert not AlgoRun.objects.exists()


@desked
def test_a_restart_between_approval_and_first_slice_goes_on_from_the_row(trader: Actor) -> None:
    run = approve(propose(), trader).run
    assert run is not None
    Floor("dead")
    AlgoRun.objects.update(lease_expires_at=utc_now())

    Floor("alive").look()

    assert len(children(run)) == 1


@desked
def test_what_its_children_fill_counts_for_the_proposal_s_strategy(trader: Actor) -> None:
    leg = {"symbol": SHORT, "side": "SELL", "position_effect": "OPEN", "ratio": 1}
    single = propose(strategy="CASH_SECURED_PUT", legs=[leg], limit_price=Decimal("1.41"), quantity=2)
    run = approve(reshape(single, trader, "LIMIT_WALK"), another("second")).run
    assert run is not None
    floor = Floor()
    floor.look()
    floor.broker()
    (child,) = children(run)

    apply_reports("paper", [fill(child, leg_fill("E1", 2, "1.43", symbol=SHORT))], now=utc_now())

    assert [row["order_id"] for row in similar(run.account, "AAPL", "CASH_SECURED_PUT")] == [str(child.pk)]
    assert "CASH_SECURED_PUT" in {part.keys["strategy"] for part in parts([run.account])}


@desked
def test_an_execution_from_before_there_were_any_is_one_limit_order(trader: Actor) -> None:
    proposal = propose()
    content = {name: value for name, value in proposal.content.items() if name != "execution"}
    Proposal.objects.filter(pk=proposal.pk).update(content=content, content_hash=content_hash(content))

    decided = approve(proposal, trader, content_hash=content_hash(content))

    assert decided.order is not None
    assert proposal_row(decided.proposal)["execution"] is None


@pytest.mark.usefixtures("committed_desk")
def test_two_approvals_at_the_same_instant_start_one_parent() -> None:
    trader, second, proposal = Actor(User.objects.get(username="trader")), another("second"), propose()
    barrier, won, told = Barrier(2), [], []

    def press(actor: Actor) -> None:
        barrier.wait()
        try:
            won.append(
                decide.approve(
                    proposal_id=proposal.pk, content_hash=proposal.content_hash, actor=actor, now=utc_now()
                ).run
            )
        except NotOpenError as e:
            told.append(e.message)
        finally:
            connections.close_all()

    threads = [Thread(target=press, args=(actor,)) for actor in (trader, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(won), len(told)) == (1, 1)
    assert AlgoRun.objects.get() == won[0]
    assert not Order.objects.exists()
