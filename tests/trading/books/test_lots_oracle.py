"""Lots against a second reckoning that keeps each contract apart, in exact fractions."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.domain.books.lots import Lot, LotMethod, Trade, book
from trading.domain.books.positions import holding, unrealised

CENT = Decimal("0.01")
ROUNDED = Fraction(1, 10**8)  # a part of a lot's cost is kept to a millionth of a millionth
quantities = st.integers(-7, 7).filter(bool)
trades = st.lists(st.tuples(quantities, st.integers(0, 500).map(lambda cents: cents * CENT)), min_size=1, max_size=14)


def reckoned(fills: list[tuple[int, Decimal]], method: LotMethod) -> tuple[list[tuple[int, Fraction]], Fraction]:
    """Return what is open, one contract at a time with its sign and cost, and what was realised of a share of each."""
    units: list[tuple[int, Fraction]] = []
    realised = Fraction(0)
    for qty, px in fills:
        sign = 1 if qty > 0 else -1
        for _ in range(abs(qty)):
            if not units or units[0][0] == sign:
                units.append((sign, Fraction(px)))
                continue
            if method is LotMethod.AVERAGE:
                mean = sum((cost for _, cost in units), Fraction(0)) / len(units)
                units = [(held, mean) for held, _ in units]
            held, cost = units.pop(-1 if method is LotMethod.LIFO else 0)
            realised += held * (Fraction(px) - cost)
    return units, realised


@pytest.mark.parametrize("method", [LotMethod.FIFO, LotMethod.LIFO, LotMethod.AVERAGE])
@given(fills=trades, multiplier=st.sampled_from([1, 10, 100, 150]), mark=st.integers(0, 500))
def test_lots_are_what_counting_each_contract_gives(
    method: LotMethod, fills: list[tuple[int, Decimal]], multiplier: int, mark: int
) -> None:
    lots: tuple[Lot, ...] = ()
    realised = cash = Decimal(0)
    for qty, px in fills:
        booked = book(lots, Trade(qty, px, multiplier), method)
        lots, realised, cash = booked.lots, realised + booked.realised, cash - qty * px * multiplier

    units, expected = reckoned(fills, method)
    held, price = holding(lots), mark * CENT
    assert held.qty == sum(sign for sign, _ in units)
    assert abs(Fraction(realised) - expected * multiplier) < ROUNDED
    assert abs(Fraction(held.cost) - sum((s * cost for s, cost in units), Fraction(0))) < ROUNDED
    assert realised + unrealised(held, price, multiplier) == cash + held.qty * price * multiplier
