"""Orders placed elsewhere, in TWS, by phone or by another program: listed with their terms, and told by their legs."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import pytest_asyncio

from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.reports import ReportKind
from tests.brokers.contract import listed, working
from tests.brokers.ibkr.desks import IbkrDesk, opened
from tests.brokers.servers.book import Leg, Order, Terms
from tests.brokers.servers.tws.messages import card_of
from tests.builders.paper import LOW_PUT, PUT, buy

AT_FOUR = Terms((Leg(PUT, Side.BUY),), 2, limit=Decimal("4.00"))
SPREAD = Terms((Leg(PUT, Side.SELL), Leg(LOW_PUT, Side.BUY)), 1, limit=Decimal("-3.50"))


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[IbkrDesk]:
    desk = await opened()
    yield desk
    await desk.close()


def placed(desk: IbkrDesk, terms: Terms = AT_FOUR, /, **fields: str) -> Order:
    """Place an order by hand; `fields` are how the gateway tells it."""
    order = desk.exchange.place(desk.account, terms)
    card_of(order).placing.fields |= fields
    return order


def hear_of(desk: IbkrDesk, *messages: bytes) -> None:
    next(iter(desk.server.lines.values())).send(*messages)


async def test_an_order_by_hand_is_listed_with_its_terms(desk: IbkrDesk) -> None:
    order = placed(desk)

    report = (await listed(desk))[0]

    assert (report.cl_ord_id, report.broker_order_id) == ("", str(card_of(order).perm_id))
    ticket = report.ticket
    assert ticket is not None
    assert (ticket.underlying, ticket.quantity, ticket.ord_type, ticket.limit_price) == (
        "TSLA",
        2,
        OrdType.LIMIT,
        Decimal("4.00"),
    )
    assert [(leg.symbol, leg.side, leg.ratio, leg.multiplier) for leg in ticket.legs] == [(PUT, Side.BUY, 1, 100)]
    assert (ticket.price_effect, ticket.time_in_force) == (PriceEffect.DEBIT, TimeInForce.DAY)


async def test_an_order_of_ours_is_listed_under_its_own_name_alone(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))

    assert [(o.cl_ord_id, o.ticket) for o in await listed(desk)] == [("C1", None)]


@pytest.mark.parametrize(
    ("fields", "ord_type", "tif"),
    [
        ({"orderType": "MKT", "lmtPrice": "0.0"}, OrdType.MARKET, TimeInForce.DAY),
        ({"orderType": "LOC"}, OrdType.LIMIT, TimeInForce.CLS),
        ({"orderType": "STP", "lmtPrice": "0.0", "auxPrice": "3.5"}, OrdType.STOP, TimeInForce.DAY),
        ({"orderType": "TRAIL", "lmtPrice": "0.0", "auxPrice": "0.5"}, OrdType.TRAILING_STOP, TimeInForce.DAY),
        ({"orderType": "TRAIL", "lmtPrice": "", "trailingPercent": "2.5"}, OrdType.TRAILING_STOP, TimeInForce.DAY),
        ({"orderType": "REL", "tif": "GTC"}, OrdType.LIMIT, TimeInForce.GTC),
        ({"orderType": "PEG MID", "lmtPrice": "0.0", "tif": "DTC"}, OrdType.MARKET, TimeInForce.DAY),
        ({"orderType": "LMT", "tif": "GTD", "goodTillDate": "20270102-21:00:00"}, OrdType.LIMIT, TimeInForce.GTD),
        ({"orderType": "LMT", "tif": "GTD", "goodTillDate": ""}, OrdType.LIMIT, TimeInForce.GTC),
        ({"orderType": "STP", "lmtPrice": "0.0", "auxPrice": "0.0"}, OrdType.MARKET, TimeInForce.DAY),
    ],
)
async def test_its_type_is_told_as_far_as_the_desk_has_a_word(
    desk: IbkrDesk, fields: dict[str, str], ord_type: OrdType, tif: TimeInForce
) -> None:
    placed(desk, **fields)

    ticket = (await listed(desk))[0].ticket

    assert ticket is not None
    assert (ticket.ord_type, ticket.time_in_force) == (ord_type, tif)


async def test_a_date_that_it_is_good_till_goes_with_it(desk: IbkrDesk) -> None:
    placed(desk, tif="GTD", goodTillDate="20270102-21:00:00")

    ticket = (await listed(desk))[0].ticket

    assert ticket is not None
    assert ticket.expire_at == datetime(2027, 1, 2, 21, tzinfo=UTC)


async def test_a_short_sale_that_closes_is_a_sale(desk: IbkrDesk) -> None:
    placed(desk, action="SSHORT", openClose="C")

    ticket = (await listed(desk))[0].ticket

    assert ticket is not None
    assert (ticket.side, ticket.legs[0].position_effect) == (Side.SELL, PositionEffect.CLOSE)


@pytest.mark.parametrize(
    ("limit", "effect"), [("-3.50", PriceEffect.CREDIT), ("3.50", PriceEffect.DEBIT), ("0", PriceEffect.EVEN)]
)
async def test_a_combo_by_hand_is_listed_leg_by_leg(desk: IbkrDesk, limit: str, effect: PriceEffect) -> None:
    order = placed(desk, replace(SPREAD, limit=Decimal("-3.50")))
    card_of(order).placing.fields["lmtPrice"] = limit

    ticket = (await listed(desk))[0].ticket

    assert ticket is not None
    assert [(leg.symbol, leg.side) for leg in ticket.legs] == [(PUT, Side.SELL), (LOW_PUT, Side.BUY)]
    assert (ticket.price_effect, ticket.limit_price) == (effect, abs(Decimal(limit)))


async def test_a_combo_that_is_sold_has_the_other_sides(desk: IbkrDesk) -> None:
    order = placed(desk, SPREAD)
    card_of(order).placing.fields |= {"action": "SELL", "lmtPrice": "3.50"}

    ticket = (await listed(desk))[0].ticket

    assert ticket is not None
    assert [leg.side for leg in ticket.legs] == [Side.BUY, Side.SELL]
    assert ticket.price_effect is PriceEffect.CREDIT


async def test_a_combo_of_legs_that_nobody_knows_is_listed_without_terms(desk: IbkrDesk) -> None:
    order = placed(desk, SPREAD)
    card_of(order).placing.legs[0]["conId"] = "1"

    report = (await listed(desk))[0]

    assert (report.status, report.ticket) == ("NEW", None)


async def test_what_a_combo_of_legs_that_nobody_knows_has_traded_is_told_execution_by_execution(desk: IbkrDesk) -> None:
    order = placed(desk, SPREAD)
    card_of(order).placing.legs[0]["conId"] = "1"
    desk.exchange.show(PUT, "4.60", "4.70")

    report = (await listed(desk))[0]

    assert [[f.symbol for f in fill.fills] for fill in report.fills] == [[PUT], [LOW_PUT]]
    assert {(fill.cl_ord_id, fill.broker_order_id) for fill in report.fills} == {("", "")}


async def test_terms_of_an_order_that_make_no_sense_are_none(desk: IbkrDesk) -> None:
    order = placed(desk)
    order.terms = replace(order.terms, quantity=0)

    assert [(o.order_qty, o.ticket) for o in await listed(desk)] == [(0, None)]


async def test_what_it_has_traded_goes_with_it(desk: IbkrDesk) -> None:
    placed(desk, replace(SPREAD, quantity=2))
    desk.exchange.show(PUT, "4.60", "4.70", size=1)

    report = (await listed(desk))[0]

    assert (report.status, report.cum_qty) == ("PARTIALLY_FILLED", 1)
    assert [(f.leg, f.symbol, f.qty) for fill in report.fills for f in fill.fills] == [(0, PUT, 1), (1, LOW_PUT, 1)]


async def test_a_combo_that_is_listed_trades_by_its_legs(desk: IbkrDesk) -> None:
    order = placed(desk, SPREAD)
    await listed(desk)
    desk.exchange.show(PUT, "4.60", "4.70")
    line = next(iter(desk.server.lines.values()))

    hear_of(desk, *line.say.executions(order, desk.exchange.executions))
    hear_of(desk, *(line.say.commission(order, e) for e in desk.exchange.executions))

    fill = await desk.hear(ReportKind.FILL)
    assert (fill.cl_ord_id, fill.broker_order_id, fill.combo_qty) == ("", str(card_of(order).perm_id), 1)
    assert [(f.leg, f.symbol) for f in fill.fills] == [(0, PUT), (1, LOW_PUT)]
    await desk.quiet()


async def test_a_combo_of_unknown_legs_is_told_whole_by_the_next_answer_and_not_leg_by_leg(desk: IbkrDesk) -> None:
    order = placed(desk, SPREAD)
    desk.exchange.show(PUT, "4.60", "4.70")
    line = next(iter(desk.server.lines.values()))

    hear_of(desk, *line.say.executions(order, desk.exchange.executions))
    await desk.settle()

    report = (await listed(desk))[0]
    assert [len(fill.fills) for fill in report.fills] == [2]
    await desk.quiet()


async def test_orders_that_have_no_permanent_id_are_told_apart_by_their_numbers(desk: IbkrDesk) -> None:
    for number in (-3, -4):
        card = card_of(placed(desk))
        card.perm_id, card.order_id = 0, number

    assert sorted(o.broker_order_id for o in await listed(desk)) == ["0:-3", "0:-4"]


async def test_an_order_from_elsewhere_is_not_cancelled_from_here(desk: IbkrDesk) -> None:
    order = placed(desk)
    theirs = (await listed(desk))[0].broker_order_id

    await desk.session.cancel(desk.account, "C9", theirs)

    report = await desk.hear(ReportKind.CANCEL_REJECT)
    assert (report.cl_ord_id, report.reason) == ("C9", "NOT_FROM_HERE")
    assert order.is_open
    assert desk.server.heard[4] == 0
