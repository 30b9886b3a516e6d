"""Which strike, and how many."""

from decimal import Decimal

import pytest

from allcore.kernel.instruments import OptionContract, Right, TickRule
from tests.builders.protocol import FRIDAY, NOW, candidate, dec, position, put
from trading.domain.protocol import sizing, strikes
from trading.domain.protocol.defaults import DEFAULT
from trading.domain.protocol.strikes import Candidate
from trading.domain.protocol.words import Tier

RANGE = (40.0, 50.0)


def strike(*candidates: Candidate) -> Decimal | None:
    chosen = strikes.choose(candidates, RANGE, DEFAULT.liquidity, now=NOW).candidate
    return None if chosen is None else chosen.contract.strike


def call(at: int, delta: float) -> Candidate:
    return candidate(OptionContract("TSLA", FRIDAY, Right.CALL, dec(at)), delta=delta)


def test_the_lowest_put_inside_the_range_is_chosen() -> None:
    assert strike(put(250, delta=-0.49), put(247.5, delta=-0.45), put(245, delta=-0.38)) == Decimal("247.5")


def test_the_highest_call_inside_the_range_is_chosen() -> None:
    assert strike(call(245, 0.49), call(250, 0.41), call(255, 0.30)) == 250


@pytest.mark.parametrize(
    ("delta", "is_chosen"), [(-0.3999, False), (-0.40, True), (-0.50, True), (-0.5001, False), (None, False)]
)
def test_both_ends_of_the_range_are_in_it(delta: float | None, is_chosen: bool) -> None:
    assert (strike(put(250, delta=delta)) is not None) is is_chosen


@pytest.mark.parametrize(
    ("bid", "ask", "is_liquid"),
    [
        ("1.90", "2.10", True),  # a tenth of the mid
        ("1.89", "2.11", False),
        ("0.20", "0.30", True),  # ten cents
        ("0.19", "0.30", False),
        ("2.10", "1.90", False),
        ("2.00", "2.00", False),
    ],
)
def test_a_market_too_wide_or_out_of_order_is_not_sold_into(bid: str, ask: str, is_liquid: bool) -> None:
    assert (strike(put(250, bid=bid, ask=ask)) is not None) is is_liquid


@pytest.mark.parametrize(
    ("known", "is_liquid"),
    [
        ({"age": 10.0}, True),
        ({"age": 10.1}, False),
        ({"open_interest": 100}, True),
        ({"open_interest": 99}, False),
        ({"open_interest": None}, False),
        ({"volume": 10}, True),
        ({"volume": 9}, False),
        ({"volume": None}, False),
    ],
)
def test_age_interest_and_volume_are_gates(known: dict[str, object], is_liquid: bool) -> None:
    assert (strike(put(250, **known)) is not None) is is_liquid


def test_the_next_strike_is_taken_when_the_outermost_cannot_be_traded() -> None:
    choice = strikes.choose(
        [put(245, delta=-0.41, volume=1), put(247.5, delta=-0.45)], RANGE, DEFAULT.liquidity, now=NOW
    )

    assert choice.candidate is not None
    assert choice.candidate.contract.strike == Decimal("247.5")
    assert [why for _, why in choice.rejected] == ["its volume is 1, less than 10"]


def test_the_limit_is_the_mid_on_the_tick_not_above_it() -> None:
    assert put(250, bid="1.00", ask="1.05").limit == Decimal("1.02")
    assert put(250, bid="4.10", ask="4.25").limit == Decimal("4.15")
    assert put(250, bid="4.10", ask="4.25", tick_rule=TickRule.NICKEL).limit == Decimal("4.10")


def sized(lot: int, **known: object) -> sizing.Size:
    return sizing.size(dec(lot), position(**known), Decimal(1), DEFAULT)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lot", "known", "contracts", "bound"),
    [
        (27_500, {}, 2, "name"),
        (27_501, {}, 1, "name"),
        (20_000, {"deployed": 75_000}, 1, "deployment"),
        (20_000, {"deployed": 75_001}, 0, "deployment"),
        (20_000, {"household_in_name": 42_500}, 1, "household_name"),
        (20_000, {"household_in_name": 42_501}, 0, "household_name"),
        (20_000, {"in_name": 35_000, "deployed": 35_000}, 1, "name"),
        (20_000, {"free_cash": 20_000}, 1, "cash"),
        (20_000, {"free_cash": 19_999}, 0, "cash"),
        (20_000, {"free_cash": -5}, 0, "cash"),
        (20_000, {"names_held": 9}, 2, "name"),
        (20_000, {"names_held": 10}, 0, "positions"),
        (20_000, {"names_held": 10, "in_name": 1}, 2, "name"),
        (20_000, {"ladder": "0"}, 0, "deployment"),
    ],
)
def test_the_tightest_cap_bounds_the_size(lot: int, known: dict[str, object], contracts: int, bound: str) -> None:
    size = sized(lot, **known)

    assert (size.contracts, size.bound.code) == (contracts, bound)


def test_a_small_account_keeps_two_thousand_dollars() -> None:
    size = sized(1_000, equity=20_000, deployed=17_500, in_name=0)

    caps = {cap.code: cap.room for cap in size.caps}
    assert caps["buffer"] == 500
    assert size.contracts == 0


def test_a_lot_above_the_cap_of_an_empty_account_is_not_operable() -> None:
    microsoft = sizing.size(dec(42_000), position(75_000, tier=Tier.REV), Decimal(1), DEFAULT)
    apple = sizing.size(dec(19_500), position(75_000, tier=Tier.REV), Decimal(1), DEFAULT)

    assert not microsoft.is_operable
    assert microsoft.sentence == (
        "Not operable: the smallest lot binds $42,000, more than the cap of $30,000 (40 % of equity in one name)."
    )
    assert (apple.is_operable, apple.contracts) == (True, 1)


def test_a_full_name_is_operable_and_has_no_room() -> None:
    size = sized(25_000, in_name=50_000, deployed=50_000)

    assert (size.is_operable, size.contracts) == (True, 0)
    assert size.sentence.startswith("No room for one lot of $25,000: $5,000 is left of $55,000")


def test_the_drawdowns_factor_reduces_the_deployment() -> None:
    most = sizing.deployment_cap(position(ladder="0.8"), Decimal("0.75"), DEFAULT)

    assert most == Decimal("0.95") * Decimal("0.75") * Decimal("0.8")
