"""Measures of risk: what they refuse, and what must hold whatever the numbers are."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from risk.domain.measures import backtest, delta_gamma, exposure, stress, tails
from risk.domain.measures.numbers import MeasureInputError
from risk.domain.measures.revaluation import Instruments, Shock, scaled, shifted, unit_pnl

NAN, INF = float("nan"), float("inf")
LOSSES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300)
LEVELS = st.floats(0.5, 0.999)


def put(**changed: float) -> Instruments:
    """One American put and its share."""
    terms = {"spot": 100.0, "strike": 100.0, "years": 30 / 365, "volatility": 0.3, "dividend": 0.0} | changed
    return Instruments(
        owner=np.zeros(2, dtype=np.int64),
        is_option=np.array([True, False]),
        is_call=np.array([False, False]),
        is_american=np.array([True, False]),
        rate=0.05,
        **{name: np.full(2, value) for name, value in terms.items()},
    )


@pytest.mark.parametrize(
    "asked",
    [
        lambda: tails.historical([], 0.95),
        lambda: tails.historical([1.0, NAN], 0.95),
        lambda: tails.historical([1.0, None], 0.95),  # type: ignore[arg-type]
        lambda: tails.historical([1.0, -INF], 0.95),
        lambda: tails.historical([[1.0]], 0.95),
        lambda: tails.historical(["a loss"], 0.95),
        lambda: tails.historical([1.0], 0.0),
        lambda: tails.historical([1.0], 1.0),
        lambda: tails.historical([1.0], 95),
        lambda: tails.historical([1.0], NAN),
        lambda: tails.historical([1.0, 2.0], 0.95, window=3),
        lambda: tails.historical([1.0, 2.0], 0.95, window=0),
        lambda: tails.aged([1.0], 0.95, decay=0.0),
        lambda: tails.aged([1.0], 0.95, decay=1.01),
        lambda: tails.parametric(mu=0, sigma=-1, confidence=0.95),
        lambda: tails.parametric(mu=NAN, sigma=1, confidence=0.95),
        lambda: tails.parametric(mu=0, sigma=1, confidence=0.95, horizon_days=0),
        lambda: tails.Normal(1.0, 1.0).over(-1),
        lambda: tails.ewma_volatility([]),
        lambda: delta_gamma.moments([1.0], [1.0, 2.0], [[1.0]]),
        lambda: delta_gamma.moments([1.0], [1.0], [[-1.0]]),
        lambda: delta_gamma.moments([1.0], [NAN], [[1.0]]),
        lambda: exposure.beta_weighted_delta([], 0.0),
        lambda: exposure.beta_weighted_delta([exposure.Weighted(1, 1, NAN)], 1.0),
        lambda: exposure.beta([1.0, 2.0], [1.0]),
        lambda: exposure.max_drawdown([]),
        lambda: exposure.max_drawdown([0.0, 1.0]),
        lambda: exposure.max_drawdown([1.0, 2.0], [0.0]),
        lambda: exposure.concentration([]),
        lambda: exposure.concentration([1.2, -0.2]),
        lambda: exposure.concentration([0.5, 0.3]),
        lambda: exposure.shares_of([0.0, 0.0]),
        lambda: backtest.kupiec(days=0, exceptions=0, p=0.01),
        lambda: backtest.kupiec(days=10, exceptions=11, p=0.01),
        lambda: backtest.kupiec(days=10, exceptions=-1, p=0.01),
        lambda: backtest.kupiec(days=10, exceptions=1, p=0.0),
        lambda: backtest.kupiec(days=10, exceptions=1, p=1.0),
        lambda: backtest.kupiec(days=10.5, exceptions=1, p=0.01),  # type: ignore[arg-type]
        lambda: backtest.rolling([1.0] * 10, 0.95, window=10),
        lambda: backtest.judged([1.0], [1.0, 2.0], 0.95),
        lambda: stress.grid(put(), moves=[-1.01], points=[0.0]),
        lambda: stress.grid(put(), moves=[0.0], points=[]),
    ],
)
def test_what_cannot_be_meant_is_refused(asked: Callable[[], object]) -> None:
    with pytest.raises(MeasureInputError) as refused:
        asked()

    assert refused.value.message.endswith(".")


@pytest.mark.parametrize(("count", "k"), [(19, 1), (20, 1), (21, 2), (40, 2), (41, 3)])
def test_the_tail_is_a_twentieth_rounded_up(count: int, k: int) -> None:
    assert tails.depth(count, 0.95) == k


@pytest.mark.parametrize(("confidence", "count"), [(0.95, 20), (0.99, 100), (0.975, 40), (0.9, 10)])
def test_a_quantile_needs_one_observation_in_its_tail(confidence: float, count: int) -> None:
    assert tails.fewest(confidence) == count


@given(LOSSES, LEVELS)
def test_the_shortfall_is_never_less_than_the_value_at_risk(pnl: list[float], confidence: float) -> None:
    tail = tails.historical(pnl, confidence)

    assert tail.es >= tail.var - 1e-6
    assert sorted(pnl)[tail.k - 1] == -tail.var


@given(LOSSES, LEVELS)
def test_without_decay_age_changes_nothing(pnl: list[float], confidence: float) -> None:
    aged, plain = tails.aged(pnl, confidence, decay=1.0), tails.historical(pnl, confidence)

    assert (aged.k, aged.var) == (plain.k, plain.var)
    assert aged.es == pytest.approx(plain.es, abs=1e-6)


@given(LOSSES, LEVELS, st.floats(0.5, 100))
def test_a_book_twice_as_large_risks_twice_as_much(pnl: list[float], confidence: float, size: float) -> None:
    small, large = tails.historical(pnl, confidence), tails.historical(np.array(pnl) * size, confidence)

    assert large.var == pytest.approx(small.var * size)
    assert large.es == pytest.approx(small.es * size, abs=1e-6)


def test_the_normal_law_is_what_many_normal_days_come_to() -> None:
    days = norm.ppf((np.arange(100_000) + 0.5) / 100_000) * 12_000

    seen, said = tails.historical(days, 0.99), tails.parametric(mu=0, sigma=12_000, confidence=0.99)

    assert seen.var == pytest.approx(said.var, rel=1e-3)
    assert seen.es == pytest.approx(said.es, rel=2e-3)


def test_delta_and_gamma_of_two_names_are_those_of_their_sum() -> None:
    """Gauss and Hermite's quadrature is exact for the powers that these moments are."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(12)
    draws = np.array(np.meshgrid(nodes, nodes)).reshape(2, -1).T
    chance = np.outer(weights, weights).ravel() / (2 * math.pi)
    covariance = np.array([[4e-4, 1e-4], [1e-4, 1e-4]])
    moves = draws @ np.linalg.cholesky(covariance).T
    delta, gamma = np.array([5_000.0, -3_000.0]), np.array([-90_000.0, 40_000.0])
    pnl = moves @ delta + 0.5 * np.square(moves) @ gamma
    mean = float(chance @ pnl)
    variance, third, fourth = (float(chance @ (pnl - mean) ** power) for power in (2, 3, 4))

    found = delta_gamma.moments(delta, gamma, covariance)

    assert found.mean == pytest.approx(mean)
    assert found.deviation == pytest.approx(math.sqrt(variance))
    assert found.skew == pytest.approx(third / variance**1.5)
    assert found.kurtosis == pytest.approx(fourth / variance**2 - 3)


def test_a_reference_that_stands_still_has_no_beta() -> None:
    assert exposure.beta([0.01, 0.02], [0.01, 0.01]) is None
    assert exposure.beta([0.02, 0.04, -0.02], [0.01, 0.02, -0.01]) == pytest.approx(2.0)


@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=60))
def test_a_drawdown_is_a_share_of_a_peak(equity: list[float]) -> None:
    worst = max(1 - later / peak for n, peak in enumerate(equity) for later in equity[n:])

    assert exposure.max_drawdown(equity) == pytest.approx(worst, abs=1e-9)


def test_exceptions_are_days_that_lost_more_than_was_said_not_as_much() -> None:
    judged = backtest.judged([-1.0, -1.01, 2.0, -5.0], [1.0, 1.0, 1.0, 1.0], 0.95)

    assert (judged.days, judged.exceptions, judged.expected) == (4, 2, pytest.approx(0.2))


def test_each_day_is_judged_by_the_days_before_it_alone() -> None:
    pnl = [-1.0, -2.0, -3.0, -2.5]

    judged = backtest.rolling(pnl, 0.95, window=2)  # 2 said, 3 lost; 3 said, 2.5 lost

    assert (judged.days, judged.exceptions) == (2, 1)


def test_an_american_put_is_worth_at_least_what_exercise_brings() -> None:
    gain = unit_pnl(put(), Shock(np.array([[-0.5]]), np.array([[0.3]])))
    before = unit_pnl(put(), Shock(np.array([[0.0]]), np.array([[1e-9]]), days=1e9))

    worth = -float(before[0, 0])  # at the money, without time, it is worth nothing
    assert gain[0, 0] == pytest.approx(50 - worth)
    assert gain[1, 0] == pytest.approx(-50)


def test_an_option_that_ends_within_the_horizon_settles_at_what_it_is_worth_then() -> None:
    book = put(years=1 / 365)
    settled = unit_pnl(book, Shock(np.array([[-0.1, 0.1]]), book.volatility[:, None], days=1.0))
    still = unit_pnl(book, Shock(np.array([[0.0]]), book.volatility[:, None]))

    assert settled[0, 0] - settled[0, 1] == pytest.approx(10.0)
    assert still.tolist() == [[0.0], [0.0]]


def test_a_volatility_is_moved_within_one_and_two_hundred_per_cent() -> None:
    low, high = put(volatility=0.03), put(volatility=2.5)

    assert shifted(low, np.array([[-0.05, 0.05]]))[0].tolist() == pytest.approx([0.01, 0.08])
    assert scaled(low, np.array([[100.0, 0.01]]))[0].tolist() == pytest.approx([2.0, 0.01])
    assert scaled(high, np.array([[1.5]]))[0].tolist() == [2.5]


@pytest.mark.parametrize(("days", "factor"), [(7, 1.5), (8, 1.0)])
def test_options_that_end_within_a_week_have_half_as_much_again_of_a_shock(days: int, factor: float) -> None:
    book = put(years=days / 365)

    found = stress.grid(book, moves=[0.0], points=[0.10])

    plain = unit_pnl(book, Shock(np.array([[0.0]]), book.volatility[:, None] + factor * 0.10))
    assert found[0, 0, 0] == pytest.approx(plain[0, 0])


def test_named_days_and_gaps_are_worked_out_for_each_instrument() -> None:
    book = put()

    assert stress.named(book)[1].tolist() == pytest.approx([-20, -4, -12])
    assert stress.gaps(book)[1].tolist() == pytest.approx([-30, 30])
    assert (stress.named(book)[0] > 0).all()
