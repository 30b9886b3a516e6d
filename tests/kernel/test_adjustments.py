"""Splits and special dividends of listed options."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from allcore.kernel.adjustments import BadRatioError, special_dividend, split
from allcore.kernel.instruments import OptionContract, Right

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[1] / "data" / "pnl.json").read_text(), parse_float=Decimal)[
        "vectors"
    ]
}


def put(strike: str, root: str = "TSLA") -> OptionContract:
    return OptionContract(root, date(2026, 12, 18), Right.PUT, Decimal(strike))


def test_a_whole_split_multiplies_the_contracts_and_divides_the_strike() -> None:
    seen, wanted = CASES["PA-07"]["inputs"], CASES["PA-07"]["expected"]
    new, old = map(int, seen["split"].split(":"))

    after = split(put(str(seen["strike"])), new=new, old=old)

    contracts = seen["contracts"] * after.contracts
    assert (contracts, after.contract.strike) == (wanted["contracts"], wanted["strike"])
    assert Decimal(seen["price"]) / after.contracts == wanted["price"]
    assert after.multiplier == after.deliverable == wanted["multiplier"]
    assert contracts * after.contract.strike * after.multiplier == wanted["notional_invariant"]
    assert after.contract.root == "TSLA"


def test_another_split_keeps_the_strike_and_changes_what_is_delivered() -> None:
    seen, wanted = CASES["PA-08"]["inputs"], CASES["PA-08"]["expected"]
    new, old = map(int, seen["split"].split(":"))

    after = split(put(str(seen["strike"])), new=new, old=old)

    modern = wanted["modern"]
    assert (after.contracts, after.contract.strike) == (modern["contracts"], modern["strike"])
    assert after.deliverable == modern["deliverable_shares"]
    assert after.multiplier == modern["premium_and_strike_multiplier"]
    assert after.contracts * after.contract.strike * after.multiplier == wanted["aggregate_exercise_price"]
    assert after.contract.root == "TSLA1"


@pytest.mark.parametrize(("new", "old", "deliverable"), [(1, 10, 10), (3, 1, 300)])
def test_a_split_that_leaves_no_whole_strike_changes_what_is_delivered(new: int, old: int, deliverable: int) -> None:
    after = split(put("100"), new=new, old=old)

    assert (after.contracts, after.contract.strike, after.deliverable) == (1, Decimal(100), deliverable)


def test_a_long_root_keeps_its_six_characters() -> None:
    assert split(put("90", "ABCDEF"), new=3, old=2).contract.root == "ABCDE1"


def test_a_split_of_nothing_is_refused() -> None:
    with pytest.raises(BadRatioError):
        split(put("90"), new=0, old=1)


@pytest.mark.parametrize(("amount", "strike"), [("0.1249", "90"), ("0.125", "89.875"), ("2.5", "87.5"), ("90", "90")])
def test_a_special_dividend_lowers_the_strike_from_an_eighth_of_a_dollar(amount: str, strike: str) -> None:
    assert special_dividend(put("90"), Decimal(amount)).strike == Decimal(strike)
