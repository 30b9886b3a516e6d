"""Pausing, resuming, cancelling, and the kill switch: at once, whether or not an engine lives."""

import pytest
from django.db.models import Q

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import ForbiddenError
from marketdata.selectors.clock import exchange_clock
from risk.models import AccountGrant
from risk.services import kill as levels
from tests.trading.algos.conftest import Floor, begin, children
from trading.domain.algos.events import Word
from trading.models import AlgoRun
from trading.services import kill
from trading.services.algos import control
from trading.services.algos.control import RunStateError

pytestmark = pytest.mark.usefixtures("desk")


def working(trader: Actor) -> tuple[AlgoRun, Floor]:
    run, floor = begin(trader), Floor()
    floor.look()
    floor.broker()
    floor.told(children(run)[0])
    return run, floor


def tell(run: AlgoRun, word: Word, actor: Actor) -> AlgoRun:
    return control.tell(run.pk, word, actor=actor, now=utc_now(), reason="because")


def test_a_cancel_asks_the_broker_at_once_and_ends_the_run_when_that_answers(trader: Actor) -> None:
    run, floor = working(trader)

    assert tell(run, Word.CANCEL, trader).status == "STOPPING"
    floor.broker()
    floor.engine.renew(utc_now())
    floor.engine.catch_up(exchange_clock(), utc_now())

    run.refresh_from_db()
    assert (run.status, run.ending) == ("DONE", "CANCELLED")
    assert children(run)[0].status == "CANCELED"


def test_a_cancel_before_anything_was_sent_ends_it_on_the_spot(trader: Actor) -> None:
    run = begin(trader)

    assert tell(run, Word.CANCEL, trader).status == "DONE"


def test_a_cancel_drops_a_child_that_is_still_in_the_outbox(trader: Actor) -> None:
    run, floor = begin(trader), Floor()
    floor.look()

    assert tell(run, Word.CANCEL, trader).status == "DONE"
    assert children(run)[0].status == "ABANDONED"


def test_an_engine_hears_of_a_word_that_was_given_elsewhere(trader: Actor) -> None:
    run, floor = working(trader)
    tell(run, Word.PAUSE, trader)
    floor.broker()

    floor.look(61)

    run.refresh_from_db()
    assert run.status == "PAUSED"
    assert len(children(run)) == 1


def test_a_resumed_run_sends_a_new_child(trader: Actor) -> None:
    run, floor = working(trader)
    tell(run, Word.PAUSE, trader)
    floor.broker()
    tell(run, Word.RESUME, trader)

    floor.engine.renew(utc_now())
    floor.look(5, short=("1.41", "1.47"))

    assert [child.status for child in children(run)] == ["CANCELED", "READY"]


@pytest.mark.parametrize("word", list(Word)[:3])
def test_a_run_that_is_done_hears_nothing_more(trader: Actor, word: Word) -> None:
    run = begin(trader)
    tell(run, Word.CANCEL, trader)

    with pytest.raises(RunStateError):
        tell(run, word, trader)


def test_a_viewer_tells_it_nothing(trader: Actor) -> None:
    run = begin(trader)

    with pytest.raises(ForbiddenError):
        tell(run, Word.CANCEL, Actor(User.objects.get(username="viewer")))


def test_an_approver_may_stop_what_they_may_not_start_again(trader: Actor) -> None:
    run, approver = begin(trader), Actor(User.objects.get(username="approver"))
    tell(run, Word.PAUSE, approver)

    with pytest.raises(ForbiddenError):
        tell(run, Word.RESUME, approver)


@pytest.mark.parametrize(("level", "stops"), [(1, False), (2, True), (3, True)])
def test_the_kill_switch_stops_what_opens_from_level_two(trader: Actor, level: int, stops: bool) -> None:
    run, _ = working(trader)

    kill.engage(scope="GLOBAL", target="", level=level, reason="A drill.", actor=trader, now=utc_now())

    run.refresh_from_db()
    assert (run.status == "STOPPING") is stops
    assert (children(run)[0].status == "PENDING_CANCEL") is stops


def test_the_engine_obeys_a_kill_switch_that_could_not_reach_the_run(trader: Actor) -> None:
    run, floor = working(trader)
    levels.engage(scope="ACCOUNT", target="GEN-1", level=2, actor=trader, reason="A drill.", now=utc_now())
    floor.engine.obey_kill(exchange_clock(), utc_now())

    run.refresh_from_db()
    assert (run.status, run.ending) == ("STOPPING", "KILLED")


def test_stopping_again_is_stopping_once(trader: Actor) -> None:
    working(trader)

    first = control.stop_held(Q(), level=3, keeps_closing=False, now=utc_now())
    control.stop_held(Q(), level=3, keeps_closing=False, now=utc_now())

    assert first == 1


def test_a_run_that_breaks_keeps_no_other_from_being_stopped(trader: Actor) -> None:
    runs = sorted((begin(trader, quantity=n) for n in (2, 3, 4)), key=lambda run: run.pk)
    AlgoRun.objects.filter(pk=runs[0].pk).update(parameters={"who": "knows"})

    with pytest.raises((KeyError, TypeError)):
        control.stop_held(Q(), level=3, keeps_closing=False, now=utc_now())

    assert list(AlgoRun.objects.filter(status__in=AlgoRun.ACTIVE).values_list("pk", flat=True)) == [runs[0].pk]


def test_a_run_orders_nothing_more_for_who_may_not_send_orders_any_more(trader: Actor) -> None:
    run, floor = begin(trader), Floor()
    AccountGrant.objects.filter(user=trader.user).delete()

    floor.look()

    run.refresh_from_db()
    assert children(run) == []
    assert "trader may not send order" in run.reason
