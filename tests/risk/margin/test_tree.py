"""The tree of American options: published true values, and the formula where early exercise is worth nothing."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marketdata.domain import pricing
from risk.domain.margin import tree

VECTORS = [
    vector
    for name in ("greeks.json", "own_greeks.json")
    for vector in json.loads((Path(__file__).parents[2] / "data" / name).read_text(encoding="utf-8"))["vectors"]
]
TRUE = [pytest.param(v, id=v["id"]) for v in VECTORS if v["kind"] == "american_true"]
SPOTS = np.array([1e-6, 20.0, 90.0, 100.0, 110.0, 500.0])
RATES = ((0.05, 0.0), (-0.02, 0.0), (0.1, 0.1), (0.0, 0.05))


def option(is_call: bool, strike: float, years: float, rates: tuple[float, float], is_american: bool) -> tree.Option:
    return tree.Option(is_call, strike, years, *rates, is_american=is_american)


@pytest.mark.parametrize("vector", TRUE)
def test_true_american_values_are_the_published_ones(vector: dict[str, Any]) -> None:
    given = vector["inputs"]
    one = option(given["type"] == "call", given["K"], given["T"], (given["r"], given["q"]), is_american=True)

    found = float(tree.values(one, [given["S"]], given["sigma"])[0])

    assert found == pytest.approx(vector["expected"]["price"], abs=vector["tolerance"])


@pytest.mark.parametrize("years", [0.0, 2e-6, 0.003, 0.2, 3.0])
@pytest.mark.parametrize("volatility", [0.0, 1e-4, 0.01, 0.2, 1.0, 5.0])
def test_the_whole_grid_is_finite_near_the_formula_and_never_below_exercise(years: float, volatility: float) -> None:
    for rates, strike, is_call in product(RATES, (0.01, 50.0, 100.0, 150.0), (True, False)):
        early, late = (tree.values(option(is_call, strike, years, rates, a), SPOTS, volatility) for a in (True, False))
        t = pricing.terms(is_call=is_call, spot=SPOTS, strike=strike, years=years, rate=rates[0], dividend=rates[1])
        scale = np.maximum(SPOTS, strike)

        np.testing.assert_array_less(np.abs(late - pricing.price(t, volatility)), 2e-5 * scale)
        assert np.isfinite(early).all()
        assert (early >= late - 1e-4 * scale).all()
        assert (early >= np.where(is_call, SPOTS - strike, strike - SPOTS) - 1e-9).all()


def test_a_call_without_dividends_is_never_exercised_early() -> None:
    early, late = (
        tree.values(tree.Option(is_call=True, strike=100.0, years=0.5, rate=0.05, is_american=a), SPOTS, 0.3)
        for a in (True, False)
    )

    np.testing.assert_allclose(early, late, atol=2e-3)


@pytest.mark.parametrize("volatility", [0.05, 0.3, 2.0])
@pytest.mark.parametrize("strike", [80.0, 100.0, 120.0])
def test_the_volatility_of_an_american_put_comes_back(strike: float, volatility: float) -> None:
    put = tree.Option(is_call=False, strike=strike, years=0.25, rate=0.05)
    worth = float(tree.values(put, [100.0], volatility)[0])
    exercise = max(strike - 100.0, 0.0)

    found = tree.implied(put, 100.0, worth)

    if worth > exercise + 1e-3:
        assert found == pytest.approx(volatility, abs=1e-4)
