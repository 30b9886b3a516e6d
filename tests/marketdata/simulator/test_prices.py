"""The simulated market's prices: the same from the same seed, and as correlated and volatile as they are said to be."""

import json
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from allcore.kernel import calendar
from marketdata.domain.simulator import dynamics, history, hours, world
from marketdata.domain.simulator.checkpoint import Saved, read_checkpoint, write_checkpoint
from marketdata.domain.simulator.dynamics import State

CLOSE = datetime(2026, 6, 9, 20, 0, tzinfo=UTC)
OPEN = datetime(2026, 6, 10, 13, 30, tzinfo=UTC)


def state(seed: int = 7) -> State:
    return State(seed, CLOSE, 0, world.START_LOG_SPOT, world.START_LOG_VOLATILITY)


def test_the_road_does_not_depend_on_how_often_somebody_looks() -> None:
    at = OPEN + timedelta(minutes=2)
    often = state()
    for n in range(0, 121, 7):
        often = dynamics.advance(often, OPEN + timedelta(seconds=n))

    once = dynamics.advance(state(), at)

    assert dynamics.advance(often, at).spots.tolist() == once.spots.tolist()


def test_another_seed_is_another_market() -> None:
    assert dynamics.advance(state(7), OPEN).spots.tolist() != dynamics.advance(state(8), OPEN).spots.tolist()


def test_between_sessions_prices_stand_at_the_close() -> None:
    before = state()

    assert dynamics.advance(before, OPEN - timedelta(seconds=1)) == before


def test_a_checkpoint_holds_the_market_to_the_last_bit() -> None:
    now = dynamics.advance(state(), OPEN + timedelta(seconds=10))
    saved = Saved(now, state(), date(2026, 6, 10), {})

    again = read_checkpoint(json.loads(json.dumps(write_checkpoint(saved))))

    later = OPEN + timedelta(seconds=20)
    assert dynamics.advance(again.now, later).spots.tolist() == dynamics.advance(now, later).spots.tolist()
    assert again.listed_on == date(2026, 6, 10)


def test_a_session_carries_three_quarters_of_a_days_variance_and_the_gap_before_it_the_rest() -> None:
    friday = date(2026, 6, 12)
    close = datetime(2026, 6, 12, 20, 0, tzinfo=UTC)

    assert hours.variance_until(close - timedelta(hours=6.5), friday) == pytest.approx(0.75 / 252)
    assert hours.variance_until(close - timedelta(hours=7), friday) == pytest.approx(1 / 252)
    assert hours.variance_until(close - timedelta(days=1), friday) == pytest.approx(1 / 252)
    assert 0 < hours.variance_until(close, friday) < 1e-6


def test_returns_have_the_volatility_and_correlation_of_the_world() -> None:
    here = state()
    steps = [
        dynamics.moved(State(seed, CLOSE, 0, here.log_spot, here.log_volatility), 1 / 252, OPEN) for seed in range(4000)
    ]
    moves = np.array([s.log_spot - here.log_spot for s in steps])

    volatility = moves.std(axis=0) * np.sqrt(252)

    np.testing.assert_allclose(volatility, np.exp(world.START_LOG_VOLATILITY), rtol=0.05)
    np.testing.assert_allclose(np.corrcoef(moves.T), world.CORRELATION, atol=0.05)


def test_volatility_rises_when_prices_fall() -> None:
    here = state()
    steps = [
        dynamics.moved(State(seed, CLOSE, 0, here.log_spot, here.log_volatility), 1 / 252, OPEN) for seed in range(1000)
    ]
    market = np.array([(s.log_spot[world.MARKET], s.log_volatility[world.MARKET]) for s in steps])

    assert np.corrcoef(market.T)[0, 1] == pytest.approx(world.LEVERAGE, abs=0.08)


def test_history_is_300_sessions_that_end_the_day_before_the_start_at_the_scenarios_prices() -> None:
    bars = history.daily_bars(7, date(2026, 6, 10))

    spy = [bar for bar in bars if bar.symbol == "SPY"]
    assert len(spy) == 300
    assert spy[-1].day == date(2026, 6, 9)
    assert all(calendar.is_session(bar.day) for bar in spy)
    last = {bar.symbol: float(bar.close) for bar in bars if bar.day == date(2026, 6, 9)}
    assert last == {"VIX": 15.94} | {name.symbol: name.spot for name in world.NAMES}


def test_every_bar_contains_its_open_and_close() -> None:
    bars = history.daily_bars(11, date(2026, 6, 10))

    assert all(b.low <= min(b.open, b.close) and b.high >= max(b.open, b.close) and b.low > 0 for b in bars)


def test_the_demos_week_is_green() -> None:
    """Protocol 3.1 on Friday's closes: trend up, every approved underlying holds, volatility below its mean."""
    bars = [bar for bar in history.daily_bars(7, date(2026, 6, 10)) if bar.day <= date(2026, 6, 5)]
    closes = {
        symbol: np.array([float(b.close) for b in bars if b.symbol == symbol]) for symbol in (*world.SYMBOLS, "VIX")
    }

    for fund in ("SPY", "QQQ"):
        assert closes[fund][-1] > closes[fund][-20:].mean()
    assert closes["SPY"][-1] / closes["SPY"][-6] - 1 >= 0.005
    assert closes["VIX"][-1] < closes["VIX"][-252:].mean()
    for name in world.NAMES:
        if name.has_options:
            mine = [b for b in bars if b.symbol == name.symbol]
            ranges = [
                float(max(b.high, a.close) - min(b.low, a.close)) for a, b in zip(mine[-15:-1], mine[-14:], strict=True)
            ]
            assert closes[name.symbol][-1] > min(float(b.low) for b in mine[-20:]) + sum(ranges) / 14
