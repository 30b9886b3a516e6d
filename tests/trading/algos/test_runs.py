"""A run on the real database: children through the gate, once, by one engine, and back from the log."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import ForbiddenError
from marketdata.selectors.clock import exchange_clock
from risk.models import Limit, Reservation
from tests.trading.algos.conftest import Floor, begin, children
from trading.models import AlgoEvent, AlgoRun, Order
from trading.services.algos.choosing import NotForAlgorithmsError
from trading.services.algos.run import load
from trading.services.submit import RiskDeniedError

pytestmark = pytest.mark.usefixtures("desk")


def test_a_run_sends_nothing_by_itself_and_reserves_its_worst_case(trader: Actor) -> None:
    run = begin(trader)

    assert run.status == "RUNNING"
    assert not Order.objects.exists()
    held = Reservation.objects.get(order_id=run.pk, released_at=None)
    assert (held.quantity, held.cash > 0) == (4, True)
    assert AuditEntry.objects.filter(action="algo.started", subject=f"algo:{run.pk}").count() == 1
    assert run.choice["by"] == "person"
    assert "spread" in run.choice["reason"]


def test_its_child_is_an_order_like_any_other_under_the_run_s_approval(trader: Actor) -> None:
    run = begin(trader)

    Floor().look()

    (child,) = children(run)
    assert child.status == "READY"
    assert (child.order_qty, str(child.limit_price), child.price_effect) == (4, "0.6300", "CREDIT")
    assert child.approval == run.approval
    assert child.verdict is not None
    assert Reservation.objects.filter(order_id=child.pk, released_at=None).exists()
    assert child.requests.get().state == "TO_SEND"


def test_the_child_is_moved_by_a_replace_once_the_dwell_is_over(trader: Actor) -> None:
    run, floor = begin(trader), Floor()
    floor.look()
    floor.broker()

    floor.look(61)
    floor.broker()

    (child,) = children(run)
    assert [request.kind for request in child.requests.order_by("id")] == ["NEW", "REPLACE"]
    assert str(child.limit_price) == "0.6200"
    assert child.status == "NEW"


def test_a_quiet_look_writes_nothing(trader: Actor) -> None:
    run, floor = begin(trader), Floor()
    floor.look()
    floor.broker()
    floor.look(1)
    before = AlgoEvent.objects.filter(run=run).count()

    assert [floor.look(seconds) for seconds in (2, 3, 4)] == [0, 0, 0]
    assert AlgoEvent.objects.filter(run=run).count() == before


def test_fills_complete_the_run(trader: Actor) -> None:
    run, floor = begin(trader), Floor()
    floor.look()
    floor.broker()
    (child,) = children(run)

    floor.fill(child, 1, "E1")
    floor.told(child)
    run.refresh_from_db()
    assert (run.status, run.cum_qty) == ("RUNNING", 1)
    floor.fill(child, 3, "E2")
    floor.told(child)

    run.refresh_from_db()
    assert (run.status, run.ending, run.cum_qty) == ("DONE", "COMPLETED", 4)
    assert AuditEntry.objects.filter(action="algo.ended", subject=f"algo:{run.pk}").count() == 1


def test_a_child_that_the_gate_denies_is_kept_and_the_run_waits(trader: Actor) -> None:
    run, floor = begin(trader), Floor()
    Limit.objects.filter(code="order_contracts").update(soft=None, hard=3)

    floor.look()

    (child,) = children(run)
    assert child.status == "DENIED"
    assert floor.look(5) == 0
    run.refresh_from_db()
    assert run.status == "RUNNING"
    assert "contracts" in run.reason.lower()


def test_the_whole_is_checked_as_one_order_however_small_its_parts(trader: Actor) -> None:
    Limit.objects.filter(code="order_contracts").update(soft=None, hard=3)

    with pytest.raises(RiskDeniedError, match="Nothing was started"):
        begin(trader, algo="TWAP", parameters={"slices": 4})

    assert not AlgoRun.objects.exists()


def test_a_restart_goes_on_from_the_log_without_a_second_child(trader: Actor) -> None:
    run, floor = begin(trader), Floor("one")
    floor.look()
    floor.broker()
    AlgoRun.objects.update(lease_expires_at=utc_now())  # the first engine is dead

    again = Floor("two")
    again.look(1)

    assert len(children(run)) == 1
    assert again.engine.held[run.pk].live.state == floor.engine.held[run.pk].live.state


def test_a_child_that_filled_while_no_engine_lived_is_heard_of_after_the_restart(trader: Actor) -> None:
    run, floor = begin(trader), Floor("one")
    floor.look()
    floor.broker()
    floor.fill(children(run)[0], 4, "E1")
    AlgoRun.objects.update(lease_expires_at=utc_now())

    again = Floor("two")
    again.engine.catch_up(exchange_clock(), utc_now())

    run.refresh_from_db()
    assert (run.status, run.ending) == ("DONE", "COMPLETED")


def test_two_engines_never_act_on_one_run(trader: Actor) -> None:
    run = begin(trader)
    one, two = Floor("one"), Floor("two")

    assert (run.pk in one.engine.held, run.pk in two.engine.held) == (True, False)
    two.look()
    assert children(run) == []
    one.look()
    assert len(children(run)) == 1


def test_an_engine_that_lost_its_lease_does_nothing(trader: Actor) -> None:
    run, floor = begin(trader), Floor("one")
    AlgoRun.objects.update(lease_owner="two")

    floor.look()

    assert children(run) == []
    assert run.pk not in floor.engine.held


def test_a_crash_between_the_child_and_the_log_leaves_neither(trader: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    run, floor = begin(trader), Floor()
    monkeypatch.setattr("trading.services.algos.run._keep", _crash)

    with pytest.raises(DatabaseError):
        floor.look()

    assert (children(run), AlgoEvent.objects.count()) == ([], 0)
    monkeypatch.undo()
    floor.look()
    assert len(children(run)) == 1


def test_the_log_cannot_be_changed(trader: Actor) -> None:
    run, floor = begin(trader), Floor()
    floor.look()

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AlgoEvent.objects.filter(run=run).update(kind="LOOK", seq=99)


def test_the_log_alone_is_the_run(trader: Actor) -> None:
    run, floor = begin(trader), Floor()
    floor.look()
    floor.broker()
    floor.look(61)
    floor.broker()
    floor.told(children(run)[0])
    run.refresh_from_db()

    assert load(run).state == floor.engine.held[run.pk].live.state


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"ord_type": "MARKET", "limit_price": None, "quantity": 1}, "limit order"),
        ({"time_in_force": "GTC"}, "for the day"),
    ],
)
def test_what_no_algorithm_can_work_is_refused(trader: Actor, changes: dict[str, Any], word: str) -> None:
    with pytest.raises(NotForAlgorithmsError, match=word):
        begin(trader, **changes)


def test_legging_is_off_unless_its_risk_is_accepted(trader: Actor) -> None:
    with pytest.raises(NotForAlgorithmsError, match="accept_risk"):
        begin(trader, algo="LEGGING")


def test_legging_starts_when_what_it_leaves_half_done_passes_too(trader: Actor) -> None:
    run = begin(trader, algo="LEGGING", parameters={"accept_risk": True})

    assert run.parameters["order"] == [1, 0]  # the wing is bought before anything is sold


def test_legging_is_denied_when_what_it_leaves_half_done_is_too_much(trader: Actor) -> None:
    # The spread's credit of 232 dollars binds 1,768; its wing bought alone pays 328 in premium.
    Limit.objects.filter(code="order_premium").update(soft=None, hard=Decimal(327))
    begin(trader)

    with pytest.raises(RiskDeniedError, match="Half done"):
        begin(trader, algo="LEGGING", parameters={"accept_risk": True})


def test_the_table_chooses_for_who_asks_it_to(trader: Actor) -> None:
    run = begin(trader, algo="AUTO")

    assert (run.algo, run.choice["by"], run.choice["condition"]) == ("LIMIT_WALK", "table", "two or more legs")


def test_a_viewer_starts_nothing() -> None:
    with pytest.raises(ForbiddenError):
        begin(Actor(User.objects.get(username="viewer")))


def test_a_run_stops_when_who_started_it_may_send_no_more(trader: Actor) -> None:
    run, floor = begin(trader), Floor()
    floor.look()
    floor.broker()
    trader.user.grants.all().delete()

    floor.look(61)

    (child,) = children(run)
    assert child.requests.count() == 1
    assert str(child.limit_price) == "0.6300"


def _crash(*_: object) -> None:
    raise DatabaseError("the server went away")


def test_a_slice_is_no_duplicate_of_another_slice_of_its_parent(trader: Actor) -> None:
    run, floor = begin(trader, algo="ICEBERG", parameters={"display": 1, "jitter": 0}), Floor()
    floor.look()
    floor.broker()
    floor.fill(children(run)[0], 1, "E1", px="0.58")
    floor.told(children(run)[0])

    floor.look(1)

    first, second = children(run)
    assert (first.limit_price, first.order_qty) == (second.limit_price, second.order_qty)
    assert second.status == "READY", second.reason
