"""The parameter set: whole, typed, in range."""

import copy
from decimal import Decimal
from typing import Any

import pytest

from trading.domain.protocol.codec import InvalidParameterError
from trading.domain.protocol.defaults import DEFAULT, LITERAL
from trading.domain.protocol.parameters import from_dict, variant


def changed(path: str, value: object) -> dict[str, Any]:
    data: dict[str, Any] = copy.deepcopy(DEFAULT.as_dict())
    *parents, leaf = path.split(".")
    group = data
    for name in parents:
        group = group[name]
    group[leaf] = value
    return data


def test_a_set_that_was_written_is_read_back_the_same() -> None:
    assert from_dict(DEFAULT.as_dict()) == DEFAULT


def test_the_defaults_hold_the_published_numbers() -> None:
    low, high = DEFAULT.accounts.gen.delta
    assert (low, high) == (40.0, 50.0)
    assert DEFAULT.accounts.rev.name_cap == Decimal("0.40")
    assert DEFAULT.market_week.chop.mult == Decimal("0.55")
    assert DEFAULT.risk.drawdown_ladder == (Decimal("0.50"), Decimal("0.75"), Decimal("1.00"), Decimal("1.33"))
    assert DEFAULT.hitl.entry == (15, 120)
    assert DEFAULT.fees.option == Decimal("0.65")


def test_a_recorded_market_is_expressed_as_data() -> None:
    goog = variant(DEFAULT, {"accounts": {"gen": {"universe": ["GOOG"]}}, "liquidity": {"volume": 0}})

    assert goog.accounts.gen.universe == ("GOOG",)
    assert goog.liquidity.volume == 0
    assert goog.accounts.rev == DEFAULT.accounts.rev


@pytest.mark.parametrize("group", sorted(LITERAL))
def test_a_missing_group_is_refused_by_name(group: str) -> None:
    data = DEFAULT.as_dict()
    del data[group]

    with pytest.raises(InvalidParameterError, match=f"^{group} is missing"):
        from_dict(data)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("accounts.gen.colour", 1, "accounts.gen.colour is not a parameter."),
        ("buffer.pct", "1.01", "buffer.pct lies between 0 and 1, was 1.01."),
        ("buffer.pct", "-0.01", "buffer.pct lies between 0 and 1, was -0.01."),
        ("accounts.gen.delta", [40, 101], "accounts.gen.delta lies between 0 and 100, was 101.0."),
        ("accounts.gen.delta", [40], "accounts.gen.delta has 2 values, was 1."),
        ("accounts.gen.delta", [50, 40], "accounts.gen.delta: the first is not above the second"),
        ("accounts.gen.universe", [], "accounts.gen.universe: it has a name."),
        ("accounts.gen.universe", "TSLA", "accounts.gen.universe is a list, was 'TSLA'."),
        ("accounts.gen.withdraw", "yes", "accounts.gen.withdraw is a bool, was 'yes'."),
        ("accounts.gen.entry", "whenever", "accounts.gen.entry: one of"),
        ("accounts.gen.atr_mandatory", 1.6, "accounts.gen.atr_mandatory lies between 0 and 1.5, was 1.6."),
        ("fees.option", "a lot", "fees.option is a Decimal, was 'a lot'."),
        ("fees.option", "NaN", "fees.option is a Decimal, was 'NaN'."),
        ("roll.max_days", 2.5, "roll.max_days is a int, was 2.5."),
        ("roll.max_days", True, "roll.max_days is a int, was True."),
        ("entry_window.start", "half past nine", "entry_window.start is a time"),
        ("entry_window.start", "15:31", "entry_window: start lies before end"),
        ("allocation.gen", "0.41", "allocation: the tiers' shares make 1, was 1.01"),
        ("hitl.stages", [1], r"hitl.stages is a set of named values, was \[1\]."),
        ("risk", 1, "risk is a set of named values, was 1."),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(path: str, value: object, sentence: str) -> None:
    with pytest.raises(InvalidParameterError, match=sentence):
        from_dict(changed(path, value))


@pytest.mark.parametrize("edge", ["0", "1"])
def test_the_ends_of_a_range_are_in_it(edge: str) -> None:
    assert from_dict(changed("buffer.pct", edge)).buffer.pct == Decimal(edge)
