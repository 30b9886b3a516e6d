"""A glance says the same as a whole look: what it skips would have done nothing."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from statistics import median_low

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.quotes import Quote
from tests.trading.algos.tapes import NOW, Desk, look, parent
from trading.domain.algos.glance import glance, sides_of
from trading.domain.algos.parameters import WalkParameters
from trading.domain.algos.sight import Moment, Package
from trading.domain.algos.sight import look as look_at
from trading.domain.algos.step import is_quiet
from trading.domain.algos.values import ChildStatus, Phase
from trading.services.algos.widths import LEAST, SPAN, Widths

NEAR, FAR = "SPY   260619P00580000", "SPY   260619P00575000"
PACKAGE = Package(((NEAR, 1), (FAR, -1)), "SPY")
WALK = WalkParameters(widest=Decimal("0.50"), dwell_least=30, dwell_most=30)
PRICES = st.sampled_from([None, *map(Decimal, ("0", "0.95", "1.00", "1.01", "1.05", "2.95", "3.00", "3.02", "3.05"))])


def resting() -> Desk:
    desk = Desk(parent(WALK))
    desk.hear(look(0))
    desk.becomes(ChildStatus.WORKING)
    desk.hear(look(2))
    return desk


@given(
    prices=st.tuples(PRICES, PRICES, PRICES, PRICES),
    age=st.sampled_from([0, 1, 2, 3]),
    is_halted=st.booleans(),
    at=st.sampled_from([3, 29, 30, 31, 4000]),
    bounds=st.sampled_from([(None, None), (30.0, 9000.0), (3600.0, 9000.0), (3600.0, 60.0), (3600.0, -1.0)]),
    phase=st.sampled_from([Phase.RUNNING, Phase.PAUSED, Phase.STOPPING]),
    hold=st.sampled_from(["", "The exchange is closed."]),
    usual=st.sampled_from([None, Decimal("0.01"), Decimal("0.08")]),
)
def test_a_glance_finds_quiet_what_a_look_finds_quiet(
    prices: tuple[Decimal | None, ...],
    age: int,
    is_halted: bool,
    at: int,
    bounds: tuple[float | None, float | None],
    phase: Phase,
    hold: str,
    usual: Decimal | None,
) -> None:
    desk = resting()
    state = replace(desk.state, phase=phase, hold=hold)
    when = Moment(NOW - timedelta(seconds=2), NOW + timedelta(seconds=at), *bounds)
    seen_at = NOW - timedelta(seconds=age)
    quotes = {
        NEAR: Quote(NEAR, prices[0], prices[1], 5, 5, None, seen_at, seen_at, "t", is_halted=is_halted),
        FAR: Quote(FAR, prices[2], prices[3], 5, 5, None, NOW, NOW, "t"),
    }
    expected = is_quiet(desk.parent, state, look_at(PACKAGE, quotes, when, usual=usual))

    found = glance(desk.parent, state, sides_of(PACKAGE, quotes, when), when, usual)

    assert found is expected


def test_a_glance_is_quiet_on_a_market_that_stands_and_not_past_the_band() -> None:
    desk = resting()
    when = Moment(NOW, NOW + timedelta(seconds=3), 3600.0, 9000.0)

    assert glance(desk.parent, desk.state, (Decimal("1.95"), Decimal("2.05")), when, None)
    assert glance(desk.parent, desk.state, (Decimal("1.96"), Decimal("2.06")), when, None)
    assert not glance(desk.parent, desk.state, (Decimal("1.97"), Decimal("2.07")), when, None)


def test_there_are_no_sides_without_a_quote() -> None:
    assert sides_of(PACKAGE, {}, Moment(NOW, NOW)) is None


@pytest.mark.parametrize("count", [LEAST - 1, LEAST, LEAST + 1, SPAN, SPAN + 1, SPAN + 57])
def test_the_usual_width_is_the_median_of_the_newest_samples(count: int) -> None:
    widths = [Decimal((7 * n) % 31) / 100 for n in range(count)]
    kept = Widths()

    for n, width in enumerate(widths):
        kept.see(NOW + timedelta(seconds=5 * n), width)
        kept.see(NOW + timedelta(seconds=5 * n + 4), Decimal(9))  # too early to count

    assert kept.usual == (median_low(widths[-SPAN:]) if count >= LEAST else None)
