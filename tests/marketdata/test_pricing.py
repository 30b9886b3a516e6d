"""Option values against published ones."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketdata.domain import pricing
from marketdata.domain.implied import Unsolved, implied
from marketdata.domain.pricing import RawGreeks, Terms

Vector = dict[str, Any]
VECTORS: list[Vector] = [
    vector
    for name in ("greeks.json", "own_greeks.json")
    for vector in json.loads((Path(__file__).parents[1] / "data" / name).read_text())["vectors"]
]
ELSEWHERE = {  # the kinds that other tests of this folder, or of the margin's tree, run
    "american_true",
    "american_baw",
    "american_binomial_crr",
    "american_bjerksund_stensland_1993",
    "american_bjerksund_stensland_2002",
    "american_discrete_dividend",
    "european_discrete_dividends",
    "early_exercise_indicator",
}
ALSO_CALLED = {"volga": "vomma"}
VALUES = {"european_price", "greek", "greeks", "limit"}


def of_kind(*kinds: str) -> list[Any]:
    return [pytest.param(v, id=v["id"]) for v in VECTORS if v["kind"] in kinds]


def terms_of(inputs: Vector, *, is_call: bool | None = None) -> Terms:
    call = inputs["type"] == "call" if is_call is None else is_call
    return pricing.terms(
        is_call=[call], spot=inputs["S"], strike=inputs["K"], years=inputs["T"], rate=inputs["r"], dividend=inputs["q"]
    )


def named(greeks: RawGreeks, name: str, spot: float) -> float:
    if name == "elasticity":
        return float(greeks.delta[0] * spot / greeks.price[0])
    return float(getattr(greeks, name)[0])


def test_every_kind_of_vector_is_run() -> None:
    assert {v["kind"] for v in VECTORS} == VALUES | {"implied_vol", "parity", "greek2"} | ELSEWHERE


@pytest.mark.parametrize("vector", of_kind(*VALUES))
def test_prices_and_greeks_are_the_published_ones(vector: Vector) -> None:
    inputs = vector["inputs"]

    greeks = pricing.raw_greeks(terms_of(inputs), inputs["sigma"])

    for name, expected in vector["expected"].items():
        assert named(greeks, name, inputs["S"]) == pytest.approx(expected, abs=vector["tolerance"])


@pytest.mark.parametrize("vector", of_kind("greek2"))
def test_second_order_greeks_are_the_published_ones(vector: Vector) -> None:
    found = pricing.second_order(terms_of(vector["inputs"]), vector["inputs"]["sigma"])

    for name, expected in vector["expected"].items():
        assert getattr(found, ALSO_CALLED.get(name, name))[0] == pytest.approx(expected, abs=vector["tolerance"])


SLOPES = {  # the Greek whose slope it is, what it is a slope of, and in which direction
    "vanna": ("delta", "volatility", 1),
    "charm": ("delta", "years", -1),
    "vomma": ("vega", "volatility", 1),
    "speed": ("gamma", "spot", 1),
    "zomma": ("gamma", "volatility", 1),
    "color": ("gamma", "years", -1),
}


@pytest.mark.parametrize("name", SLOPES)
@pytest.mark.parametrize("is_call", [True, False])
def test_each_second_order_greek_is_the_slope_of_a_greek(name: str, is_call: bool) -> None:
    greek, of, sign = SLOPES[name]

    def at(h: float) -> float:
        base = {"spot": 100.0, "rate": 0.04, "years": 0.25, "volatility": 0.3, "dividend": 0.02}
        base[of] += h
        volatility = base.pop("volatility")
        t = pricing.terms(is_call=[is_call], strike=105.0, **base)
        return float(getattr(pricing.raw_greeks(t, volatility), greek)[0])

    t = pricing.terms(is_call=[is_call], spot=100.0, strike=105.0, years=0.25, rate=0.04, dividend=0.02)
    slope = sign * (at(1e-5) - at(-1e-5)) / 2e-5

    assert float(getattr(pricing.second_order(t, 0.3), name)[0]) == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize(("years", "volatility"), [(0.0, 0.3), (0.25, 0.0), (0.0, 0.0)])
def test_without_time_or_volatility_nothing_moves_on_but_the_carry(years: float, volatility: float) -> None:
    t = pricing.terms(is_call=[True, False], spot=100.0, strike=100.0, years=years, rate=0.04, dividend=0.02)

    found = pricing.second_order(t, volatility)

    for name in SLOPES:
        assert getattr(found, name).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("vector", of_kind("implied_vol"))
def test_implied_volatilities_are_the_published_ones(vector: Vector) -> None:
    expected = vector["expected"]["iv"]

    found = implied(terms_of(vector["inputs"]), vector["inputs"]["price"])

    if expected is None:
        assert found.value() is None
        assert found.reason() is not None
    else:
        assert found.value() == pytest.approx(expected, abs=vector["tolerance"])
        assert found.reason() is None


@pytest.mark.parametrize("vector", of_kind("parity"))
def test_call_less_put_is_the_forward(vector: Vector) -> None:
    inputs = vector["inputs"]
    call, put = (pricing.raw_greeks(terms_of(inputs, is_call=c), inputs["sigma"]) for c in (True, False))

    assert float(call.price[0] - put.price[0]) == pytest.approx(
        vector["expected"]["call_minus_put"], abs=vector["tolerance"]
    )
    assert call.gamma[0] == pytest.approx(put.gamma[0])
    assert call.vega[0] == pytest.approx(put.vega[0])


BUMPS: dict[str, Callable[[float], dict[str, float]]] = {
    "delta": lambda h: {"spot": 100 + h},
    "rho": lambda h: {"rate": 0.04 + h},
    "theta": lambda h: {"years": 0.25 - h},
    "vega": lambda h: {"volatility": 0.3 + h},
}


@pytest.mark.parametrize("name", BUMPS)
@pytest.mark.parametrize("is_call", [True, False])
def test_each_greek_is_the_slope_of_the_price(name: str, is_call: bool) -> None:
    def value(h: float) -> float:
        base = {"spot": 100.0, "rate": 0.04, "years": 0.25, "volatility": 0.3} | BUMPS[name](h)
        volatility = base.pop("volatility")
        t = pricing.terms(is_call=[is_call], strike=105.0, dividend=0.01, **base)
        return float(pricing.price(t, volatility)[0])

    t = pricing.terms(is_call=[is_call], spot=100.0, strike=105.0, years=0.25, rate=0.04, dividend=0.01)
    slope = (value(1e-5) - value(-1e-5)) / 2e-5

    assert float(getattr(pricing.raw_greeks(t, 0.3), name)[0]) == pytest.approx(slope, rel=1e-5)


def test_a_traders_units_are_a_day_a_volatility_point_and_a_rate_point() -> None:
    t = pricing.terms(is_call=[True], spot=72.0, strike=75.0, years=1.0, rate=0.09, dividend=0.0)

    raw, desk = pricing.raw_greeks(t, 0.19), pricing.desk_greeks(t, 0.19)

    assert desk.rho[0] == pytest.approx(0.387325, abs=1e-6)
    assert desk.vega[0] == pytest.approx(raw.vega[0] / 100)
    assert desk.theta[0] == pytest.approx(raw.theta[0] / 365)
    assert (desk.delta[0], desk.gamma[0]) == (raw.delta[0], raw.gamma[0])


@given(
    is_call=st.booleans(),
    moneyness=st.floats(0.8, 1.25),
    days=st.floats(0.05, 60),
    volatility=st.floats(0.05, 3.0),
)
def test_the_implied_volatility_of_a_price_is_the_one_it_was_made_with(
    is_call: bool, moneyness: float, days: float, volatility: float
) -> None:
    t = pricing.terms(
        is_call=[is_call], spot=250.0, strike=250.0 * moneyness, years=days / 365, rate=0.045, dividend=0.005
    )
    made = pricing.price(t, volatility)

    found = implied(t, made)

    if pricing.raw_greeks(t, volatility).vega[0] > 1e-3:
        assert found.value() == pytest.approx(volatility, rel=1e-6)
    else:
        assert found.value() is None or found.reason() is None


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        (float("nan"), Unsolved.MISSING),
        (0.0, Unsolved.ZERO_PRICE),
        (9.99, Unsolved.BELOW_INTRINSIC),
        (110.0, Unsolved.ABOVE_BOUND),
    ],
)
def test_a_price_without_a_volatility_says_why(price: float, reason: Unsolved) -> None:
    t = pricing.terms(is_call=[True], spot=110.0, strike=100.0, years=0.25, rate=0.0, dividend=0.0)

    found = implied(t, price)

    assert (found.value(), found.reason()) == (None, reason)


def test_a_guess_changes_no_answer() -> None:
    strikes = np.linspace(200, 300, 41)
    t = pricing.terms(is_call=strikes > 250, spot=250.0, strike=strikes, years=0.01, rate=0.045, dividend=0.0)
    prices = pricing.price(t, 0.6)

    plain = implied(t, prices)
    guessed = implied(t, prices, guess=np.where(strikes > 260, np.nan, 2.5))

    np.testing.assert_allclose(guessed.values, plain.values, rtol=1e-9)


def test_time_to_an_expiry_runs_to_its_sessions_close_and_never_below_a_minute() -> None:
    friday = date(2026, 6, 12)
    close = datetime(2026, 6, 12, 20, 0, tzinfo=UTC)

    assert pricing.years_to_expiry(close - timedelta(days=1), friday) == pytest.approx(1 / 365)
    for late in (timedelta(seconds=59), timedelta(0), timedelta(hours=-3)):
        assert pricing.years_to_expiry(close - late, friday) == pytest.approx(60 / (365 * 86_400))
    assert pricing.years_to_expiry(close - timedelta(seconds=61), friday) == pytest.approx(61 / (365 * 86_400))


def test_a_short_session_expires_options_at_its_early_close() -> None:
    assert pricing.expires_at(date(2015, 12, 24)) == datetime(2015, 12, 24, 18, 0, tzinfo=UTC)
