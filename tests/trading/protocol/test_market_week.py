"""The market's class for a week."""

from collections.abc import Sequence
from itertools import product

import pytest

from tests.builders.protocol import Bar, bars
from trading.domain.protocol import market_week, series
from trading.domain.protocol.defaults import DEFAULT
from trading.domain.protocol.market_week import (
    CLASSES,
    IndexReading,
    Support,
    SupportReading,
    Trend,
    Volatility,
    support_of,
    trend_of,
    worse,
)
from trading.domain.protocol.words import Klass

RISING = [100 + n * 0.5 for n in range(300)]
FALLING = [300 - n * 0.5 for n in range(300)]
FLAT = [100.0] * 300
CALM = [20.0] * 299 + [16.0]
WILD = [20.0] * 299 + [26.0]


def market(index: Sequence[float], vix: Sequence[float], name: Sequence[float]) -> dict[str, list[Bar]]:
    return {"SPY": bars(index), "QQQ": bars(index), "VIX": bars(vix, 0.0), "TSLA": bars(name, 0.2)}


def klass(index: Sequence[float], vix: Sequence[float], name: Sequence[float]) -> Klass | None:
    reading = market_week.read(market(index, vix, name), ("TSLA",), DEFAULT)
    return None if reading is None else reading.klass


def test_every_trend_volatility_and_support_has_a_class() -> None:
    assert set(CLASSES) == set(product(Trend, Volatility, Support))


@pytest.mark.parametrize(
    ("index", "vix", "name", "expected"),
    [
        (RISING, CALM, RISING, Klass.GREEN),
        (RISING, WILD, RISING, Klass.GREEN),
        (RISING, CALM, FALLING, Klass.CHOP),
        (FALLING, CALM, RISING, Klass.CHOP),
        (FALLING, CALM, FALLING, Klass.RED),
        (FALLING, WILD, RISING, Klass.RED),
        (FLAT, CALM, RISING, Klass.CHOP),
        (FLAT, WILD, RISING, Klass.RED),
    ],
)
def test_closes_give_the_class(
    index: Sequence[float], vix: Sequence[float], name: Sequence[float], expected: Klass
) -> None:
    assert klass(index, vix, name) is expected


@pytest.mark.parametrize("missing", ["SPY", "QQQ", "VIX", "TSLA"])
def test_without_a_series_there_is_no_class(missing: str) -> None:
    known = market(RISING, CALM, RISING)
    del known[missing]

    assert market_week.read(known, ("TSLA",), DEFAULT) is None


def test_a_vix_history_of_one_session_too_few_gives_no_class() -> None:
    assert klass(RISING, CALM[-252:], RISING) is Klass.GREEN
    assert klass(RISING, CALM[-251:], RISING) is None


def test_without_a_universe_there_is_no_class() -> None:
    assert market_week.read(market(RISING, CALM, RISING), (), DEFAULT) is None


def test_the_evidence_says_what_was_read() -> None:
    reading = market_week.read(market(RISING, CALM, RISING), ("TSLA",), DEFAULT)

    assert reading is not None
    assert reading.vix == 16.0
    assert reading.vix_jump == -4.0
    assert round(reading.vix_ratio, 3) == 0.801
    assert [i.symbol for i in reading.indices] == ["SPY", "QQQ"]
    assert [s.symbol for s in reading.supports] == ["TSLA"]


@pytest.mark.parametrize(
    ("close", "change", "expected"),
    [
        (101, 0.005, Trend.BULL),
        (101, 0.00499, Trend.SIDEWAYS),
        (100, 0.05, Trend.SIDEWAYS),
        (99, -0.005, Trend.BEAR),
        (99, -0.00499, Trend.SIDEWAYS),
        (100, -0.05, Trend.SIDEWAYS),
    ],
)
def test_a_trend_needs_both_indices_beyond_their_means_and_half_a_percent(
    close: float, change: float, expected: Trend
) -> None:
    both = [IndexReading("SPY", close, 100, change), IndexReading("QQQ", close, 100, 0.0)]

    assert trend_of(both, 0.005) is expected


def test_one_index_on_the_other_side_is_no_trend() -> None:
    assert trend_of([IndexReading("SPY", 101, 100, 0.02), IndexReading("QQQ", 99, 100, 0.0)], 0.005) is Trend.SIDEWAYS


def name(close: float) -> SupportReading:
    return SupportReading("X", close, low=100, atr=5)


@pytest.mark.parametrize(
    ("closes", "expected"),
    [
        ([105.01, 105.01], Support.STRONG),
        ([105.01, 105.00], Support.MIXED),
        ([110, 100], Support.BELOW),
        ([110, 100.01], Support.MIXED),
        ([110, 110, 100], Support.MIXED),
        ([110, 100, 99], Support.BELOW),
    ],
)
def test_support_is_strong_one_atr_above_the_low_and_below_when_half_have_broken_it(
    closes: list[float], expected: Support
) -> None:
    assert support_of([name(close) for close in closes]) is expected


def test_the_worse_class_wins() -> None:
    assert worse(Klass.GREEN, Klass.CHOP) is Klass.CHOP
    assert worse(Klass.RED, Klass.CHOP) is Klass.RED


def test_true_range_counts_the_gap_over_night() -> None:
    gap = [*bars([100.0] * 15), *bars([110.0])]

    assert series.atr(bars([100.0] * 15), 14) == 2.0
    assert series.atr(gap, 14) == pytest.approx(2 + (11 - 2) / 14)


def test_the_percentile_of_a_range_needs_a_full_history() -> None:
    enough = bars([100.0] * 266)

    assert series.atr_percentile(enough, 14, 252) == 0.0
    assert series.atr_percentile(enough[1:], 14, 252) is None
