"""Tickets that contradict themselves do not exist."""

from dataclasses import replace
from decimal import Decimal

import pytest

from allcore.kernel.ids import mint_cl_ord_id
from allcore.kernel.money import ceil_to_tick, floor_to_tick, from_float, is_on_tick, to_cents
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.tickets import InvalidTicketError, OrderTicket, TicketLeg, content_hash

PUT = TicketLeg("TSLA  260612P00250000", Side.SELL, PositionEffect.OPEN)
LOWER = TicketLeg("TSLA  260612P00240000", Side.BUY, PositionEffect.OPEN)
TICKET = OrderTicket(
    account="GEN-1",
    underlying="TSLA",
    legs=(PUT,),
    quantity=2,
    ord_type=OrdType.LIMIT,
    time_in_force=TimeInForce.DAY,
    price_effect=PriceEffect.CREDIT,
    limit_price=Decimal("4.17"),
)


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": 0},
        {"quantity": -1},
        {"legs": ()},
        {"legs": (PUT, PUT)},
        {"legs": (replace(PUT, ratio=2), replace(LOWER, ratio=2))},
        {"legs": (replace(PUT, ratio=0),)},
        {"limit_price": None},
        {"limit_price": Decimal("-0.01")},
        {"ord_type": OrdType.MARKET},
        {"ord_type": OrdType.STOP, "limit_price": None},
        {"ord_type": OrdType.STOP, "limit_price": None, "stop_price": Decimal(0)},
        {"price_effect": PriceEffect.DEBIT},
        {"legs": (PUT, LOWER), "ord_type": OrdType.STOP_LIMIT, "stop_price": Decimal(1)},
    ],
)
def test_a_ticket_that_contradicts_itself_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InvalidTicketError):
        replace(TICKET, **change)  # type: ignore[arg-type]  # that is the point


def test_a_limit_of_zero_is_a_price() -> None:
    assert replace(TICKET, limit_price=Decimal(0)).limit_price == 0


@pytest.mark.parametrize("legs", [(PUT,), (PUT, LOWER)])
def test_a_ticket_reads_back_from_its_json(legs: tuple[TicketLeg, ...]) -> None:
    ticket = replace(TICKET, legs=legs)

    assert OrderTicket.from_dict(ticket.as_dict()) == ticket


def test_the_hash_changes_with_any_term() -> None:
    hashes = {
        content_hash(t.as_dict())
        for t in (TICKET, replace(TICKET, quantity=3), replace(TICKET, limit_price=Decimal("4.18")))
    }

    assert len(hashes) == 3


def test_the_same_origin_mints_the_same_id_of_20_letters_and_digits() -> None:
    first = mint_cl_ord_id("proposal:1")

    assert first == mint_cl_ord_id("proposal:1") != mint_cl_ord_id("proposal:2")
    assert len(first) == 20
    assert first.isalnum()


def test_money_is_rounded_to_even_cents_and_to_ticks_in_the_direction_named() -> None:
    assert to_cents(Decimal("0.125")) == Decimal("0.12")
    assert floor_to_tick(Decimal("3.04"), Decimal("0.05")) == Decimal("3.00")
    assert ceil_to_tick(Decimal("3.01"), Decimal("0.05")) == Decimal("3.05")
    assert is_on_tick(Decimal("3.05"), Decimal("0.05"))
    assert not is_on_tick(Decimal("3.04"), Decimal("0.05"))
    assert from_float(0.1 + 0.2) == Decimal("0.30")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"limit_price": None}, "A LIMIT order needs a limit price."),
        ({"ord_type": OrdType.MARKET}, "A MARKET order takes no limit price."),
        ({"stop_price": Decimal(4)}, "A LIMIT order takes no stop price."),
        ({"ord_type": OrdType.STOP, "limit_price": None}, "A STOP order needs a stop price."),
    ],
)
def test_a_price_too_many_or_too_few_is_told_apart(change: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidTicketError, match=says):
        replace(TICKET, **change)  # type: ignore[arg-type]  # that is the point
