"""The limit walk on scripted tapes."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.trading.algos.tapes import NOW, Desk, cancels, look, money, parent, prices
from trading.domain.algos.events import Asked, Place, Refused, Replace, Told, Word
from trading.domain.algos.parameters import WalkParameters
from trading.domain.algos.values import ChildStatus, Ending, Phase

# One tick a rung: from the mid 2.00 to the natural 2.05, with nothing else in the way.
FREE = WalkParameters(
    widest=Decimal("0.50"),
    reach=Decimal(1),
    chase_ticks=20,
    chase_spread=Decimal(1),
    steps=5,
    dwell_least=30,
    dwell_most=30,
)


def working(parameters: WalkParameters = FREE, **more: object) -> Desk:
    desk = Desk(parent(parameters, **more))  # type: ignore[arg-type]  # a test's own words
    desk.hear(look(0))
    desk.becomes(ChildStatus.WORKING)
    return desk


def test_it_starts_at_the_mid_with_the_whole_quantity() -> None:
    desk = Desk(parent(FREE))

    actions = desk.hear(look(0))

    assert actions == (Place(step=0, qty=10, cost=money("2.00")),)


def test_it_gives_way_a_rung_at_each_dwell_and_stops_at_the_natural_price() -> None:
    desk = working()

    for n in range(1, 12):
        desk.hear(look(30 * n))
        desk.becomes(ChildStatus.WORKING)

    assert prices(desk.asked) == [money(p) for p in ("2.00", "2.01", "2.02", "2.03", "2.04", "2.05")]


@pytest.mark.parametrize(("seconds", "moved"), [(29.999, False), (30.0, True), (30.001, True)])
def test_the_dwell_is_kept(seconds: float, moved: bool) -> None:
    desk = working()

    actions = desk.hear(look(seconds))

    assert bool(actions) is moved


def test_it_never_crosses_the_limit() -> None:
    desk = working(limit="2.02")

    for n in range(1, 8):
        desk.hear(look(30 * n))
        desk.becomes(ChildStatus.WORKING)

    assert max(prices(desk.asked)) == money("2.02")


def test_a_limit_below_the_mid_rests_at_the_limit() -> None:
    desk = Desk(parent(FREE, limit="1.97"))

    actions = desk.hear(look(0))

    assert prices(actions) == [money("1.97")]


def test_a_credit_walks_down_from_its_mid() -> None:
    desk = Desk(parent(FREE, limit="-1.95"))

    desk.hear(look(0, bid="-2.05", ask="-1.95"))
    desk.becomes(ChildStatus.WORKING)
    for n in range(1, 8):
        desk.hear(look(30 * n, bid="-2.05", ask="-1.95"))
        desk.becomes(ChildStatus.WORKING)

    assert prices(desk.asked) == [money(p) for p in ("-2.00", "-1.99", "-1.98", "-1.97", "-1.96", "-1.95")]


@pytest.mark.parametrize(("bid", "ask", "moved"), [("1.96", "2.06", False), ("1.97", "2.07", True)])
def test_it_follows_the_mid_when_that_moves_by_more_than_a_tick(bid: str, ask: str, moved: bool) -> None:
    desk = working()

    actions = desk.hear(look(5, bid=bid, ask=ask))

    assert prices(actions) == ([money("2.02")] if moved else [])


def test_it_chases_no_further_than_three_ticks_from_the_arrival_s_mid() -> None:
    desk = working(replace(FREE, chase_ticks=3), limit="3.00")

    for n in range(1, 20):
        middle = money("2.00") + n * money("0.02")
        desk.hear(look(5 * n, bid=str(middle - money("0.05")), ask=str(middle + money("0.05"))))
        desk.becomes(ChildStatus.WORKING)

    assert max(prices(desk.asked)) == money("2.03")


@pytest.mark.parametrize(
    ("changes", "most"),
    [
        ({"chase_ticks": 2}, "2.02"),
        ({"chase_premium": Decimal("0.015")}, "2.03"),
        ({"chase_spread": Decimal("0.5")}, "2.02"),  # half of 0.05, rounded down
        ({"reach": Decimal("0.5")}, "2.02"),
    ],
)
def test_the_least_of_the_caps_holds(changes: dict[str, Decimal | int], most: str) -> None:
    desk = working(replace(FREE, **changes), limit="3.00")  # type: ignore[arg-type]  # the names are the fields'

    for n in range(1, 12):
        desk.hear(look(30 * n))
        desk.becomes(ChildStatus.WORKING)

    assert max(prices(desk.asked)) == money(most)


def test_it_asks_for_twenty_replaces_at_most() -> None:
    desk = working(limit="9.00")

    for n in range(1, 60):
        up = money("0.02") * (n % 2)
        desk.hear(look(5 * n, bid=str(money("1.95") + up), ask=str(money("2.05") + up)))
        desk.becomes(ChildStatus.WORKING)

    assert sum(isinstance(action, Replace) for action in desk.asked) == 20


@pytest.mark.parametrize(("seconds", "moved"), [(0.999, False), (1.0, True)])
def test_replaces_are_a_second_apart(seconds: float, moved: bool) -> None:
    desk = working()
    desk.hear(look(5, bid="1.97", ask="2.07"))
    desk.becomes(ChildStatus.WORKING)

    actions = desk.hear(look(5 + seconds, bid="2.00", ask="2.10"))

    assert bool(actions) is moved


@pytest.mark.parametrize("status", [ChildStatus.SENT, ChildStatus.REPLACING, ChildStatus.DOUBT, ChildStatus.CANCELLING])
def test_a_child_that_is_not_known_to_work_is_neither_moved_nor_joined_by_another(status: ChildStatus) -> None:
    desk = working()
    desk.becomes(status)

    actions = desk.hear(look(40, bid="2.00", ask="2.10"))

    assert actions == ()


HELD = [
    ({"fault": "The quote of X is stale."}, "stale"),
    ({"bid": None}, "missing"),
    ({"bid": "1.74", "ask": "2.26"}, "wide"),
    ({"usual": Decimal("0.03")}, "usual"),
    ({"opened_for": 299.0}, "begun"),
    ({"left": 299.0}, "end"),
    ({"opened_for": None}, "closed"),
]


@pytest.mark.parametrize(("changes", "word"), HELD)
def test_it_keeps_still_in_a_market_that_cannot_be_traded_on_and_goes_on_after(
    changes: dict[str, object], word: str
) -> None:
    desk = Desk(parent(FREE))

    held = desk.hear(look(0, **changes))  # type: ignore[arg-type]  # a test's own words

    assert held == ()
    assert word in desk.state.hold
    assert prices(desk.hear(look(1))) == [money("2.00")]
    assert desk.state.hold == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"bid": "1.75", "ask": "2.25"},  # 0.50 is the most here
        {"usual": Decimal("0.0334")},
        {"opened_for": 300.0},
        {"left": 300.0},
    ],
)
def test_at_the_edge_it_goes(changes: dict[str, object]) -> None:
    desk = Desk(parent(FREE))

    assert prices(desk.hear(look(0, **changes))) == [money("2.00")]  # type: ignore[arg-type]  # a test's own words


def test_closing_goes_on_in_the_last_minutes() -> None:
    desk = Desk(parent(FREE, is_opening=False))

    assert prices(desk.hear(look(0, left=60.0))) == [money("2.00")]


@pytest.mark.parametrize(("seconds", "taken_back"), [(14.9, False), (15.0, True)])
def test_a_child_is_taken_back_from_a_bad_market_after_ten_seconds(seconds: float, taken_back: bool) -> None:
    desk = working()
    desk.hear(look(5, fault="stale"))

    actions = desk.hear(look(seconds, fault="stale"))

    assert bool(cancels(actions)) is taken_back


def test_the_end_takes_the_child_back_and_is_reached_when_that_is_closed() -> None:
    desk = working()

    assert cancels(desk.hear(look(3600))) == 1
    assert desk.state.phase is Phase.STOPPING
    desk.becomes(ChildStatus.CLOSED, cum=3)

    assert (desk.state.phase, desk.state.ending) == (Phase.DONE, Ending.EXPIRED)


def test_all_filled_is_the_end() -> None:
    desk = working()

    desk.becomes(ChildStatus.CLOSED, cum=10)

    assert (desk.state.phase, desk.state.ending) == (Phase.DONE, Ending.COMPLETED)
    assert desk.hear(look(40)) == ()


def test_a_pause_takes_the_child_back_and_a_resume_sends_what_is_left() -> None:
    desk = working()
    desk.becomes(ChildStatus.WORKING, cum=4)

    assert cancels(desk.hear(Told(NOW, Word.PAUSE, "user:tess", "Lunch"))) == 1
    assert desk.hear(look(10)) == ()
    desk.becomes(ChildStatus.CLOSED)
    desk.hear(Told(NOW, Word.RESUME, "user:tess"))
    actions = desk.hear(look(20))

    assert actions == (Place(step=1, qty=6, cost=money("2.00")),)


@pytest.mark.parametrize(("word", "ending"), [(Word.CANCEL, Ending.CANCELLED), (Word.KILL, Ending.KILLED)])
def test_a_cancel_stops_it_at_any_time(word: Word, ending: Ending) -> None:
    desk = working()

    assert cancels(desk.hear(Told(NOW, word, "user:tess", "Enough"))) == 1
    assert desk.hear(Told(NOW, word, "user:tess")) == ()
    desk.becomes(ChildStatus.CLOSED)

    assert (desk.state.phase, desk.state.ending) == (Phase.DONE, ending)


def test_a_cancel_that_was_refused_is_asked_for_again() -> None:
    desk = working()
    desk.hear(Told(NOW, Word.CANCEL, "user:tess"))
    desk.becomes(ChildStatus.WORKING)

    assert cancels(desk.hear(look(3))) == 1


def test_a_refusal_waits_longer_each_time_and_the_third_is_the_end() -> None:
    desk = Desk(parent(FREE))
    desk.hear(look(0))

    desk.hear(Refused(NOW, 0, Asked.PLACE, "Too wide."))
    assert desk.hear(look(29.9)) == ()
    assert len(desk.hear(look(30))) == 1
    desk.hear(Refused(NOW + timedelta(seconds=30), 1, Asked.PLACE, "Too wide."))
    assert desk.hear(look(89.9)) == ()
    assert len(desk.hear(look(90))) == 1
    desk.hear(Refused(NOW + timedelta(seconds=90), 2, Asked.PLACE, "Too wide."))

    assert (desk.state.phase, desk.state.ending, desk.state.reason) == (Phase.DONE, Ending.REFUSED, "Too wide.")


def test_a_refused_replace_leaves_the_child_as_it_was() -> None:
    desk = working()
    desk.hear(look(30))

    desk.hear(Refused(NOW + timedelta(seconds=30), 0, Asked.REPLACE, "Denied."))

    assert desk.child().status is ChildStatus.WORKING
    assert desk.state.refusals == 0


def test_a_late_fill_of_a_closed_child_leaves_less_for_the_next() -> None:
    desk = working()
    desk.hear(Told(NOW, Word.PAUSE, "user:tess"))
    desk.becomes(ChildStatus.CLOSED, cum=2)
    desk.becomes(ChildStatus.CLOSED, cum=5)  # three more, after the cancel was confirmed
    desk.hear(Told(NOW, Word.RESUME, "user:tess"))

    actions = desk.hear(look(20))

    assert actions == (Place(step=1, qty=5, cost=money("2.00")),)


def test_a_child_that_works_after_the_end_is_taken_back() -> None:
    desk = working()
    desk.hear(Told(NOW, Word.CANCEL, "user:tess"))
    desk.becomes(ChildStatus.CLOSED)

    actions = desk.becomes(ChildStatus.WORKING)

    assert cancels(actions) == 1
    assert desk.state.phase is Phase.STOPPING


def test_a_debit_is_never_asked_for_below_zero() -> None:
    desk = Desk(replace(parent(FREE, limit="0.10"), least=Decimal(0)))

    actions = desk.hear(look(0, bid="-0.09", ask="0.01"))

    assert prices(actions) == [Decimal(0)]
