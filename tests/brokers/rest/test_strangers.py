"""Orders placed elsewhere, on the broker's page or by phone: listed with their terms, and cancelled by their number."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from allcore.kernel.errors import UnknownOutcomeError
from allcore.kernel.orders import OrdStatus, OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.reports import OrderReport, ReportKind
from brokers.etrade.orders import orders_of
from brokers.rest.views import OrderView
from brokers.schwab.orders import view_of
from brokers.schwab.strangers import told
from tests.brokers.contract import listed, working
from tests.brokers.etrade.desks import EtradeDesk
from tests.brokers.etrade.desks import opened as etrade
from tests.brokers.etrade.test_etrade import read
from tests.brokers.schwab.desks import SchwabDesk
from tests.brokers.schwab.desks import opened as schwab
from tests.brokers.schwab.test_schwab import ORDER
from tests.brokers.servers.book import Leg, Order, Terms
from tests.brokers.servers.faults import Lapse
from tests.builders.paper import LOW_PUT, PUT, buy

Desk = SchwabDesk | EtradeDesk
AT_FOUR = Terms((Leg(PUT, Side.BUY),), 2, limit=Decimal("4.00"))
SPREAD = Terms((Leg(PUT, Side.SELL), Leg(LOW_PUT, Side.BUY)), 1, limit=Decimal("-3.50"))
WORDS = {"schwab": {"orderType": "NET_CREDIT"}, "etrade": {"priceType": "NET_CREDIT"}}


@pytest_asyncio.fixture(params=[schwab, etrade])
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Desk]:
    desk = await request.param()
    yield desk
    await desk.close()


def by_hand(desk: Desk, terms: Terms = AT_FOUR, /, **body: str) -> Order:
    return desk.exchange.place(desk.account, terms, extra={"body": body})


async def only(desk: Desk) -> OrderReport:
    (report,) = await listed(desk)
    return report


async def test_an_order_by_hand_is_listed_with_its_terms(desk: Desk) -> None:
    order = by_hand(desk)

    report = await only(desk)

    ticket = report.ticket
    assert (report.cl_ord_id, report.broker_order_id, report.order_qty) == ("", str(order.number), 2)
    assert ticket is not None
    assert (ticket.underlying, ticket.quantity, ticket.limit_price) == ("TSLA", 2, Decimal(4))
    assert (ticket.ord_type, ticket.time_in_force, ticket.price_effect) == (
        OrdType.LIMIT,
        TimeInForce.DAY,
        PriceEffect.DEBIT,
    )
    assert [(leg.symbol, leg.side, leg.ratio, leg.multiplier) for leg in ticket.legs] == [(PUT, Side.BUY, 1, 100)]


async def test_a_combo_by_hand_is_listed_leg_by_leg(desk: Desk) -> None:
    by_hand(desk, SPREAD, **WORDS[desk.connection])

    ticket = (await only(desk)).ticket

    assert ticket is not None
    assert [(leg.symbol, leg.side) for leg in ticket.legs] == [(PUT, Side.SELL), (LOW_PUT, Side.BUY)]
    assert (ticket.price_effect, ticket.limit_price) == (PriceEffect.CREDIT, Decimal("3.50"))


async def test_an_order_of_ours_is_listed_under_its_own_name_alone(desk: Desk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))

    report = await only(desk)

    assert (report.cl_ord_id, report.ticket) == ("C1", None)


async def test_an_order_that_may_be_one_in_doubt_is_nobody_elses_yet(desk: Desk) -> None:
    desk.faults.lapses += [Lapse.DROP, Lapse.UNREAD]
    for name in ("C1", "C2"):
        with pytest.raises(UnknownOutcomeError):
            await desk.session.submit(name, desk.account, buy(PUT, "4.00"))

    assert [(report.cl_ord_id, report.ticket) for report in await listed(desk)] == [("", None)]


async def test_an_order_by_hand_is_cancelled_by_its_number(desk: Desk) -> None:
    order = by_hand(desk)
    name = (await only(desk)).broker_order_id

    await desk.session.cancel(desk.account, "X1", name)

    answer = await desk.hear(ReportKind.CANCEL_ACK)
    assert (answer.cl_ord_id, answer.broker_order_id) == ("X1", name)
    assert not order.is_open
    await desk.quiet()


async def test_an_order_by_hand_that_has_traded_cannot_be_cancelled(desk: Desk) -> None:
    by_hand(desk)
    name = (await only(desk)).broker_order_id
    desk.exchange.show(PUT, "3.90", "4.00")

    await desk.session.cancel(desk.account, "X1", name)

    answer = await desk.hear(ReportKind.CANCEL_REJECT)
    assert (answer.cl_ord_id, answer.reason) == ("X1", "TOO_LATE")
    await desk.quiet()


async def test_an_order_that_nobody_has_cannot_be_cancelled(desk: Desk) -> None:
    await desk.session.cancel(desk.account, "X1", "77")

    assert (await desk.hear(ReportKind.CANCEL_REJECT)).reason == "UNKNOWN_ORDER"


async def test_an_order_of_ours_that_is_replaced_elsewhere_is_over_and_the_new_one_a_strangers() -> None:
    desk = await schwab()
    try:
        await working(desk, "C1", buy(PUT, "4.00"))
        desk.exchange.supersede(1, replace(AT_FOUR, limit=Decimal("3.95")))

        assert (await desk.hear(ReportKind.UNSOLICITED_CANCEL)).cl_ord_id == "C1"
        by_name = {report.cl_ord_id: report for report in await listed(desk)}
        assert by_name["C1"].status == OrdStatus.CANCELED
        assert by_name[""].ticket is not None
        assert by_name[""].ticket.limit_price == Decimal("3.95")
        await desk.quiet()
    finally:
        await desk.close()


def schwabs(**changes: Any) -> OrderView:
    row = ORDER | changes
    return told(view_of(row, "1"), row)


@pytest.mark.parametrize(
    ("said", "ord_type", "tif"),
    [
        ({"orderType": "MARKET", "price": None}, OrdType.MARKET, TimeInForce.DAY),
        ({"orderType": "STOP", "stopPrice": 3.5}, OrdType.STOP, TimeInForce.DAY),
        ({"orderType": "STOP_LIMIT", "stopPrice": "3.5", "duration": "FILL_OR_KILL"}, OrdType.STOP_LIMIT, "FOK"),
        ({"orderType": "LIMIT_ON_CLOSE"}, OrdType.LIMIT, TimeInForce.CLS),
        ({"orderType": "MARKET_ON_CLOSE"}, OrdType.MARKET, TimeInForce.CLS),
        ({"duration": "GOOD_TILL_CANCEL"}, OrdType.LIMIT, TimeInForce.GTC),
        ({"duration": "END_OF_WEEK"}, OrdType.LIMIT, TimeInForce.GTC),
        ({"duration": "FOREVER", "orderType": "NON_MARKETABLE"}, OrdType.LIMIT, TimeInForce.DAY),
        (
            {"orderType": "TRAILING_STOP", "stopPriceLinkType": "PERCENT", "stopPriceOffset": 5},
            OrdType.TRAILING_STOP,
            TimeInForce.DAY,
        ),
        ({"orderType": "TRAILING_STOP", "stopPriceLinkType": "TICK", "stopPriceOffset": 5}, OrdType.MARKET, "DAY"),
        ({"orderType": "STOP", "stopPrice": 0.0}, OrdType.MARKET, TimeInForce.DAY),
    ],
)
def test_schwabs_type_is_told_as_far_as_the_desk_has_a_word(
    said: dict[str, Any], ord_type: OrdType, tif: TimeInForce
) -> None:
    ticket = schwabs(**said).ticket

    assert ticket is not None
    assert (ticket.ord_type, ticket.time_in_force) == (ord_type, tif)


@pytest.mark.parametrize(
    ("word", "said", "effect"),
    [
        ("BUY_TO_OPEN", None, PositionEffect.OPEN),
        ("BUY_TO_CLOSE", None, PositionEffect.CLOSE),
        ("BUY_TO_OPEN", "CLOSING", PositionEffect.CLOSE),
        ("SELL_TO_CLOSE", "AUTOMATIC", PositionEffect.CLOSE),
    ],
)
def test_whether_schwabs_leg_opens_is_read(word: str, said: str | None, effect: PositionEffect) -> None:
    row = ORDER["orderLegCollection"][0] | {"instruction": word, "positionEffect": said}  # type: ignore[index]

    ticket = schwabs(orderLegCollection=[row]).ticket

    assert ticket is not None
    assert ticket.legs[0].position_effect is effect


def etrades(**changes: Any) -> OrderView:
    from tests.brokers.etrade.test_etrade import listing  # noqa: PLC0415 its name is another fixture's too

    (seen,) = read(listing(**changes))
    return seen.view


@pytest.mark.parametrize(
    ("said", "ord_type", "tif"),
    [
        ({"priceType": "MARKET"}, OrdType.MARKET, TimeInForce.DAY),
        ({"priceType": "STOP", "stopPrice": 3.5}, OrdType.STOP, TimeInForce.DAY),
        ({"priceType": "LIMIT", "stopPrice": 0.0, "orderTerm": "GOOD_UNTIL_CANCEL"}, OrdType.LIMIT, TimeInForce.GTC),
        ({"priceType": "LIMIT_ON_CLOSE"}, OrdType.LIMIT, TimeInForce.CLS),
        ({"priceType": "MARKET_ON_OPEN"}, OrdType.MARKET, TimeInForce.OPG),
        ({"priceType": "TRAILING_STOP_CNST", "orderTerm": "GOOD_TILL_DATE"}, OrdType.MARKET, TimeInForce.GTC),
    ],
)
def test_etrades_type_is_told_as_far_as_the_desk_has_a_word(
    said: dict[str, Any], ord_type: OrdType, tif: TimeInForce
) -> None:
    ticket = etrades(**said).ticket

    assert ticket is not None
    assert (ticket.ord_type, ticket.time_in_force) == (ord_type, tif)


def test_terms_without_words_are_left_out_and_the_order_is_listed() -> None:
    five = [{**ORDER["orderLegCollection"][0], "instrument": {"symbol": f"S{n}"}} for n in range(5)]  # type: ignore[index]

    view = schwabs(orderLegCollection=five)

    assert (view.ticket, len(view.legs)) == (None, 5)
    assert orders_of(None, "1") == ([], "")
