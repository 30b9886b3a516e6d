"""Options on shares with known dividends: published values, and what must hold."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from marketdata.domain import dividends, pricing
from marketdata.domain.dividends import Dividend, DividendInputError, Option

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "greeks.json").read_text(encoding="utf-8"))["vectors"]
CALL = Option(is_call=True, spot=80.0, strike=82.0, years=1 / 3, rate=0.06, volatility=0.30)


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(v, id=v["id"]) for v in VECTORS if v["kind"] == kind]


def option_of(inputs: dict[str, Any]) -> Option:
    return Option(inputs["type"] == "call", *(inputs[name] for name in ("S", "K", "T", "r", "sigma")))


@pytest.mark.parametrize("vector", of_kind("european_discrete_dividends"))
def test_european_values_are_the_published_ones(vector: dict[str, Any]) -> None:
    paid = [Dividend(*one) for one in vector["inputs"]["dividends"]]

    found = dividends.european(option_of(vector["inputs"]), paid)

    assert found == pytest.approx(vector["expected"]["price"], abs=vector["tolerance"])
    assert found == pytest.approx(vector["recomputed"]["own"]["price"], abs=1e-9)


@pytest.mark.parametrize("vector", of_kind("american_discrete_dividend"))
def test_american_values_are_the_published_ones(vector: dict[str, Any]) -> None:
    paid = [Dividend(*one) for one in vector["inputs"]["dividends"]]

    found = dividends.american(option_of(vector["inputs"]), paid)

    assert found == pytest.approx(vector["expected"]["price"], abs=vector["tolerance"])
    assert found == pytest.approx(vector["recomputed"]["own"]["price"], abs=2e-3)


def test_one_dividend_before_the_end_is_worth_what_roll_geske_and_whaley_say() -> None:
    assert dividends.american(CALL, [Dividend(0.25, 4.0)]) == pytest.approx(4.3860, abs=5e-3)


@pytest.mark.parametrize("vector", of_kind("early_exercise_indicator"))
def test_whether_a_call_is_exercised_for_a_dividend(vector: dict[str, Any]) -> None:
    inputs, expected = vector["inputs"], vector["expected"]

    found = dividends.early_exercise(option_of(inputs), inputs["dividend"])

    assert found.is_expected is expected["assignment_expected"]
    assert found.put == pytest.approx(expected["corresponding_put"], abs=vector["tolerance"])
    assert found.interest == pytest.approx(expected["strike_interest"], abs=vector["tolerance"])


@pytest.mark.parametrize("spot", [70.0, 90.0, 110.0])
def test_the_indicator_says_what_the_tree_does(spot: float) -> None:
    deep = Option(is_call=True, spot=spot, strike=70.0, years=20 / 365, rate=0.04, volatility=0.25)
    for amount in (0.02, 0.2, 1.5):
        tree = dividends.american(deep, [Dividend(1e-6, amount)], steps=801)
        held = dividends.european(deep, [Dividend(1e-6, amount)])

        exercised = deep.spot - deep.strike > held + 5e-3
        if abs(deep.spot - deep.strike - held) > 5e-3:
            assert dividends.early_exercise(deep, amount).is_expected is exercised
            assert (tree > held + 4e-3) is exercised


@pytest.mark.parametrize("is_call", [True, False])
def test_without_dividends_it_is_the_plain_option(is_call: bool) -> None:
    option = replace(CALL, is_call=is_call)
    t = pricing.terms(is_call=[is_call], spot=80.0, strike=82.0, years=1 / 3, rate=0.06, dividend=0.0)

    assert dividends.european(option, []) == pytest.approx(float(pricing.price(t, 0.3)[0]))
    assert dividends.american(option, []) >= dividends.european(option, []) - 5e-3


@pytest.mark.parametrize(("at", "counts"), [(0.0, True), (1 / 3, True), (0.34, False)])
def test_a_dividend_counts_up_to_the_option_s_end(at: float, counts: bool) -> None:
    with_it, without = (dividends.european(CALL, paid) for paid in ([Dividend(at, 2.0)], []))

    assert (with_it < without - 0.1) is counts


@pytest.mark.parametrize(("years", "volatility"), [(0.0, 0.3), (0.5, 0.0)])
def test_without_time_or_volatility_it_is_worth_what_exercise_brings_at_least(years: float, volatility: float) -> None:
    put = Option(is_call=False, spot=80.0, strike=82.0, years=years, rate=0.06, volatility=volatility)

    assert dividends.american(put, []) == pytest.approx(2.0)


@pytest.mark.parametrize("paid", [Dividend(0.1, -1.0), Dividend(0.1, float("nan")), Dividend(float("inf"), 1.0)])
def test_a_dividend_that_is_none_is_refused(paid: Dividend) -> None:
    with pytest.raises(DividendInputError):
        dividends.european(CALL, [paid])


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(DividendInputError):
        dividends.american(CALL, [Dividend(0.1, 90.0)])
    with pytest.raises(DividendInputError):
        dividends.american(replace(CALL, volatility=0.001), [], steps=5)
    with pytest.raises(DividendInputError):
        dividends.early_exercise(replace(CALL, is_call=False), 1.0)
