"""What secures short options, each used once."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.instruments import Right
from risk.domain.cover import requirement
from risk.domain.lines import Line, contract_of, held
from tests.builders.risk import CALL, HIGHER_CALL, LOWER_PUT, NEXT_PUT, PUT, SHARE, dec, holding


def lines(**quantities: int) -> tuple[Line, ...]:
    names = {"put": PUT, "lower_put": LOWER_PUT, "next_put": NEXT_PUT, "call": CALL, "higher_call": HIGHER_CALL}
    return held(holding(names.get(name, SHARE), qty) for name, qty in quantities.items())


def test_a_short_put_binds_its_strike() -> None:
    assert requirement(lines(put=-2)).cash == dec(50_000)


def test_a_put_spread_binds_its_width() -> None:
    assert requirement(lines(put=-1, lower_put=1)).cash == dec(1_000)


def test_a_long_put_covers_one_short_put_once() -> None:
    assert requirement(lines(put=-2, lower_put=1)).cash == dec(26_000)


def test_a_long_put_that_expires_first_covers_nothing() -> None:
    assert requirement(lines(next_put=-1, put=1)).cash == dec(24_000)


def test_a_long_put_that_expires_later_covers() -> None:
    assert requirement(lines(put=-1, next_put=1)).cash == dec(1_000)


def test_a_long_goes_to_the_short_that_nothing_else_can_serve() -> None:
    # The later long fits both shorts, the earlier one only the earlier short: both are covered.
    required = requirement(lines(put=-1, lower_put=1) + held([holding(NEXT_PUT, -1), holding(LATER_PUT, 1)]))

    assert required.cash == dec(1_000) + dec(1_000)


LATER_PUT = "TSLA  260626P00230000"


@pytest.mark.parametrize(("shares", "naked"), [(0, 1), (99, 1), (100, 0), (199, 0)])
def test_a_hundred_shares_cover_one_call(shares: int, naked: int) -> None:
    assert requirement(lines(call=-1, share=shares)).naked_calls == naked


def test_shares_cover_once() -> None:
    assert requirement(lines(call=-1, higher_call=-1, share=100)).naked_calls == 1


def test_a_higher_long_call_covers_at_the_price_of_the_width() -> None:
    required = requirement(lines(call=-1, higher_call=1))

    assert (required.naked_calls, required.cash) == (0, dec(1_000))


def test_short_shares_cover_nothing_and_break_nothing() -> None:
    assert requirement(lines(call=-1, share=-100)).naked_calls == 1


def payoff(positions: tuple[Line, ...], spot: Decimal) -> Decimal:
    total = Decimal(0)
    for line in positions:
        if line.contract is None:
            continue
        gap = spot - line.contract.strike if line.contract.right is Right.CALL else line.contract.strike - spot
        total += line.qty * line.multiplier * max(gap, Decimal(0))
    return total


SAME_EXPIRY_PUTS = [f"TSLA  260612P00{strike}000" for strike in (230, 240, 250, 260)]


@given(st.lists(st.integers(-3, 3), min_size=4, max_size=4))
def test_the_cash_bound_is_never_less_than_what_one_expiry_can_cost(quantities: list[int]) -> None:
    positions = tuple(
        Line(symbol, qty, 100, contract_of(symbol)) for symbol, qty in zip(SAME_EXPIRY_PUTS, quantities, strict=True)
    )

    worst = min(payoff(positions, Decimal(spot)) for spot in (0, 230, 240, 250, 260, 300))

    assert requirement(positions).cash >= -worst


@given(st.lists(st.integers(-3, 3), min_size=4, max_size=4), st.integers(0, 3))
def test_selling_one_more_put_never_binds_less(quantities: list[int], which: int) -> None:
    more = [qty - (index == which) for index, qty in enumerate(quantities)]

    before, after = (
        requirement(Line(s, qty, 100, contract_of(s)) for s, qty in zip(SAME_EXPIRY_PUTS, one, strict=True)).cash
        for one in (quantities, more)
    )

    assert after >= before
