"""What fingers mistype, and limits far from the model's value."""

from decimal import Decimal

import pytest

from allcore.kernel.orders import PositionEffect, Side
from allcore.kernel.tickets import OrderTicket
from risk.domain.verdict import Level, Outcome
from tests.builders.risk import (
    DELTAS,
    PUT,
    SHARE,
    check,
    dec,
    greeks,
    limits,
    market,
    put_spread,
    request,
    sell_put,
    sell_shares,
    single,
)

SOFT, PASS, ERROR = Outcome.SOFT_BLOCK, Outcome.PASS, Outcome.ERROR


def sizes(*values: int) -> tuple[Decimal, ...]:
    return tuple(dec(value) for value in values)


@pytest.mark.parametrize(("quantity", "outcome"), [(9, PASS), (10, PASS), (11, SOFT)])
def test_a_quantity_by_hand_is_within_five_times_the_usual(quantity: int, outcome: Outcome) -> None:
    asked = request(sell_put(quantity), sizes=sizes(1, 2, 2, 3, 50), is_manual=True)

    result = check("fat_finger", asked)

    assert (result.outcome, result.level) == (outcome, Level.RISK_SOFT)
    assert result.value == dec(quantity) / 2


@pytest.mark.parametrize(("known", "outcome"), [(4, PASS), (5, SOFT)])
def test_of_too_few_orders_nothing_is_usual(known: int, outcome: Outcome) -> None:
    asked = request(sell_put(6), sizes=sizes(*[1] * known), is_manual=True)

    assert check("fat_finger", asked).outcome is outcome


def test_a_hundred_shares_count_as_one_contract() -> None:
    buy = single(SHARE, Side.BUY, PositionEffect.OPEN, 500, "250.02")

    assert check("fat_finger", request(buy, sizes=sizes(1, 1, 1, 1, 1), is_manual=True)).outcome is PASS


@pytest.mark.parametrize(("quantity", "price", "outcome"), [(10, "0.10", SOFT), (10, "0.11", PASS), (9, "0.09", PASS)])
def test_a_quantity_that_is_the_prices_digits_is_asked_about(quantity: int, price: str, outcome: Outcome) -> None:
    asked = request(sell_put(quantity, price), is_manual=True, limits=limits(fat_finger=("1000", None)))

    assert check("fat_finger", asked).outcome is outcome


def test_what_the_desk_sized_is_not_mistyped() -> None:
    assert check("fat_finger", request(sell_put(50), sizes=sizes(*[1] * 20))).outcome is PASS


def valued(price: float) -> dict[str, object]:
    return {"market": market(greeks={s: greeks(d, price=price if s == PUT else 1.55) for s, d in DELTAS.items()})}


# A width of 0.14 leaves two widths, 0.28, free; beyond that 15 % of the model's value is allowed.
@pytest.mark.parametrize(
    ("ticket", "value", "outcome"),
    [
        (sell_put(1, "0.72"), 1.00, PASS),
        (sell_put(1, "0.71"), 1.00, SOFT),
        (sell_put(1, "8.50"), 10.00, PASS),
        (sell_put(1, "8.49"), 10.00, SOFT),
        (sell_put(1, "20.00"), 10.00, PASS),
    ],
)
def test_a_limit_is_near_the_model_on_the_side_that_hurts(ticket: OrderTicket, value: float, outcome: Outcome) -> None:
    assert check("price_from_model", request(ticket, **valued(value))).outcome is outcome


def test_a_combination_is_valued_leg_by_leg() -> None:
    far = check("price_from_model", request(put_spread(1, "1.00"), **valued(4.17)))

    assert far.outcome is SOFT
    assert far.value == (dec("2.62") - 1) / dec("2.62")


def test_without_a_model_nothing_is_opened() -> None:
    assert check("price_from_model", request(sell_put(), market=market(greeks={}))).outcome is ERROR


def test_closing_and_shares_are_not_held_to_the_model() -> None:
    assert check("price_from_model", request(sell_shares(), market=market(greeks={}))).outcome is PASS
