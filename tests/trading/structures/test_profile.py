"""What a structure can win and lose."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.instruments import OptionContract, Right
from marketdata.domain import pricing
from trading.domain.structures.chance import Lognormal, of_profit
from trading.domain.structures.legs import Leg, cost
from trading.domain.structures.modelled import profile_of
from trading.domain.structures.profile import profile, result_at
from trading.domain.structures.worth import Assumptions, ends_at, sensitivities, worth

D = Decimal
NEAR, FAR = date(2026, 6, 19), date(2026, 7, 17)
NOW = datetime(2026, 6, 1, 14, 0, tzinfo=UTC)


def option(right: str, strike: int, qty: int, price: str = "0", *, day: date = NEAR) -> Leg:
    return Leg(OptionContract("XYZ", day, Right(right), D(strike)), qty, 100, D(price))


def share(qty: int, price: str) -> Leg:
    return Leg(None, qty, 1, D(price))


CONDOR = [
    option("P", 90, 1, "0.50"),
    option("P", 95, -1, "1.20"),
    option("C", 105, -1, "1.30"),
    option("C", 110, 1, "0.50"),
]
CASES = {
    "long call": ([option("C", 100, 1, "2.50")], None, 250, [102.5]),
    "short call": ([option("C", 100, -1, "2.50")], 250, None, [102.5]),
    "short put": ([option("P", 100, -1, "3")], 300, 9700, [97]),
    "bull call": ([option("C", 100, 1, "3"), option("C", 105, -1, "1")], 300, 200, [102]),
    "bull put": ([option("P", 95, 1, "1"), option("P", 100, -1, "2.50")], 150, 350, [98.5]),
    "straddle": ([option("C", 100, 1, "3"), option("P", 100, 1, "2")], None, 500, [95, 105]),
    "iron condor": (CONDOR, 150, 350, [93.5, 106.5]),
    "butterfly": ([option("C", 95, 1, "6"), option("C", 100, -2, "3"), option("C", 105, 1, "1")], 400, 100, [96, 104]),
    "covered call": ([share(100, "100"), option("C", 105, -1, "2")], 700, 9800, [98]),
    "collar": ([share(100, "100"), option("P", 95, 1, "1"), option("C", 105, -1, "1")], 500, 500, [100]),
    "conversion": ([share(100, "100"), option("P", 100, 1, "2"), option("C", 100, -1, "2.10")], 10, -10, []),
    "box": (
        [option("C", 95, 1, "6"), option("P", 95, -1, "1"), option("C", 105, -1, "1"), option("P", 105, 1, "5.80")],
        20, -20, [],
    ),
    "ratio": ([option("C", 100, 1, "3"), option("C", 105, -2, "1")], 400, None, [101, 109]),
    "backspread": ([option("C", 100, -1, "3"), option("C", 105, 2, "1")], None, 400, [101, 109]),
    "strap in thirds": ([option("C", 100, 3, "1"), option("C", 101, -1, "0")], None, 300, [101]),
}  # fmt: skip


@pytest.mark.parametrize(("legs", "best", "worst", "turns"), CASES.values(), ids=CASES)
def test_the_numbers_are_those_of_the_text_books(
    legs: list[Leg], best: int | None, worst: int | None, turns: list[float]
) -> None:
    paid = cost(legs)
    assert paid is not None

    found = profile(legs, paid)

    assert found.max_profit == (None if best is None else D(best))
    assert found.max_loss == (None if worst is None else D(worst))
    assert [float(price) for price in found.break_evens] == turns
    assert not found.is_modelled


def test_a_structure_without_a_price_has_no_cost() -> None:
    assert cost([Leg(OptionContract("XYZ", NEAR, Right.CALL, D(100)), 1)]) is None
    assert cost([option("C", 100, 1, "0")]) == 0


LEGS = st.lists(
    st.builds(
        option, st.sampled_from("CP"), st.integers(1, 30), st.integers(-3, 3).filter(bool), st.sampled_from("012345")
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@given(LEGS, st.integers(-2, 2), st.integers(-400, 400))
def test_extremes_and_break_evens_agree_with_brute_force(legs: list[Leg], lots: int, paid: int) -> None:
    legs = [*legs, share(100 * lots, "0")] if lots else legs
    found = profile(legs, D(paid))

    results = [result_at(legs, D(paid), D(price) / 2) for price in range(200)]

    if found.max_profit is None:
        assert results[-1] > results[-2]
    else:
        assert max(results) == found.max_profit
    if found.max_loss is None:
        assert results[-1] < results[-2]
    else:
        assert -min(results) == found.max_loss
    for price in found.break_evens:
        assert abs(result_at(legs, D(paid), price)) < D("0.2")
    turns = sum(a * b < 0 for a, b in pairwise(results))
    assert len(found.break_evens) >= turns


def test_a_calendar_is_read_off_the_model_and_says_so() -> None:
    legs = [option("C", 100, -1, "2", day=NEAR), option("C", 100, 1, "3.20", day=FAR)]
    assumed = Assumptions(rate=0.03, ivs={leg.contract.symbol: 0.25 for leg in legs if leg.contract})

    found = profile_of(legs, D(120), 100.0, assumed)

    assert found.is_modelled
    assert found.max_loss is not None
    assert found.max_profit is not None
    assert D(100) < found.max_loss <= D("120.01")  # what was paid, less what the far one is still worth
    at_strike = float(worth(legs, [100.0], ends_at(NEAR), assumed)[0]) - 120
    assert abs(float(found.max_profit) - at_strike) < 1
    assert len(found.break_evens) == 2
    assert found.break_evens[0] < 100 < found.break_evens[1]


def test_worth_at_the_end_is_what_exercise_brings() -> None:
    assumed = Assumptions(rate=0.03, ivs={leg.contract.symbol: 0.3 for leg in CONDOR if leg.contract})

    ended = worth(CONDOR, [80.0, 92.0, 100.0, 120.0], ends_at(NEAR), assumed)

    assert list(ended) == [-500.0, -300.0, 0.0, -500.0]


def test_a_shift_of_volatility_lifts_what_was_bought() -> None:
    legs = [option("C", 100, 1)]
    plain = Assumptions(rate=0.03, ivs={leg.contract.symbol: 0.3 for leg in legs if leg.contract})
    lifted = Assumptions(rate=0.03, shift=0.01, ivs=plain.ivs)

    gained = float(worth(legs, [100.0], NOW, lifted)[0] - worth(legs, [100.0], NOW, plain)[0])

    greeks = sensitivities(legs, 100.0, NOW, plain)
    assert greeks is not None
    assert isclose(gained, greeks.vega, rel_tol=0.01)


def test_greeks_of_a_leg_without_volatility_are_not_told() -> None:
    assert sensitivities(CONDOR, 100.0, NOW, Assumptions(rate=0.03)) is None


def test_shares_have_delta_alone() -> None:
    greeks = sensitivities([share(100, "100")], 100.0, NOW, Assumptions(rate=0.03))

    assert greeks is not None
    assert greeks.as_dict() == {"delta": 100, "gamma": 0, "theta": 0, "vega": 0, "rho": 0}


def test_the_chance_of_a_long_call_is_that_of_ending_above_its_break_even() -> None:
    years = pricing.years_to_expiry(NOW, NEAR)
    law = Lognormal(100.0, 0.3, years, 0.03)

    chance = of_profit(law, [102.5], lambda price: price - 102.5)

    assert isclose(chance, 1 - law.below(102.5))
    assert 0.2 < chance < 0.5


@given(st.floats(60, 99), st.floats(101, 160), st.floats(0.05, 1.5), st.floats(0.01, 2))
def test_the_chances_of_both_sides_of_a_trade_make_one(
    low: float, high: float, volatility: float, years: float
) -> None:
    law = Lognormal(100.0, volatility, years, 0.04, 0.01)

    def inside(price: float) -> float:
        return (price - low) * (high - price)

    win = of_profit(law, [low, high], inside)
    lose = of_profit(law, [low, high], lambda price: -inside(price))

    assert isclose(win + lose, 1.0, abs_tol=1e-9)
    assert isclose(win, law.below(high) - law.below(low), abs_tol=1e-9)


def test_a_price_that_cannot_move_is_certain() -> None:
    assert of_profit(Lognormal(100.0, 0.0, 0.1, 0.0), [90.0], lambda price: price - 90) == 1.0
