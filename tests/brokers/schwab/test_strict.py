"""What Schwab's other answers may look like: leave, preferences, the stream, accounts, previews, an order's place."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
import pytest_asyncio

from allcore.kernel.errors import UnavailableError, UnknownOutcomeError
from allcore.kernel.reports import ReportKind
from brokers.rest.wire import Answer, BrokerRefusedError
from brokers.schwab import authorise
from brokers.schwab.accounts import balance_of, positions_of
from brokers.schwab.client import SchwabClient, preview_of
from brokers.schwab.stream import Stream, is_about_orders
from tests.brokers.contract import listed, working
from tests.brokers.schwab.desks import SchwabDesk, opened
from tests.builders.paper import PATIENCE, PUT, buy


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[SchwabDesk]:
    desk = await opened()
    yield desk
    await desk.close()


def client_of(desk: SchwabDesk) -> SchwabClient:
    client: SchwabClient = vars(desk.session)["_client"]
    return client


def stream_of(desk: SchwabDesk) -> Stream:
    stream: Stream = vars(client_of(desk))["_stream"]
    return stream


async def test_many_turned_away_together_ask_for_one_token(desk: SchwabDesk) -> None:
    await working(desk, "C0", buy(PUT, "1.00"))
    asked = desk.server.grants.asked
    desk.server.grants.accesses.clear()

    await asyncio.gather(*(desk.session.submit(f"C{n}", desk.account, buy(PUT, "1.00")) for n in range(1, 9)))

    assert desk.server.grants.asked == asked + 1
    assert len(desk.exchange.orders) == 9


async def test_a_renewed_leave_takes_the_place_of_the_old_one(desk: SchwabDesk) -> None:
    desk.server.grants.rotates = True
    before = desk.secrets.values["refresh_token"]

    for _ in range(2):  # the second is asked for with what the first brought
        desk.server.grants.accesses.clear()
        await listed(desk)

    assert desk.secrets.values["refresh_token"] != before
    assert desk.secrets.expires_at is None  # when the leave ends is not put off


@pytest.mark.parametrize("form", [{}, {"expires_in": None}, {"expires_in": "soon"}])
async def test_a_token_that_does_not_say_how_long_it_holds_is_taken_for_half_an_hour(
    desk: SchwabDesk, form: dict[str, object]
) -> None:
    desk.server.grants.accesses.clear()
    desk.server.grants.says = form

    await working(desk, "C1", buy(PUT, "4.00"))

    assert len(desk.exchange.orders) == 1


async def test_a_code_that_brings_no_leave_is_said(desk: SchwabDesk) -> None:
    leave = await authorise(desk.plumbing()).begin("https://127.0.0.1/cb")
    desk.server.grants.says = {"refresh_token": None}

    with pytest.raises(UnavailableError, match="begin again"):
        await authorise(desk.plumbing()).finish({"code": desk.server.grants.code(), "state": leave.state})


async def test_preferences_come_as_a_list_of_one_too(desk: SchwabDesk) -> None:
    desk.server.lists_preferences = True

    await client_of(desk).connect()

    assert stream_of(desk).url.endswith("/ws")


@pytest.mark.parametrize("body", ["a page", [5], {"streamerInfo": [{}]}, {"streamerInfo": "none"}, [], None])
async def test_a_login_without_a_stream_that_can_be_read_trades_without_one(desk: SchwabDesk, body: object) -> None:
    desk.server.preferences = [body]
    await desk.restart()

    await working(desk, "C1", buy(PUT, "4.00"))

    assert vars(client_of(desk))["_stream"] is None


async def test_a_login_that_is_refused_its_preferences_trades_without_a_stream(desk: SchwabDesk) -> None:
    client, ask = client_of(desk), vars(client_of(desk))["_wire"].ask

    async def refused(path: str, **asked: Any) -> Answer:
        if path.endswith("userPreference"):
            raise BrokerRefusedError("Forbidden", reason="HTTP_403")
        answer: Answer = await ask(path, **asked)
        return answer

    vars(client)["_wire"].ask = refused

    assert await client.connect() == {desk.account}
    assert vars(client)["_stream"] is None


ODD = [
    "not JSON",
    "[]",
    "5",
    '{"data": 5}',
    '{"data": [5, {"service": "LEVELONE_OPTIONS", "content": [5]}]}',
    f'{{"data": [{{"service": "LEVELONE_OPTIONS", "content": [{{"key": "{PUT}", "2": "many", "38": []}}]}}]}}',
    '{"notify": [5, "heartbeat"]}',
    '{"response": [{"command": "SUBS", "content": []}]}',
    '{"response": [{"service": "ACCT_ACTIVITY", "command": "SUBS", "content": {"code": 22, "msg": "failed"}}]}',
]


@pytest.mark.parametrize("text", ODD)
async def test_whatever_the_stream_says_it_goes_on_bringing_news(desk: SchwabDesk, text: str) -> None:
    await desk.session.quote_feed().subscribe([PUT])  # type: ignore[attr-defined]
    async with asyncio.timeout(PATIENCE):
        await desk.server.streamer.asked_for({PUT})
    await desk.server.streamer.say(text)

    await working(desk, "C1", buy(PUT, "4.00"))

    hints = vars(desk.session)["_tasks"][1]
    async with asyncio.timeout(PATIENCE):
        desk.exchange.show(PUT, "3.90", "4.00")
        assert (await desk.hear(ReportKind.FILL)).cl_ord_id == "C1"
    assert not hints.done()


async def test_who_is_refused_the_stream_asks_with_a_fresh_token(desk: SchwabDesk) -> None:
    stream = stream_of(desk)
    held = await stream.tokens.access()

    with pytest.raises(ValueError, match="refuses the sign-in"):
        stream._may_go_on({"code": 3, "msg": "Login denied"})

    assert await stream.tokens.access() != held


@pytest.mark.parametrize(
    ("message", "is_one"),
    [
        ({"data": [{"service": "ACCT_ACTIVITY", "content": [{"seq": 1, "key": "k", "2": "SUBSCRIBED"}]}]}, True),
        ({"data": [{"service": "ACCT_ACTIVITY"}]}, True),
        ({"data": [{"service": "LEVELONE_OPTIONS"}]}, False),
        ({"response": [{"service": "ACCT_ACTIVITY"}]}, False),
        ([], False),
    ],
)
def test_a_word_about_orders_is_known_by_its_service(message: object, is_one: bool) -> None:
    assert is_about_orders(message) is is_one


@pytest.mark.parametrize(
    ("place", "number"),
    [
        ("https://api.schwabapi.com/trader/v1/accounts/H/orders/12", "12"),
        ("/trader/v1/accounts/H/orders/12/", "12"),
        ("orders/12?x=1", "12"),
        ("", ""),
        ("/trader/v1/accounts/H/orders/", ""),
    ],
)
async def test_an_orders_place_is_read_in_each_form(desk: SchwabDesk, place: str, number: str) -> None:
    async def tell(*args: object, **kwargs: object) -> Answer:
        return Answer(201, httpx.Headers({"location": place} if place else {}), None)

    client = client_of(desk)
    vars(client)["_wire"].tell = tell

    if number:
        assert await client.place(desk.account, buy(PUT, "4.00"), "C1") == number
    else:
        with pytest.raises(UnknownOutcomeError):
            await client.place(desk.account, buy(PUT, "4.00"), "C1")


async def test_an_order_whose_place_is_not_said_is_found_by_its_terms(desk: SchwabDesk) -> None:
    desk.server.names_no_place = True

    with pytest.raises(UnknownOutcomeError):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    assert (await desk.hear(ReportKind.ACK)).cl_ord_id == "C1"
    assert len(desk.exchange.orders) == 1


POSITION = {"shortQuantity": 2.0, "averageShortPrice": 1.5, "instrument": {"cusip": "912810TM0"}}


def test_a_position_without_some_fields_is_read_by_the_others() -> None:
    (position,) = positions_of({"securitiesAccount": {"positions": [POSITION]}}, "1")

    assert (position.symbol, position.qty, position.avg_px) == ("912810TM0", -2, Decimal("1.5"))


@pytest.mark.parametrize(
    ("balances", "cash"),
    [({"cashBalance": 5.25}, "5.25"), ({"totalCash": "7"}, "7"), ({"cashBalance": 0, "totalCash": 7}, "0")],
)
def test_cash_is_read_of_either_kind_of_account(balances: dict[str, object], cash: str) -> None:
    report = balance_of({"securitiesAccount": {"currentBalances": balances}}, "1")

    assert report.cash == Decimal(cash)


@pytest.mark.parametrize(
    ("said", "warnings"),
    [
        ({"rejects": [{"activityMessage": "No."}], "warns": [{"message": "Late."}]}, ("No.", "Late.")),
        ({"alerts": ["Wide."], "reviews": None}, ("Wide.",)),
        (None, ()),
    ],
)
def test_a_preview_says_all_that_is_said(said: object, warnings: Sequence[str]) -> None:
    preview = preview_of({"orderStrategy": None, "orderValidationResult": said})

    assert (preview.commission, preview.warnings) == (None, warnings)


async def test_a_list_is_asked_for_within_sixty_days(desk: SchwabDesk) -> None:
    asked: list[dict[str, str]] = []

    async def ask(*args: object, **kwargs: Any) -> Answer:
        asked.append(kwargs["params"])
        return Answer(200, {}, [])

    client = client_of(desk)
    vars(client)["_wire"].ask = ask

    await client.orders(desk.account, desk.now() - timedelta(days=365))

    ends = [datetime.fromisoformat(asked[0][f"{name}EnteredTime"]) for name in ("from", "to")]
    assert ends[1] - ends[0] <= timedelta(days=60)
