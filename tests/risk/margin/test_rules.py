"""Margin's rules beyond the published figures."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.domain.margin import portfolio, tree
from risk.domain.margin.maintenance import maintenance
from risk.domain.margin.strategy_based import requirement
from risk.domain.margin.terms import Kind, MarginLeg, Underlying, UnderlyingClass, stock

D = Decimal
AT_100 = Underlying(D(100))
NEAR, FAR = date(2026, 6, 19), date(2026, 9, 18)


def call(strike: int, qty: int, price: str = "2", *, expiry: date = NEAR) -> MarginLeg:
    return MarginLeg(Kind.CALL, qty, D(price), D(strike), expiry)


def put(strike: int, qty: int, price: str = "2", *, expiry: date = NEAR) -> MarginLeg:
    return MarginLeg(Kind.PUT, qty, D(price), D(strike), expiry)


@pytest.mark.parametrize(
    ("legs", "margin"),
    [
        ([call(95, 1), call(100, -2), call(105, 1)], 0),
        ([call(95, -1), call(100, 2), call(105, -1)], 500),
        ([call(100, 1), put(100, -1), call(110, -1), put(110, 1)], 0),
        ([call(100, -1), put(100, 1), call(110, 1), put(110, -1)], 1000),
        ([call(100, -1, expiry=NEAR), call(100, 1, expiry=FAR)], 0),
        ([call(105, -1, expiry=NEAR), call(110, 1, expiry=FAR)], 500),
        ([put(95, -1), put(90, 1), put(90, -1), put(85, 1)], 1000),
        ([stock(100, D(100)), call(105, -1), put(95, 1)], 5000),
    ],
    ids=[
        "long butterfly", "short butterfly", "long box", "short box", "calendar", "diagonal", "two spreads", "collar"
    ],
)  # fmt: skip
def test_spreads_ask_for_the_greatest_loss(legs: list[MarginLeg], margin: int) -> None:
    assert requirement(legs, AT_100).margin == margin


def test_shares_cover_as_many_calls_as_they_can_and_no_more() -> None:
    covered = requirement([stock(100, D(100)), call(105, -1)], AT_100)
    half = requirement([stock(100, D(100)), call(105, -2)], AT_100)
    short_by_one = requirement([stock(99, D(100)), call(105, -1)], AT_100)

    assert covered.margin == 5000
    assert half.margin == 5000 + 1700
    assert short_by_one.margin == 4950 + 1700


def test_a_ratio_spread_is_a_spread_and_a_naked_call() -> None:
    asked = requirement([call(100, 1, "4"), call(105, -2, "2")], AT_100)

    assert asked.margin == 200 + 1500  # the second call: premium and 20 % less what it is out of the money
    assert (asked.long_cost, asked.short_proceeds, asked.net) == (400, 400, 1700)


def test_positions_are_divided_up_the_cheapest_way_that_the_rules_allow() -> None:
    condor = [put(85, 1), put(90, -1), call(110, -1), call(115, 1)]

    alone = requirement(condor, AT_100).margin
    beside = requirement([*condor, put(80, -1)], AT_100).margin

    assert alone == 500
    assert beside == 1200 + 200  # a strangle of 90 and 110, and the put bought at 85 above the one sold at 80


LEGS = st.lists(
    st.builds(
        MarginLeg,
        st.sampled_from([Kind.CALL, Kind.PUT]),
        st.integers(-4, 4).filter(bool),
        st.integers(1, 20).map(D),
        st.integers(80, 120).map(D),
        st.sampled_from([NEAR, FAR]),
    ),
    min_size=1,
    max_size=4,
)


@given(LEGS)
def test_a_long_option_never_raises_the_margin(legs: list[MarginLeg]) -> None:
    shorts = [leg for leg in legs if leg.qty < 0]

    assert requirement(legs, AT_100).margin <= requirement(shorts, AT_100).margin


@given(LEGS, st.permutations(range(4)))
def test_the_order_of_positions_says_nothing(legs: list[MarginLeg], order: list[int]) -> None:
    mixed = [legs[n] for n in order if n < len(legs)]

    assert requirement(mixed, AT_100) == requirement(legs, AT_100)


@given(LEGS, st.integers(1, 5))
def test_margin_grows_with_the_size(legs: list[MarginLeg], times: int) -> None:
    larger = [MarginLeg(x.kind, x.qty * times, x.price, x.strike, x.expiry) for x in legs]

    assert requirement(larger, AT_100).margin == times * requirement(legs, AT_100).margin


@pytest.mark.parametrize(
    ("legs", "asked"),
    [
        ([stock(100, D(100))], 2500),
        ([stock(-100, D(100))], 3000),
        ([stock(100, D(100)), call(100, -1), put(100, 1)], 1000),
        ([stock(-100, D(100)), call(100, 1), put(100, -1)], 1000),
        ([stock(-100, D(95)), call(100, 1), put(100, -1)], 1500),
        ([stock(200, D(100)), put(95, 1)], 1450 + 2500),
        ([stock(-100, D(100)), call(105, 1)], 1550),
        ([stock(-100, D(100)), put(100, -1)], 3000),
        ([put(100, -1)], 2200),
    ],
    ids=[
        "long", "short", "conversion", "reversal", "reversal in the money", "half protected", "protective call",
        "covered put", "no shares",
    ],
)  # fmt: skip
def test_carrying_shares_asks_for_what_their_options_leave_open(legs: list[MarginLeg], asked: int) -> None:
    price = next((leg.price for leg in legs if leg.kind is Kind.STOCK), D(100))

    assert maintenance(legs, Underlying(price)) == asked


def test_the_range_is_the_class_s() -> None:
    assert portfolio.moves(AT_100) == pytest.approx((-0.15, -0.12, -0.09, -0.06, -0.03, 0.03, 0.06, 0.09, 0.12, 0.15))
    high = portfolio.moves(Underlying(D(4000), UnderlyingClass.HIGH_CAP_BROAD_INDEX))
    assert (high[0], high[-1]) == pytest.approx((-0.08, 0.06))


def test_portfolio_margin_has_a_floor_for_each_contract() -> None:
    far = [portfolio.Stress(call(200, 10, "0.01"), 0.1, 0.2), portfolio.Stress(call(200, -10, "0.01"), 0.1, 0.2)]

    assert portfolio.requirement(far, AT_100, portfolio.Rates(0.03)) == D(750)


def test_a_price_below_exercise_gives_no_portfolio_margin() -> None:
    stuck = [portfolio.Stress(MarginLeg(Kind.CALL, -1, D(1), D(50)), 0.2)]

    assert portfolio.requirement(stuck, AT_100, portfolio.Rates(0.03)) is None


def test_the_tree_knows_that_an_american_put_is_worth_more() -> None:
    american = tree.Option(is_call=False, strike=50, years=5 / 12, rate=0.10)
    european = tree.Option(is_call=False, strike=50, years=5 / 12, rate=0.10, is_american=False)

    worth = float(tree.values(american, [50], 0.4)[0])

    assert worth == pytest.approx(4.283, abs=0.01)  # Hull
    assert worth > float(tree.values(european, [50], 0.4)[0])
