"""American values: the desk's quick ones against published ones, other formulas and the margin's tree."""

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from marketdata.domain import american, pricing
from risk.domain.margin import tree
from tests.marketdata import reference

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "greeks.json").read_text(encoding="utf-8"))["vectors"]
SPOTS = np.array([70.0, 85.0, 95.0, 100.0, 105.0, 115.0, 130.0])


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(v, id=v["id"]) for v in VECTORS if v["kind"] == kind]


def option_of(inputs: dict[str, Any]) -> reference.American:
    names = ("S", "K", "T", "r", "q", "sigma")
    return reference.American(inputs["type"] == "call", *(float(inputs[name]) for name in names))


def quick(o: reference.American) -> float:
    t = pricing.terms(
        is_call=[o.is_call], spot=o.spot, strike=o.strike, years=o.years, rate=o.rate, dividend=o.dividend
    )
    return float(american.price(t, o.volatility)[0])


@pytest.mark.parametrize("vector", of_kind("american_baw"))
def test_quick_american_values_are_the_published_ones(vector: dict[str, Any]) -> None:
    found = quick(option_of(vector["inputs"]))

    assert found == pytest.approx(vector["expected"]["price"], abs=vector["tolerance"])
    assert found == pytest.approx(vector["recomputed"]["own"]["price"], abs=1e-9)


@pytest.mark.parametrize("vector", of_kind("american_binomial_crr"))
def test_the_reference_tree_is_the_published_one(vector: dict[str, Any]) -> None:
    inputs = vector["inputs"]

    found = reference.crr(option_of(inputs), inputs["steps"])

    assert found == pytest.approx(vector["expected"]["price"], abs=vector["tolerance"])


@pytest.mark.parametrize("vector", of_kind("american_bjerksund_stensland_1993"))
def test_one_flat_boundary_is_the_published_one(vector: dict[str, Any]) -> None:
    found = reference.flat_boundary(option_of(vector["inputs"]))

    assert found == pytest.approx(vector["expected"]["price"], abs=vector["tolerance"])


@pytest.mark.parametrize("vector", of_kind("american_bjerksund_stensland_2002"))
def test_two_flat_boundaries_are_the_published_ones(vector: dict[str, Any]) -> None:
    found = reference.two_boundaries(option_of(vector["inputs"]))

    assert found == pytest.approx(vector["expected"]["price"], abs=vector["tolerance"])


@pytest.mark.parametrize("is_call", [True, False])
@pytest.mark.parametrize(("rate", "dividend"), [(0.05, 0.03), (0.08, 0.12), (0.04, 0.04)])
@pytest.mark.parametrize("years", [0.05, 0.5])
def test_bounds_of_other_people_hold_the_quick_value(is_call: bool, rate: float, dividend: float, years: float) -> None:
    for spot, volatility in product((85.0, 100.0, 115.0), (0.2, 0.5)):
        o = reference.American(is_call, spot, 100.0, years, rate, dividend, volatility)
        low, high = reference.flat_boundary(o), reference.two_boundaries(o)
        true = reference.crr(o, 1001)

        assert low <= high + 0.01
        assert high <= true + 0.01
        assert quick(o) == pytest.approx(true, abs=0.0012 * 100)


@pytest.mark.parametrize("days", [2, 7, 30, 60])
@pytest.mark.parametrize("volatility", [0.15, 0.35, 0.6])
@pytest.mark.parametrize(("is_call", "dividend"), [(False, 0.0), (False, 0.01), (True, 0.03)])
def test_within_two_months_it_is_nearer_to_the_tree_than_the_european_price_floored(
    days: int, volatility: float, is_call: bool, dividend: float
) -> None:
    years = days / 365
    t = pricing.terms(is_call=is_call, spot=SPOTS, strike=100.0, years=years, rate=0.045, dividend=dividend)
    true = tree.values(tree.Option(is_call, 100.0, years, 0.045, dividend), SPOTS, volatility)

    found = american.price(t, volatility)

    floored = np.maximum(pricing.price(t, volatility), t.sign * (t.spot - t.strike))
    off, off_floored = np.abs(found - true).max(), np.abs(floored - true).max()
    assert off < 0.06
    assert off <= off_floored + 0.003


def test_scenarios_are_valued_as_options_one_by_one() -> None:
    t = pricing.terms(
        is_call=[[True], [False]], spot=[[90.0, 100.0, 110.0]], strike=100.0, years=0.1, rate=0.05, dividend=0.04
    )
    volatility = np.array([[0.2, 0.3, 0.4]])

    together = american.price(t, volatility)

    for (row, call), (column, spot) in product(enumerate((True, False)), enumerate((90.0, 100.0, 110.0))):
        alone = reference.American(call, spot, 100.0, 0.1, 0.05, 0.04, float(volatility[0, column]))
        assert together[row, column] == pytest.approx(quick(alone), abs=1e-9)


@pytest.mark.parametrize(("rate", "dividend"), [(0.05, 0.0), (0.0, 0.0), (0.0, 0.05), (-0.01, 0.02), (1e-9, 1e-9)])
@pytest.mark.parametrize("is_call", [True, False])
def test_at_every_edge_it_is_finite_and_never_below_exercise_or_the_european_price(
    is_call: bool, rate: float, dividend: float
) -> None:
    spots = np.array([1e-300, 1e-6, 50.0, 100.0, 200.0, 1e5])
    for years, volatility in product((0.0, 1e-6, 1 / 365, 3.0), (0.0, 1e-6, 1e-3, 0.2, 5.0)):
        t = pricing.terms(is_call=is_call, spot=spots, strike=100.0, years=years, rate=rate, dividend=dividend)
        with np.errstate(over="raise", divide="raise", invalid="raise"):
            found = american.price(t, volatility)

        assert np.isfinite(found).all()
        assert (found >= t.sign * (t.spot - t.strike)).all()
        assert (found >= pricing.price(t, volatility)).all()


@pytest.mark.parametrize(("is_call", "rate", "dividend"), [(True, 0.05, 0.0), (False, 0.0, 0.0)])
def test_what_nobody_exercises_early_is_european(is_call: bool, rate: float, dividend: float) -> None:
    t = pricing.terms(is_call=is_call, spot=SPOTS, strike=100.0, years=0.5, rate=rate, dividend=dividend)

    np.testing.assert_allclose(american.price(t, 0.3), pricing.price(t, 0.3))
