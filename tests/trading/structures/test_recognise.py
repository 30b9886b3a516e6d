"""Each named structure is known by its shape, whichever way round its legs are told."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.instruments import OptionContract, Right
from trading.domain.structures.legs import Leg
from trading.domain.structures.recognise import name_of, recognise
from trading.domain.structures.shapes import BROKEN, CODES, NAMED, RATIOS, ROWS, Shape, opposite, shape_of

DAYS = (date(2026, 6, 19), date(2026, 7, 17))


def legs_of(shape: Shape, *, units: int = 1, width: int = 5) -> list[Leg]:
    """Return legs of the shape, strikes `width` apart from 100."""
    return [
        Leg(None, place.qty * 100 * units, 1)
        if place.kind == "S"
        else Leg(
            OptionContract("XYZ", DAYS[place.expiry - 1], Right(place.kind), Decimal(95 + width * place.strike)),
            place.qty * units,
        )
        for place in shape
    ]


def option(text: str, strike: int, qty: int, *, day: date = DAYS[0], root: str = "XYZ", multiplier: int = 100) -> Leg:
    return Leg(OptionContract(root, day, Right(text), Decimal(strike)), qty, multiplier)


@pytest.mark.parametrize(("text", "long", "short"), ROWS, ids=[row[0] for row in ROWS])
def test_a_shape_and_its_opposite_are_named(text: str, long: str, short: str) -> None:
    shape = shape_of(text)

    assert recognise(legs_of(shape)) == long
    assert recognise(legs_of(opposite(shape))) == short


def test_more_than_forty_structures_have_names() -> None:
    assert len({row[1] for row in ROWS}) >= 40
    assert len(CODES) >= 90


def test_no_two_rows_claim_one_shape() -> None:
    shapes = [shape for row in ROWS for shape in (shape_of(row[0]), opposite(shape_of(row[0])))]

    assert len(shapes) == len(set(shapes)) == len(NAMED)


@pytest.mark.parametrize("code", sorted(BROKEN))
def test_wings_of_unequal_width_are_broken(code: str) -> None:
    shape = next(shape for shape, name in NAMED.items() if name == code)
    top = max(place.strike for place in shape)
    legs = [option(p.kind, 200 if p.strike == top else 95 + 5 * p.strike, p.qty) for p in shape]

    assert recognise(legs) == BROKEN[code]


@pytest.mark.parametrize(
    ("legs", "code"),
    [
        ([option("C", 100, 1), option("C", 105, -2)], "CALL_RATIO_SPREAD"),
        ([option("C", 100, 2), option("C", 105, -3)], "CALL_RATIO_SPREAD"),
        ([option("C", 100, -1), option("C", 105, 2)], "CALL_BACKSPREAD"),
        ([option("P", 100, 1), option("P", 95, -3)], "PUT_RATIO_SPREAD"),
        ([option("P", 100, -1), option("P", 95, 2)], "PUT_BACKSPREAD"),
    ],
)
def test_uneven_spreads_are_ratios_and_backspreads(legs: Sequence[Leg], code: str) -> None:
    assert code in RATIOS.values()
    assert recognise(legs) == code


@pytest.mark.parametrize(
    "legs",
    [
        [],
        [option("C", 100, 1), option("C", 100, -1)],
        [option("C", 100, 1), option("P", 100, 3)],
        [option("C", 100, 3), option("C", 105, -2)],
        [option("C", 100, 1), option("C", 105, -1, root="ABC")],
        [option("C", 100, 1), option("C", 105, -1, multiplier=150)],
        [Leg(None, 150, 1), option("C", 105, -1)],
        [option("C", 100, 1), option("C", 105, 1)],
    ],
    ids=["nothing", "flat", "1:3 strangle", "3:2", "two roots", "adjusted", "half covered", "two long calls"],
)
def test_what_has_no_name_is_custom(legs: Sequence[Leg]) -> None:
    assert recognise(legs) == "CUSTOM"


def test_a_short_put_with_its_cash_is_cash_secured_and_nothing_else_is() -> None:
    assert recognise([option("P", 100, -3)], is_cash_secured=True) == "CASH_SECURED_PUT"
    assert recognise([option("C", 100, -3)], is_cash_secured=True) == "SHORT_CALL"
    assert name_of("CASH_SECURED_PUT") == "Cash-secured put"


@pytest.mark.parametrize("shape", NAMED, ids=NAMED.values())
def test_the_legs_order_says_nothing(shape: Shape) -> None:
    names = {recognise(list(order)) for order in permutations(legs_of(shape))}

    assert names == {NAMED[shape]}


@given(st.sampled_from(sorted(NAMED)), st.integers(1, 40), st.sampled_from([1, 5, 50]))
def test_units_and_the_strikes_distance_say_nothing(shape: Shape, units: int, width: int) -> None:
    assert recognise(legs_of(shape, units=units, width=width)) == NAMED[shape]


@given(
    st.lists(
        st.tuples(st.sampled_from("CP"), st.integers(90, 94), st.integers(-3, 3), st.sampled_from(DAYS)), max_size=4
    ),
    st.randoms(use_true_random=False),
)
def test_any_legs_have_one_name_in_any_order(rows: list[tuple[str, int, int, date]], chance: st.DataObject) -> None:
    legs = [option(kind, strike, qty, day=day) for kind, strike, qty, day in rows]
    mixed = list(legs)
    chance.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis's Random

    assert recognise(mixed) == recognise(legs)
    assert recognise(legs) in CODES
