"""Whatever the market and the broker do: never too much, never too dear, never two at once, always the same."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allcore.kernel.orders import Side
from tests.trading.algos.tapes import NOW, Desk, look, money, parent
from trading.domain.algos.events import Asked, Event, Heard, LegSight, Place, Refused, Told, Word
from trading.domain.algos.parameters import (
    AdaptiveParameters,
    IcebergParameters,
    LeggingParameters,
    Parameters,
    PovParameters,
    TwapParameters,
    VwapParameters,
    WalkParameters,
)
from trading.domain.algos.step import replay, step
from trading.domain.algos.values import WHOLE, ChildStatus, Leg, Phase, State

WIDE = Decimal("0.50")
QUARTERS = tuple(Decimal(n) / 4 for n in (1, 2, 3, 4))
LEGS = (Leg(Side.BUY, 1), Leg(Side.SELL, 1))
KINDS: dict[str, Parameters] = {
    "walk": WalkParameters(widest=WIDE, reach=Decimal(1), chase_ticks=20, dwell_least=5, dwell_most=9),
    "twap": TwapParameters(widest=WIDE, slices=6),
    "vwap": VwapParameters(widest=WIDE, slices=4, profile=QUARTERS),
    "pov": PovParameters(widest=WIDE, rest=5),
    "iceberg": IcebergParameters(widest=WIDE, display=3),
    "adaptive": AdaptiveParameters(widest=WIDE, slices=6, urgency=1.0, sigma=0.02, eta=0.5),
    "legging": LeggingParameters(widest=WIDE, accept_risk=True, order=(0, 1), rest=5),
}
Move = tuple[str, Any, Any, Any]
STATUSES = [ChildStatus.WORKING, ChildStatus.DOUBT, ChildStatus.CLOSED, ChildStatus.REPLACING]
moves = st.one_of(
    st.tuples(st.just("look"), st.integers(1, 120), st.integers(-8, 8), st.sampled_from(["", "", "", "stale"])),
    st.tuples(st.just("hear"), st.integers(0, 5), st.sampled_from(STATUSES), st.integers(0, 9)),
    st.tuples(st.just("refuse"), st.integers(0, 5), st.sampled_from(list(Asked)), st.just(0)),
    st.tuples(st.just("tell"), st.sampled_from(list(Word)[:2]), st.just(0), st.just(0)),
)


def run(kind: str, script: list[Move], *, quiet: bool = True) -> Desk:
    legs = LEGS if kind == "legging" else (Leg(Side.BUY, 1),)
    desk = Desk(parent(KINDS[kind], legs=legs, lasts=timedelta(minutes=20)))
    tape = Tape()
    for name, one, two, three in script:
        if not quiet:
            desk.state = replace(desk.state, wake_at=None)
        asked = desk.hear(EVENTS[name](desk, tape, one, two, three))
        before_asking = sum(action.qty for action in asked if isinstance(action, Place))
        assert before_asking <= desk.parent.quantity
        check(desk)
    return desk


@dataclass
class Tape:
    """Where the market is."""

    seconds: int = 0
    cents: int = 0
    volume: int = 0

    @property
    def at(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)


def sight(desk: Desk, tape: Tape, seconds: Any, cents: Any, fault: Any) -> Event:
    tape.seconds, tape.cents, tape.volume = tape.seconds + seconds, tape.cents + cents, tape.volume + 40
    middle = money("2.00") + Decimal(tape.cents) / 100
    own = (LegSight(middle + 3, middle + money("3.04")), LegSight(money("3.00"), money("3.04")))
    sights = own if len(desk.parent.legs) > 1 else ()
    bid, ask = str(middle - money("0.04")), str(middle + money("0.04"))
    return look(tape.seconds, bid, ask, fault=fault, volume=tape.volume, spot=Decimal(100), legs=sights)


def heard(desk: Desk, tape: Tape, number: Any, status: Any, more: Any) -> Event:
    if not desk.state.children:
        return sight(desk, tape, 1, 0, "")
    child = desk.state.children[number % len(desk.state.children)]
    cum = min(child.cum + more, child.qty)
    if cum == child.qty or child.status is ChildStatus.CLOSED:
        status = ChildStatus.CLOSED
    return Heard(tape.at, child.step, status, child.qty, cum, child.cost, "the broker's")


def refused(desk: Desk, tape: Tape, number: Any, what: Any, _: Any) -> Event:
    fresh = [child for child in desk.state.open if child.cum == 0]
    if not fresh:
        return sight(desk, tape, 1, 0, "")
    return Refused(tape.at, fresh[number % len(fresh)].step, what, "no")


def told(desk: Desk, tape: Tape, word: Any, _: Any, __: Any) -> Event:
    return Told(tape.at, word, "user:tess")


EVENTS: dict[str, Callable[..., Event]] = {"look": sight, "hear": heard, "refuse": refused, "tell": told}


def check(desk: Desk) -> None:
    of_legs = range(len(desk.parent.legs)) if isinstance(desk.parent.parameters, LeggingParameters) else (WHOLE,)
    for leg in of_legs:
        open_now = [child for child in desk.state.open if child.leg == leg]
        too_much = desk.state.cum(leg) + desk.state.leaves(leg) > desk.parent.quantity
        # Only a fill after a child's end can bring that about; then what is open is taken back at once, and a run that
        # is complete asks again until it is.
        taken_back = all(child.status is ChildStatus.CANCELLING for child in open_now)
        assert not too_much or taken_back or desk.state.phase is not Phase.RUNNING
        assert sum(child.leg == leg for child in desk.state.open) <= 1
    if not isinstance(desk.parent.parameters, LeggingParameters):
        assert all(child.cost <= desk.parent.limit for child in desk.state.children)


@pytest.mark.parametrize("kind", KINDS)
@given(script=st.lists(moves, max_size=60))
@settings(max_examples=120, deadline=None)
def test_it_never_asks_for_too_much_nor_pays_too_much(kind: str, script: list[Move]) -> None:
    run(kind, script)


@pytest.mark.parametrize("kind", KINDS)
@given(script=st.lists(moves, max_size=60))
@settings(max_examples=60, deadline=None)
def test_the_kept_events_alone_lead_to_the_same_place(kind: str, script: list[Move]) -> None:
    desk = run(kind, script)

    assert replay(desk.parent, desk.log) == desk.state


@pytest.mark.parametrize("kind", KINDS)
@given(script=st.lists(moves, max_size=60))
@settings(max_examples=60, deadline=None)
def test_looking_away_while_it_is_quiet_misses_nothing(kind: str, script: list[Move]) -> None:
    assert run(kind, script).asked == run(kind, script, quiet=False).asked


@pytest.mark.parametrize("kind", KINDS)
@given(script=st.lists(moves, max_size=40))
@settings(max_examples=60, deadline=None)
def test_a_cancel_at_any_instant_leaves_nothing_open_that_was_not_taken_back(kind: str, script: list[Move]) -> None:
    desk = run(kind, script)

    desk.hear(Told(NOW, Word.CANCEL, "user:tess"))

    assert all(child.status is ChildStatus.CANCELLING for child in desk.state.open)
    assert desk.state.phase in (Phase.STOPPING, Phase.DONE)
    assert not any(isinstance(action, Place) for action in step(desk.parent, desk.state, look(9999))[1])


@pytest.mark.parametrize("kind", ["twap", "vwap", "adaptive", "iceberg", "walk"])
def test_with_every_child_filled_at_once_the_whole_quantity_is_done(kind: str) -> None:
    desk = Desk(parent(KINDS[kind], quantity=17, lasts=timedelta(minutes=20)))

    for seconds in range(0, 1200, 10):
        desk.hear(look(seconds))
        for child in desk.state.open:
            at = NOW + timedelta(seconds=seconds)
            desk.hear(Heard(at, child.step, ChildStatus.CLOSED, child.qty, child.qty, child.cost))

    assert desk.state.cum() == 17
    assert desk.state.phase is Phase.DONE


def test_an_empty_log_is_the_beginning() -> None:
    assert replay(parent(), []) == State()
