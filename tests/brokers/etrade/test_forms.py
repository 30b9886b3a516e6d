"""E*TRADE's answers in other forms: one without its list, other capitals, errors in XML, sleepy leave."""

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
import pytest_asyncio

from allcore.kernel.errors import UnknownOutcomeError
from allcore.kernel.reports import ReportKind
from brokers.etrade.accounts import balance_of, keys_of, positions_of
from brokers.etrade.auth import Tokens
from brokers.etrade.client import is_said, number_of, refusal, too_many
from brokers.etrade.orders import orders_of, said_of
from brokers.ports import Lane
from brokers.rest.views import OrderView, Standing
from brokers.rest.wire import Answer, BrokerRefusedError, WireDownError
from tests.brokers.contract import listed, working
from tests.brokers.etrade.desks import EtradeDesk, opened
from tests.brokers.etrade.test_etrade import DETAIL, INSTRUMENT, PRODUCT, read
from tests.builders.paper import PUT, buy


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[EtradeDesk]:
    desk = await opened()
    yield desk
    await desk.close()


def shown(instrument: dict[str, Any] | None = None, **changes: Any) -> OrderView:
    row = DETAIL | {"Instrument": INSTRUMENT | (instrument or {})} | changes
    (seen,) = read({"OrdersResponse": {"Order": {"orderId": 7, "OrderDetail": row}}})
    return seen.view


def small(value: Any) -> Any:
    """Return the JSON with small first letters throughout, as the documentation's tables write them."""
    if isinstance(value, list):
        return [small(one) for one in value]
    return {f"{n[0].lower()}{n[1:]}": small(v) for n, v in value.items()} if isinstance(value, dict) else value


def test_a_list_is_read_whichever_way_its_names_begin() -> None:
    rows = {"Order": [{"orderId": 7, "OrderDetail": [DETAIL], "Events": {"Event": [{"name": "ORDER_PLACED"}]}}]}

    assert read({"OrdersResponse": small(rows)}) == read({"OrdersResponse": rows})


@pytest.mark.parametrize("rows", [{}, {"Order": []}, {"Order": None}, {"Order": ""}, None])
def test_a_list_without_orders_is_empty(rows: object) -> None:
    assert orders_of({"OrdersResponse": rows}, "1") == ([], "")


@pytest.mark.parametrize(
    ("more", "marker"),
    [
        ({"marker": "12345678", "next": "https://api.etrade.com/x?marker=9"}, "12345678"),
        ({"marker": 12345678}, "12345678"),
        ({"next": "https://api.etrade.com/v1/accounts/K/orders?count=25&marker=1a%2Bb"}, "1a+b"),
        ({"marker": "", "next": "more"}, ""),
    ],
)
def test_where_the_next_page_begins_is_said_in_two_ways(more: dict[str, object], marker: str) -> None:
    assert orders_of({"OrdersResponse": {"Order": []} | more}, "1")[1] == marker


@pytest.mark.parametrize("status", ["OPEN", "INDIVIDUAL_FILLS", "PARTIAL", "CANCEL_REQUESTED"])
def test_what_has_traded_in_full_is_filled_whatever_it_is_called(status: str) -> None:
    assert shown({"filledQuantity": "2.0"}, status=status).standing is Standing.FILLED


@pytest.mark.parametrize("status", ["DO_NOT_EXERCISE", "OPTION_EXERCISE", "OPTION_ASSIGNMENT", "UNKNOWN"])
def test_a_status_that_says_nothing_of_an_order_is_doubt(status: str) -> None:
    view = shown(status=status)

    assert (view.standing, view.reason) == (Standing.UNKNOWN, status)


def test_the_limit_of_a_stop_limit_order_has_two_names() -> None:
    assert shown(priceType="STOP_LIMIT", limitPrice=None, stopLimitPrice=4.05).price == Decimal("4.05")


def test_an_order_may_name_its_quantity_as_it_was_sent() -> None:
    assert shown({"orderedQuantity": None, "quantity": "2"}).order_qty == 2


@pytest.mark.parametrize(
    "messages",
    [
        {"Message": [{"type": "WARNING", "code": 1026, "description": "200|Entered."}]},
        {"Message": {"code": 1026, "description": "200|Entered."}},
        {"message": [{"description": "200|Entered."}, {"code": 9}, {"description": None}]},
        [{"description": "200|Entered."}],
        {"description": "200|Entered.", "Message": {"description": "200|Entered."}},
    ],
)
def test_a_message_is_read_in_each_form(messages: object) -> None:
    assert said_of({"messages": messages}) == ["200|Entered."]
    assert shown(Messages=messages).text == "200|Entered."


@pytest.mark.parametrize("messages", [None, "", {}, {"Message": None}, [], "none"])
def test_nothing_said_is_no_message(messages: object) -> None:
    assert said_of({"messages": messages} if messages != "none" else {}) == []


@pytest.mark.parametrize(
    "body",
    [
        {"OrderIds": [{"orderId": 673}]},
        {"OrderIds": {"orderId": "673"}},
        {"orderIds": [{"orderId": 673.0}]},
        {"orderId": 673},
    ],
)
def test_the_number_of_an_order_is_read_in_each_form(body: dict[str, object]) -> None:
    assert number_of(body) == "673"


def test_accounts_and_positions_are_read_whichever_way_their_names_begin() -> None:
    accounts = {"Accounts": {"Account": {"accountId": 1, "accountIdKey": "K", "accountStatus": "ACTIVE"}}}
    position = {"Product": PRODUCT, "quantity": -2, "positionType": "SHORT", "pricePaid": "1.5"}
    portfolio = {"AccountPortfolio": {"Position": position, "nextPageNo": ""}}

    assert keys_of({"AccountListResponse": small(accounts)}) == {"1": "K"}
    assert positions_of({"PortfolioResponse": small(portfolio)}, "1") == positions_of(
        {"PortfolioResponse": portfolio}, "1"
    )
    assert balance_of({"BalanceResponse": {"computed": {"cashBalance": -5.5}}}, "1").cash == Decimal("-5.5")


XML = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Error><code>1037</code><message>A &amp; B</message></Error>"""


def answered(status: int, text: str, kind: str) -> httpx.Response:
    return httpx.Response(status, text=text, headers={"Content-Type": kind})


@pytest.mark.parametrize("text", [XML, XML.partition("\n")[2]])
def test_an_error_in_xml_is_the_brokers_no(text: str) -> None:
    response = answered(400, text, "application/xml")

    assert (is_said(response), refusal(response)) == (True, ("1037", "A & B"))


@pytest.mark.parametrize("text", ["<html><body>Error</body></html>", "", "<xml/>", "no"])
def test_a_page_is_nobodys_no(text: str) -> None:
    assert not is_said(answered(400, text, "text/html"))


@pytest.mark.parametrize(
    ("response", "pause"),
    [
        (answered(400, "<h1>Number of requests exceeded the rate limit set</h1>", "text/html"), 1.0),
        (answered(400, '{"Error": {"message": "requests exceeded the rate limit set"}}', "application/json"), 1.0),
        (httpx.Response(429, headers={"Retry-After": "3"}), 3.0),
        (httpx.Response(429), 1.0),
        (answered(400, '{"Error": {"code": 100}}', "application/json"), None),
    ],
)
def test_too_many_calls_are_said_in_several_ways(response: httpx.Response, pause: float | None) -> None:
    assert too_many(response) == pause


async def test_a_no_to_a_placing_without_a_code_of_the_brokers_is_doubt(desk: EtradeDesk) -> None:
    wire = vars(vars(desk.session)["_client"])["_wire"]
    tell = wire.tell

    async def told(method: str, path: str, *args: Any, **kwargs: Any) -> Answer:
        if path.endswith("place.json"):
            raise BrokerRefusedError("The broker answered 403.", reason="HTTP_403")
        answer: Answer = await tell(method, path, *args, **kwargs)
        return answer

    wire.tell = told

    with pytest.raises(UnknownOutcomeError):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    assert "refused" not in desk.keys.rows["C1"].details


async def test_a_no_with_a_code_is_a_no(desk: EtradeDesk) -> None:
    desk.faults.rejects.append(("1037", "You do not have enough available cash to enter this order."))

    await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    assert (await desk.hear(ReportKind.REJECT)).reason == "1037"


async def test_a_look_that_found_no_room_has_an_orders_turn_next_time(desk: EtradeDesk) -> None:
    client = vars(desk.session)["_client"]
    wire, lanes = vars(client)["_wire"], list[Lane]()
    is_full = True

    async def ask(*args: Any, lane: Lane, **kwargs: Any) -> Answer:
        lanes.append(lane)
        if is_full:
            raise WireDownError("The broker's limit on calls leaves no room just now; nothing was sent.")
        return Answer(204, {}, None)

    wire.ask = ask
    with pytest.raises(WireDownError):
        await client.orders(desk.account, desk.now())
    is_full = False
    for _ in range(2):
        await client.orders(desk.account, desk.now())

    assert lanes[:3] == [Lane.DATA, Lane.ORDERS, Lane.DATA]


async def test_a_token_that_is_about_to_sleep_is_woken_before_it_is_used(desk: EtradeDesk) -> None:
    tokens_of(desk).__dict__["_used_at"] -= timedelta(minutes=110)

    await working(desk, "C1", buy(PUT, "4.00"))

    assert desk.server.provider.renewed == 1
    assert len(desk.exchange.orders) == 1


async def test_a_token_in_use_is_left_awake(desk: EtradeDesk) -> None:
    tokens_of(desk).__dict__["_used_at"] -= timedelta(minutes=109)

    await listed(desk)

    assert desk.server.provider.renewed == 0


def tokens_of(desk: EtradeDesk) -> Tokens:
    manners = vars(vars(vars(desk.session)["_client"])["_wire"])["_manners"]
    tokens: Tokens = manners.sign.__self__
    return tokens
