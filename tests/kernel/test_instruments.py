"""OCC symbols: both directions, and nothing rounded."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.instruments import InvalidSymbolError, OptionContract, Right, TickRule

CONTRACTS = st.builds(
    OptionContract,
    root=st.from_regex(r"[A-Z][A-Z0-9]{0,5}", fullmatch=True),
    expiry=st.dates(date(2000, 1, 1), date(2068, 12, 31)),
    right=st.sampled_from(Right),
    strike=st.integers(1, 99_999_999).map(lambda mills: Decimal(mills) / 1000),
)


@given(CONTRACTS)
def test_a_symbol_has_21_characters_and_reads_back_as_the_same_contract(contract: OptionContract) -> None:
    assert len(contract.symbol) == 21
    assert OptionContract.parse(contract.symbol) == contract


@given(CONTRACTS)
def test_a_compact_symbol_is_the_same_contract(contract: OptionContract) -> None:
    assert OptionContract.parse(contract.symbol.replace(" ", "")) == contract


def test_a_strike_of_two_decimals_is_not_one_mill_short() -> None:
    contract = OptionContract("TSLA", date(2026, 6, 12), Right.PUT, Decimal("2.01"))

    assert contract.symbol == "TSLA  260612P00002010"


@pytest.mark.parametrize("strike", ["0", "-1", "0.0001", "100000"])
def test_a_strike_that_the_symbol_cannot_hold_is_refused(strike: str) -> None:
    with pytest.raises(InvalidSymbolError):
        OptionContract("TSLA", date(2026, 6, 12), Right.PUT, Decimal(strike))


@pytest.mark.parametrize(
    "symbol",
    ["", "TSLA", "TSLA  261312P00250000", "TSLA  260612X00250000", "tsla  260612P00250000", "TSLA 260612P00250000"],
)
def test_what_is_no_occ_symbol_is_refused(symbol: str) -> None:
    with pytest.raises(InvalidSymbolError):
        OptionContract.parse(symbol)


@pytest.mark.parametrize(
    ("rule", "price", "tick"),
    [
        (TickRule.CENT, "250", "0.01"),
        (TickRule.PENNY, "2.99", "0.01"),
        (TickRule.PENNY, "3", "0.05"),
        (TickRule.NICKEL, "2.95", "0.05"),
        (TickRule.NICKEL, "3", "0.10"),
    ],
)
def test_the_step_changes_at_three_dollars(rule: TickRule, price: str, tick: str) -> None:
    assert rule.tick_at(Decimal(price)) == Decimal(tick)
