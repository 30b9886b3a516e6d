"""Profit, loss, break-evens and the chance of profit of any legs against a fine grid of prices."""

from datetime import date
from decimal import Decimal
from math import exp, sqrt

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from allcore.kernel.instruments import OptionContract, Right
from trading.domain.structures.chance import Lognormal, of_profit
from trading.domain.structures.legs import Leg
from trading.domain.structures.profile import profile, result_at

EXPIRY = date(2026, 6, 19)
LAW = Lognormal(spot=100.0, volatility=0.4, years=0.2, rate=0.03, dividend=0.01)
GRID = [Decimal(n) / 4 for n in range(1600)]
FAR = (Decimal(10**6), Decimal(2 * 10**6))
DEVIATIONS = np.linspace(-8, 8, 16_001)

options = st.builds(
    lambda right, strike, qty, multiplier: Leg(
        OptionContract("XYZ", EXPIRY, Right(right), Decimal(strike)), qty, multiplier
    ),
    st.sampled_from("CP"),
    st.sampled_from([90, 95, 100, 105, 110]),
    st.integers(-3, 3).filter(bool),
    st.sampled_from([100, 100, 10]),
)
shares = st.sampled_from([-100, 50, 100, 150]).map(lambda qty: Leg(None, qty, 1))
structures = st.lists(st.one_of(options, options, options, shares), min_size=1, max_size=5)
costs = st.one_of(st.sampled_from([0, 500, -500, 1000]), st.integers(-2000, 2000)).map(Decimal)


def chance(legs: list[Leg], cost: Decimal) -> float:
    """Return the chance by adding up small slices of the law."""
    middles = (DEVIATIONS[1:] + DEVIATIONS[:-1]) / 2
    drift = (LAW.rate - LAW.dividend - LAW.volatility**2 / 2) * LAW.years
    prices = LAW.spot * exp(drift) * np.exp(LAW.volatility * sqrt(LAW.years) * middles)
    total = np.full_like(prices, -float(cost))
    for leg in legs:
        gap = prices if leg.contract is None else prices - float(leg.contract.strike)
        is_put = leg.contract is not None and leg.contract.right is Right.PUT
        total += leg.shares * (gap if leg.contract is None else np.maximum(-gap if is_put else gap, 0.0))
    return float(np.diff(ndtr(DEVIATIONS))[total > 1e-7].sum())


@given(legs=structures, cost=costs)
@settings(max_examples=150, deadline=None)
def test_a_profile_is_what_every_price_says(legs: list[Leg], cost: Decimal) -> None:
    results = [result_at(legs, cost, price) for price in GRID]
    high, higher = (result_at(legs, cost, price) for price in FAR)

    found = profile(legs, cost)

    assert found.max_profit == (None if higher > high else max(results))
    assert found.max_loss == (None if higher < high else -min(results))
    for price in found.break_evens:
        assert abs(result_at(legs, cost, price)) < 1  # four places of a price, of some hundred shares
    turns = [float(price) for price in found.break_evens]
    told = of_profit(LAW, turns, lambda price: float(result_at(legs, cost, Decimal(str(price)))))
    assert abs(told - chance(legs, cost)) < 3e-3
