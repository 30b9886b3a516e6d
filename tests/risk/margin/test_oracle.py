"""Margin against a second reckoning that looks at every division of the shorts, contract by contract."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.domain.margin.strategy_based import requirement
from risk.domain.margin.terms import Kind, MarginLeg, Underlying, UnderlyingClass, stock

D = Decimal
SPOT = D(100)
NEAR, FAR = date(2026, 6, 19), date(2026, 9, 18)

options = st.builds(
    MarginLeg,
    st.sampled_from([Kind.CALL, Kind.PUT]),
    st.sampled_from([-2, -1, -1, 1, 1, 2]),
    st.integers(1, 9).map(D),
    st.sampled_from([D(n) for n in (90, 95, 100, 105, 110)]),
    st.sampled_from([NEAR, FAR]),
)


def alone(leg: MarginLeg) -> Decimal:
    """FINRA 4210(f)(2)(E): premium and the greater of 20 % less what is out of the money, and 10 %."""
    of = SPOT if leg.kind is Kind.CALL else leg.strike
    gap = leg.strike - SPOT if leg.kind is Kind.CALL else SPOT - leg.strike
    return 100 * (leg.price + max(D("0.2") * SPOT - max(gap, D(0)), D("0.1") * of))


def bare(shorts: Iterable[MarginLeg]) -> Decimal:
    """Straddles: the dearest call with the dearest put, and so on; each the greater and the other's premium."""
    rows = sorted(shorts, key=lambda leg: (alone(leg), leg.price), reverse=True)
    calls = [leg for leg in rows if leg.kind is Kind.CALL]
    puts = [leg for leg in rows if leg.kind is Kind.PUT]
    total = sum((alone(leg) for leg in (*calls[len(puts) :], *puts[len(calls) :])), D(0))
    for call, put in zip(calls, puts, strict=False):
        total += alone(call) + 100 * put.price if alone(call) >= alone(put) else alone(put) + 100 * call.price
    return total


def exercised(leg: MarginLeg, price: Decimal) -> Decimal:
    gap = price - leg.strike if leg.kind is Kind.CALL else leg.strike - price
    return leg.qty * 100 * max(gap, D(0))


def worst(shorts: Sequence[MarginLeg], longs: Sequence[MarginLeg]) -> Decimal | None:
    """The greatest loss at expiry over every price that matters, and far above them all; None if it never ends."""
    outlasting = [x for x in longs if not any(x.kind is s.kind and x.expiry < s.expiry for s in shorts)]
    legs = [*shorts, *outlasting]
    far = [sum((exercised(leg, D(price)) for leg in legs), D(0)) for price in (10**6, 2 * 10**6)]
    if shorts and far[1] < far[0]:
        return None
    looked_at = [D(n) for n in range(0, 200, 5)]
    return max(D(0), -min((sum((exercised(leg, p) for leg in legs), D(0)) for p in looked_at), default=D(0)))


def least(legs: Sequence[MarginLeg]) -> Decimal:
    units = [MarginLeg(x.kind, -1, x.price, x.strike, x.expiry) for x in legs if x.qty < 0 for _ in range(-x.qty)]
    longs = [leg for leg in legs if leg.qty > 0]
    asked = []
    for naked in range(len(units) + 1):
        for chosen in combinations(range(len(units)), naked):
            loss = worst([unit for n, unit in enumerate(units) if n not in chosen], longs)
            if loss is not None:
                asked.append((loss if naked < len(units) else D(0)) + bare(units[n] for n in chosen))
    return min(asked)


@given(st.lists(options, min_size=1, max_size=4, unique_by=lambda leg: (leg.kind, leg.strike, leg.expiry)))
@settings(max_examples=150, deadline=None)
def test_no_division_of_the_shorts_asks_for_less(legs: list[MarginLeg]) -> None:
    assert requirement(legs, Underlying(SPOT)).margin == least(legs)


def leg(kind: str, qty: int, strike: int, price: str = "1", **more: object) -> MarginLeg:
    return MarginLeg(Kind(kind), qty, D(price), D(strike), **more)  # type: ignore[arg-type]  # a test's own words


@pytest.mark.parametrize(
    ("legs", "margin"),
    [
        # three short puts and two long ones: two of the three are spreads, whichever leaves the cheapest bare
        ([leg("PUT", -3, 100), leg("PUT", 2, 95)], 2 * 500 + 2100),
        # 1 x 110 and 2 x 90 against one long 100: the long shields the 110, and both 90s are bare: 2 x (1000 + 100)
        ([leg("PUT", -1, 110), leg("PUT", -2, 90), leg("PUT", 1, 100)], 1000 + 2200),
        # two short puts, one of them in the long put's spread, the other bare
        ([leg("PUT", -2, 105), leg("PUT", 1, 100)], 500 + 2100),
        # a mini: a tenth of the same naked call
        ([leg("CALL", -1, 105, multiplier=10)], 160),
        # a mini's call is no straddle with a standard put
        ([leg("CALL", -1, 105, multiplier=10), leg("PUT", -1, 95)], 160 + 1600),
        # ten minis' spread is as wide as the standard one
        ([leg("PUT", -10, 100, multiplier=10), leg("PUT", 10, 95, multiplier=10)], 500),
        # ten minis bought shield one standard option sold
        ([leg("PUT", -1, 100), leg("PUT", 10, 95, multiplier=10)], 500),
        # an adjusted contract on 150 shares is covered by 150 of them, not by 100
        ([stock(150, D(100)), leg("CALL", -1, 105, cover=150)], 7500),
        ([stock(149, D(100)), leg("CALL", -1, 105, cover=150)], 7450 + 1600),
        # a long that ends first shields nothing; one that ends with or after the short does
        ([leg("CALL", -1, 100, expiry=FAR), leg("CALL", 1, 95, expiry=NEAR)], 2100),
        ([leg("CALL", -1, 100, expiry=NEAR), leg("CALL", 1, 95, expiry=NEAR)], 0),
        # an unequal condor: the wider side
        ([leg("PUT", 1, 85), leg("PUT", -1, 95), leg("CALL", -1, 105), leg("CALL", 1, 108)], 1000),
        # nine minis do not shield a whole contract: without end above, it is naked
        ([leg("CALL", -1, 100), leg("CALL", 9, 105, multiplier=10)], 2100),
        # a long straddle asks for nothing beyond its cost
        ([leg("CALL", 3, 100), leg("PUT", 3, 100)], 0),
    ],
)
def test_uneven_sizes_and_times_ask_for_what_is_left_open(legs: list[MarginLeg], margin: int) -> None:
    assert requirement(legs, Underlying(SPOT)).margin == margin


@pytest.mark.parametrize(
    ("klass", "leverage", "kind", "strike", "asked"),
    [
        (UnderlyingClass.EQUITY, 1, "CALL", 110, 1100),  # 20 - 10 = 10: at the floor of 10
        (UnderlyingClass.EQUITY, 1, "CALL", 111, 1100),  # 20 - 11 = 9: the floor holds
        (UnderlyingClass.EQUITY, 1, "CALL", 109, 1200),
        (UnderlyingClass.EQUITY, 1, "PUT", 80, 900),  # the floor is a tenth of the strike
        (UnderlyingClass.NARROW_INDEX, 1, "CALL", 100, 2100),
        (UnderlyingClass.BROAD_INDEX, 1, "CALL", 100, 1600),
        (UnderlyingClass.HIGH_CAP_BROAD_INDEX, 1, "PUT", 95, 1100),  # 15 - 5 = 10, the floor is 9.5
        (UnderlyingClass.EQUITY, 2, "CALL", 100, 4100),
        (UnderlyingClass.EQUITY, 3, "CALL", 160, 3100),  # 60 - 60 = 0: three times the floor
        (UnderlyingClass.EQUITY, 6, "CALL", 100, 10100),  # never more than the whole price
    ],
)
def test_a_naked_option_asks_for_its_class_s_part_and_never_less_than_the_floor(
    klass: UnderlyingClass, leverage: int, kind: str, strike: int, asked: int
) -> None:
    where = Underlying(SPOT, klass, D(leverage))

    assert requirement([leg(kind, -1, strike)], where).margin == asked
