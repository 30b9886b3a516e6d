"""Prices, Greeks and volatilities against the formula worked out to a hundred and thirty digits.

The Greeks are taken as slopes of that price, so that no formula of theirs is believed twice.
"""

from decimal import Decimal, localcontext
from itertools import product
from typing import NamedTuple

import numpy as np
import pytest

from marketdata.domain import pricing
from marketdata.domain.implied import HIGHEST, LOWEST, Unsolved, implied

D = Decimal
DIGITS = 130
PI = D(
    "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798214808651"
)
STEP = D(10) ** -30


class Case(NamedTuple):
    """One option; numbers as text, so that they are exact."""

    is_call: bool
    spot: Decimal
    strike: Decimal
    years: Decimal
    rate: Decimal
    dividend: Decimal
    sigma: Decimal


def normal(x: Decimal) -> Decimal:
    """Return the chance below x, by the series 1/2 + density x (x + x^3/3 + x^5/15 + ...)."""
    if x < 0:
        return 1 - normal(-x)
    if x > 22:
        return D(1)
    term = total = x
    odd = 1
    while term > total * D(10) ** -(DIGITS - 5):
        odd += 2
        term = term * x * x / odd
        total += term
    return D("0.5") + total * (-x * x / 2).exp() / (2 * PI).sqrt()


def value(c: Case) -> Decimal:
    sign = 1 if c.is_call else -1
    spot, strike = c.spot * (-c.dividend * c.years).exp(), c.strike * (-c.rate * c.years).exp()
    total = c.sigma * c.years.sqrt()
    d1 = (spot / strike).ln() / total + total / 2
    return sign * (spot * normal(sign * d1) - strike * normal(sign * (d1 - total)))


def slope(c: Case, name: str) -> Decimal:
    up, down = (value(c._replace(**{name: getattr(c, name) + h})) for h in (STEP, -STEP))
    return (up - down) / (2 * STEP)


def curve(c: Case) -> Decimal:
    up, down = (value(c._replace(spot=c.spot + h)) for h in (STEP, -STEP))
    return (up - 2 * value(c) + down) / STEP**2


YEARS = ("0.0000019", "0.0027", "0.25", "3")  # the first is a minute
MONEYNESS = ("0.2", "0.95", "1", "1.05", "5")
RATES = (("-0.02", "0"), ("0", "0"), ("0.05", "0.10"), ("0.15", "0.01"))
SIGMAS = ("0.01", "0.3", "5")
ALL = [
    Case(place % 2 == 0, D(spot), D(spot) * D(k), D(years), D(rate), D(dividend), D(sigma))
    for place, (years, k, (rate, dividend), sigma) in enumerate(product(YEARS, MONEYNESS, RATES, SIGMAS))
    for spot in (("100", "4550.5")[place % 3 == 0],)
]


def terms(cases: list[Case]) -> pricing.Terms:
    calls, *numbers = zip(*cases, strict=True)
    spot, strike, years, rate, dividend, _ = (np.array(row, dtype=np.float64) for row in numbers)
    return pricing.terms(is_call=calls, spot=spot, strike=strike, years=years, rate=rate, dividend=dividend)


def test_a_wide_grid_of_prices_and_greeks_is_the_formula_s_to_the_last_digits() -> None:
    with localcontext(prec=DIGITS):
        expected = {
            "price": [value(c) for c in ALL],
            "delta": [slope(c, "spot") for c in ALL],
            "gamma": [curve(c) for c in ALL],
            "vega": [slope(c, "sigma") for c in ALL],
            "theta": [-slope(c, "years") for c in ALL],
            "rho": [slope(c, "rate") for c in ALL],
        }
    spots = np.array([float(c.spot) for c in ALL])

    found = pricing.raw_greeks(terms(ALL), np.array([float(c.sigma) for c in ALL]))

    for name, wanted in expected.items():
        scale = np.ones_like(spots) if name in ("delta", "gamma") else spots
        numbers = np.array([float(number) for number in wanted])
        off = np.abs(getattr(found, name) - numbers) / np.maximum(np.abs(numbers), scale)
        assert off.max() < 1e-11, (name, ALL[int(off.argmax())])


def test_the_volatility_of_each_price_that_has_one_comes_back() -> None:
    with localcontext(prec=DIGITS):
        prices = np.array([float(value(c)) for c in ALL])
    t = terms(ALL)
    sigmas = np.array([float(c.sigma) for c in ALL])
    # where the time value is lost in the digits of the intrinsic, or the price in those of the bound, none is left
    tells = (prices > t.least + 1e-6 * t.spot) & (prices < t.most * (1 - 1e-9))

    found = implied(t, prices)

    assert tells.sum() > 80
    np.testing.assert_allclose(found.values[tells], sigmas[tells], rtol=1e-6)


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize("strike", [1.0, 50.0, 100.0, 200.0, 1e4])
@pytest.mark.parametrize("years", [0.0, 1e-9, 60 / (365 * 86_400), 1.0, 30.0])
@pytest.mark.parametrize("rate", [-0.05, 0.0, 0.2])
def test_any_price_has_a_volatility_within_bounds_or_a_reason(
    *, is_call: bool, strike: float, years: float, rate: float
) -> None:
    t = pricing.terms(is_call=[is_call], spot=100.0, strike=strike, years=years, rate=rate, dividend=0.01)
    least, most = float(t.least[0]), float(t.most[0])
    middle = (least + most) / 2

    for price in (-1.0, 0.0, 5e-324, 1e-9, least, least + 1e-6, middle, most - 1e-9, most, most + 1, float("inf")):
        found = implied(t, [price])

        solved = found.value()
        assert (solved is None) is (found.reason() is not None)
        if solved is not None:
            assert LOWEST <= solved <= HIGHEST
            assert float(pricing.price(t, solved)[0]) == pytest.approx(price, abs=1e-7)


def test_without_time_no_price_has_a_volatility() -> None:
    t = pricing.terms(is_call=[True, True], spot=100.0, strike=[95.0, 105.0], years=0.0, rate=0.05, dividend=0.0)

    found = implied(t, [6.0, 1.0])

    assert [found.reason(n) for n in (0, 1)] == [Unsolved.NO_CONVERGENCE] * 2


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize(
    ("years", "sigma"), [(0.0, 0.3), (0.0, 0.0), (1.0, 0.0), (0.5, 0.0), (1e-12, 0.3), (1.0, 1e-9)]
)
@pytest.mark.parametrize("strike", [0.01, 90.0, 100.0, 110.0, 1e6])
def test_without_time_or_volatility_everything_is_finite_and_exercise(
    *, is_call: bool, years: float, sigma: float, strike: float
) -> None:
    t = pricing.terms(is_call=[is_call], spot=100.0, strike=strike, years=years, rate=0.05, dividend=0.01)

    found = pricing.raw_greeks(t, sigma)

    assert all(np.isfinite(getattr(found, name)).all() for name in ("price", "delta", "gamma", "vega", "theta", "rho"))
    assert float(found.price[0]) == pytest.approx(float(t.least[0]), abs=1e-4)
    assert (0 <= found.delta[0] <= 1) if is_call else (-1 <= found.delta[0] <= 0)
