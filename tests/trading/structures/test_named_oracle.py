"""Every named structure, both ways round, against a payoff reckoned apart: what it wins, loses, and when it is even."""

from datetime import date
from itertools import pairwise
from math import exp, log, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import ndtr

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.money import from_float
from marketdata.domain import pricing
from trading.domain.structures.chance import Lognormal, of_profit
from trading.domain.structures.legs import Leg
from trading.domain.structures.modelled import profile_of
from trading.domain.structures.recognise import recognise
from trading.domain.structures.shapes import BROKEN, NAMED, RATIOS, Shape
from trading.domain.structures.worth import Assumptions, ends_at, worth

Floats = NDArray[np.float64]
DAYS = (date(2026, 6, 19), date(2026, 7, 17))
RATE, YIELD, SPOT = 0.04, 0.01, 105.0

# By the text books: what has no end above every strike. All else is bounded, since no price falls below nought.
WINS_WITHOUT_END = {
    "LONG_STOCK", "LONG_CALL", "LONG_STRADDLE", "LONG_STRANGLE", "LONG_GUTS", "LONG_STRIP", "LONG_STRAP",
    "SYNTHETIC_LONG", "BULLISH_RISK_REVERSAL", "CALL_ZEBRA", "CALL_BACKSPREAD", "BEAR_CALL_LADDER",
    "PROTECTIVE_PUT", "SYNTHETIC_LONG_STRADDLE", "SHORT_TWISTED_SISTER", "REVERSE_BEARISH_SEAGULL",
    "CALL_SPREAD_COLLAR",
}  # fmt: skip
LOSES_WITHOUT_END = {
    "SHORT_STOCK", "SHORT_CALL", "SHORT_STRADDLE", "SHORT_STRANGLE", "SHORT_GUTS", "SHORT_STRIP", "SHORT_STRAP",
    "SYNTHETIC_SHORT", "BEARISH_RISK_REVERSAL", "SHORT_CALL_ZEBRA", "CALL_RATIO_SPREAD", "BULL_CALL_LADDER",
    "COVERED_PUT", "SYNTHETIC_SHORT_STRADDLE", "RATIO_COVERED_CALL", "TWISTED_SISTER", "BEARISH_SEAGULL",
    "SHORT_CALL_SPREAD_COLLAR",
}  # fmt: skip
# And which way they lean: the result far above the strikes against the result at nought.
BULLS = {
    "LONG_STOCK", "LONG_CALL", "SHORT_PUT", "BULL_CALL_SPREAD", "BULL_PUT_SPREAD", "CALL_ZEBRA", "SHORT_PUT_ZEBRA",
    "SYNTHETIC_LONG", "BULLISH_RISK_REVERSAL", "BULLISH_SEAGULL", "COVERED_CALL", "PROTECTIVE_PUT", "COLLAR",
    "COVERED_STRADDLE", "COVERED_STRANGLE", "STOCK_REPAIR", "PUT_SPREAD_COLLAR", "CALL_SPREAD_COLLAR",
    "JADE_LIZARD", "BIG_LIZARD", "PUT_RATIO_SPREAD", "BEAR_PUT_LADDER",
}  # fmt: skip
FLAT = {"CONVERSION", "REVERSAL", "LONG_BOX", "SHORT_BOX"}
RATIO_SHAPES: list[tuple[str, list[tuple[str, int, int]]]] = [
    ("CALL_RATIO_SPREAD", [("C", 1, 1), ("C", 2, -2)]),
    ("CALL_RATIO_SPREAD", [("C", 1, 2), ("C", 2, -3)]),
    ("CALL_RATIO_SPREAD", [("C", 1, 1), ("C", 2, -3)]),
    ("CALL_BACKSPREAD", [("C", 1, -1), ("C", 2, 2)]),
    ("CALL_BACKSPREAD", [("C", 1, -2), ("C", 2, 3)]),
    ("PUT_RATIO_SPREAD", [("P", 2, 1), ("P", 1, -2)]),
    ("PUT_RATIO_SPREAD", [("P", 2, 2), ("P", 1, -3)]),
    ("PUT_BACKSPREAD", [("P", 2, -1), ("P", 1, 2)]),
    ("PUT_BACKSPREAD", [("P", 2, -1), ("P", 1, 3)]),
]
ALIKE = {broken: name for name, broken in BROKEN.items()}
Rows = list[tuple[str, float, int, int]]  # right or S, strike, expiry, contracts


def rows_of(shape: Shape, strikes: list[int], units: int) -> Rows:
    return [(p.kind, float(strikes[p.strike - 1]) if p.strike else 0.0, p.expiry - 1, p.qty * units) for p in shape]


def legs_of(rows: Rows) -> list[Leg]:
    return [
        Leg(None, qty * 100, 1)
        if kind == "S"
        else Leg(OptionContract("XYZ", DAYS[day], Right(kind), from_float(strike)), qty)
        for kind, strike, day, qty in rows
    ]


def value(kind: str, strike: float, years: float, iv: float, prices: Floats) -> Floats:
    """Return a share's worth by Black and Scholes, written out, and no less than exercise; at its end just that."""
    if kind == "S":
        return prices
    sign = 1 if kind == "C" else -1
    exercised = np.maximum(sign * (prices - strike), 0.0)
    if years <= 0:
        return exercised
    spread = iv * sqrt(years)
    d1 = (np.log(prices / strike) + (RATE - YIELD + iv * iv / 2) * years) / spread
    here, there = prices * exp(-YIELD * years), strike * exp(-RATE * years)
    kept = sign * (here * ndtr(sign * d1) - there * ndtr(sign * (d1 - spread)))
    return np.asarray(np.maximum(kept, exercised))


def result(rows: Rows, cost: float, ivs: list[float], prices: Floats) -> Floats:
    """Return the dollars won on the first expiry at each price."""
    first = min((day for kind, _, day, _ in rows if kind != "S"), default=0)
    total = np.full_like(prices, -cost)
    for (kind, strike, day, qty), iv in zip(rows, ivs, strict=True):
        left = 0.0 if kind == "S" else pricing.years_to_expiry(ends_at(DAYS[first]), DAYS[day]) * (day > first)
        total += 100 * qty * value(kind, strike, left, iv, prices)
    return total


@st.composite
def strikes_of(draw: st.DrawFn, count: int, *, even: bool) -> list[int]:
    first, widths = draw(st.integers(60, 120)), st.integers(1, 15)
    steps = [draw(widths)] * count if even else [draw(widths) for _ in range(count)]
    return [first + sum(steps[:n]) for n in range(count)]


ONE_EXPIRY = [(shape, name) for shape, name in NAMED.items() if max((p.expiry for p in shape), default=1) < 2]
TWO_EXPIRIES = [(shape, name) for shape, name in NAMED.items() if max((p.expiry for p in shape), default=1) == 2]


@pytest.mark.parametrize(("shape", "name"), ONE_EXPIRY, ids=[name for _, name in ONE_EXPIRY])
@given(data=st.data())
@settings(max_examples=8, deadline=None)
def test_a_named_structure_wins_and_loses_what_its_payoff_says(shape: Shape, name: str, data: st.DataObject) -> None:
    count = max((p.strike for p in shape), default=0)
    strikes = data.draw(strikes_of(count, even=data.draw(st.booleans())))
    rows, cost = rows_of(shape, strikes, data.draw(st.integers(1, 4))), data.draw(st.integers(-9000, 9000))
    legs = legs_of(rows)

    said = recognise(data.draw(st.permutations(legs)))
    found = profile_of(legs, from_float(float(cost)), SPOT, Assumptions(RATE, YIELD))

    assert ALIKE.get(said, said) == name
    agrees(rows, float(cost), said, found.max_profit, found.max_loss)
    grid = np.linspace(0, 400, 8_001)
    values = result(rows, cost, [0.0] * len(rows), grid).round(6)
    crossings = np.flatnonzero(values[:-1] * values[1:] < 0)
    for n in crossings:
        assert any(grid[n] - 0.02 <= float(price) <= grid[n + 1] + 0.02 for price in found.break_evens)
    for price in found.break_evens:
        at = np.array([float(price)])
        assert abs(result(rows, cost, [0.0] * len(rows), at)[0]) < 1


@pytest.mark.parametrize(("name", "wanted"), RATIO_SHAPES)
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_an_uneven_spread_wins_and_loses_what_its_payoff_says(
    name: str, wanted: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    strikes, cost = data.draw(strikes_of(2, even=False)), data.draw(st.integers(-3000, 3000))
    rows: Rows = [(kind, float(strikes[rank - 1]), 0, qty) for kind, rank, qty in wanted]

    found = profile_of(legs_of(rows), from_float(float(cost)), SPOT, Assumptions(RATE, YIELD))

    assert recognise(legs_of(rows)) == name
    assert name in RATIOS.values()
    agrees(rows, float(cost), name, found.max_profit, found.max_loss)


def agrees(rows: Rows, cost: float, name: str, max_profit: object, max_loss: object) -> None:
    """Hold the numbers against a grid of cents, and the name against the text books."""
    grid = np.linspace(0, 400, 8_001)  # no strike lies above it, and each lies on it
    values = result(rows, cost, [0.0] * len(rows), grid)
    name = ALIKE.get(name, name)
    assert (max_profit is None) is (name in WINS_WITHOUT_END)
    assert (max_loss is None) is (name in LOSES_WITHOUT_END)
    if max_profit is not None:
        assert float(str(max_profit)) == pytest.approx(values.max(), abs=1e-6)
    if max_loss is not None:
        assert float(str(max_loss)) == pytest.approx(-values.min(), abs=1e-6)
    if name in BULLS:
        assert values[-1] > values[0]
    if name in FLAT:
        assert np.ptp(values) < 1e-6


@pytest.mark.parametrize(("shape", "name"), TWO_EXPIRIES, ids=[name for _, name in TWO_EXPIRIES])
@given(data=st.data())
@settings(max_examples=6, deadline=None)
def test_one_of_two_expiries_wins_and_loses_what_the_model_says(shape: Shape, name: str, data: st.DataObject) -> None:
    strikes = data.draw(strikes_of(max(p.strike for p in shape), even=False))
    rows, cost = (
        rows_of(shape, strikes, data.draw(st.integers(1, 3))),
        float(data.draw(st.integers(20, 2000).flatmap(lambda n: st.sampled_from([n, -n])))),
    )
    ivs = [data.draw(st.sampled_from([0.15, 0.3, 0.6])) for _ in rows]
    legs = legs_of(rows)
    known = {leg.contract.symbol: iv for leg, iv in zip(legs, ivs, strict=True) if leg.contract is not None}
    assumed = Assumptions(RATE, YIELD, ivs=known)

    found = profile_of(legs, from_float(cost), SPOT, assumed)

    assert recognise(data.draw(st.permutations(legs))) == name
    grid = np.unique(np.concatenate([np.linspace(0.01, 320, 16_000), strikes, [2000.0]]))
    values = result(rows, cost, ivs, grid)
    assert found.is_modelled
    assert float(str(found.max_profit)) == pytest.approx(values.max(), abs=3)
    assert float(str(found.max_loss)) == pytest.approx(-values.min(), abs=3)
    clear = np.flatnonzero(np.abs(values) > 0.02)
    pairs = [(a, b) for a, b in pairwise(clear) if values[a] * values[b] < 0]
    even = np.array([float(price) for price in found.break_evens])
    for n, (a, b) in enumerate(pairs):
        before, after = pairs[n - 1][1] if n else 0, pairs[n + 1][0] if n + 1 < len(pairs) else -1
        if grid[a] - grid[before] > 0.5 and grid[after] - grid[b] > 0.5:  # not two within one step of the search
            assert np.any((even > grid[a] - 0.01) & (even < grid[b] + 0.01))
    assert np.all(np.abs(result(rows, cost, ivs, even)) < 5)
    law = Lognormal(SPOT, 0.35, 0.1, RATE, YIELD)
    turns = [float(price) for price in found.break_evens]
    at = ends_at(DAYS[0])
    told = of_profit(law, turns, lambda price: float(worth(legs, [price], at, assumed)[0]) - cost)
    assert told == pytest.approx(chance(rows, cost, ivs), abs=3e-3)


def chance(rows: Rows, cost: float, ivs: list[float]) -> float:
    """Return the chance of a profit by adding up small slices of the law."""
    deviations = np.linspace(-9, 9, 36_001)
    drift = (RATE - YIELD - 0.35**2 / 2) * 0.1
    prices = SPOT * np.exp(drift + 0.35 * sqrt(0.1) * (deviations[1:] + deviations[:-1]) / 2)
    assert log(prices[0] / SPOT) < -0.9
    return float(np.diff(ndtr(deviations))[result(rows, cost, ivs, prices) > 1e-7].sum())


@pytest.mark.parametrize(("shape", "name"), TWO_EXPIRIES, ids=[name for _, name in TWO_EXPIRIES])
def test_without_the_volatility_of_what_lives_on_nothing_is_told(shape: Shape, name: str) -> None:
    rows = rows_of(shape, [95, 100, 105, 110], 1)
    legs = legs_of(rows)
    near = {leg.contract.symbol: 0.3 for leg in legs if leg.contract is not None and leg.expiry == DAYS[0]}

    found = profile_of(legs, from_float(-300.0), SPOT, Assumptions(RATE, YIELD, ivs=near))

    assert not found.is_known, name
    assert found.break_evens == ()


def test_an_even_price_that_the_search_steps_on_is_found() -> None:
    near, far = legs_of([("C", 100.0, 0, -1), ("C", 100.0, 1, 1)])
    flat = OptionContract("XYZ", DAYS[0], Right.PUT, from_float(90.0))  # its strike is looked at
    rows: Rows = [("C", 100.0, 0, -1), ("C", 100.0, 1, 1), ("P", 90.0, 0, -1)]
    known = {leg.contract.symbol: 0.3 for leg in (near, far) if leg.contract is not None} | {flat.symbol: 0.3}
    cost = float(result(rows, 0.0, [0.3] * 3, np.array([90.0]))[0])

    found = profile_of([near, far, Leg(flat, -1)], from_float(cost), SPOT, Assumptions(RATE, YIELD, ivs=known))

    assert any(abs(float(price) - 90) < 0.05 for price in found.break_evens)


def test_a_put_calendar_loses_no_more_than_it_cost_where_exercise_is_free_and_more_where_it_is_not() -> None:
    legs = legs_of([("P", 100.0, 0, -1), ("P", 100.0, 1, 1)])
    known = {leg.contract.symbol: 0.3 for leg in legs if leg.contract is not None}

    losses = [
        profile_of(legs, from_float(150.0), SPOT, Assumptions(RATE, YIELD, ivs=known, is_american=free)).max_loss
        for free in (True, False)
    ]

    assert losses[0] == from_float(150.0)
    assert losses[1] is not None
    assert losses[1] > from_float(175.0)  # the strike's interest of four weeks is lost as well
