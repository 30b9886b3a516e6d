"""What is Schwab's own: leave and tokens, the order's true place, the stream, its words."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.errors import InvalidInputError, UnavailableError, UnknownOutcomeError
from allcore.kernel.orders import OrdType, TriggerPrice
from allcore.kernel.reports import ReportKind
from brokers.rest.addresses import DisagreementError
from brokers.rest.views import OrderView, Standing
from brokers.rest.wire import Answer, SignInEndedError
from brokers.schwab import authorise, open_session
from brokers.schwab.auth import WrongAnswerError
from brokers.schwab.client import SchwabClient, refusal
from brokers.schwab.orders import UnreadableOrderError, body_of, is_of_parts, view_of
from tests.brokers.contract import listed, put_spread, working
from tests.brokers.schwab.desks import SchwabDesk, opened
from tests.brokers.servers.faults import Lapse
from tests.builders.paper import PUT, buy, sell

ORDER = {
    "orderId": 7,
    "quantity": 2.0,
    "status": "WORKING",
    "orderType": "LIMIT",
    "price": 4.0,
    "enteredTime": "2026-06-10T14:00:00+0000",
    "orderLegCollection": [{"legId": 1, "instruction": "BUY_TO_OPEN", "quantity": 2.0, "instrument": {"symbol": PUT}}],
}


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[SchwabDesk]:
    desk = await opened()
    yield desk
    await desk.close()


async def test_a_token_is_fetched_once_and_again_before_it_ends(desk: SchwabDesk) -> None:
    await listed(desk)
    asked = desk.server.grants.asked

    desk.server.clock.forward(seconds=1790)
    await listed(desk)

    assert (asked, desk.server.grants.asked) == (1, 2)


async def test_a_token_that_ends_in_mid_order_is_renewed_and_the_order_goes_once(desk: SchwabDesk) -> None:
    desk.server.grants.accesses.clear()

    await working(desk, "C1", buy(PUT, "4.00"))

    assert len(desk.exchange.orders) == 1


async def test_leave_that_ended_takes_the_session_down_and_nothing_is_sent(desk: SchwabDesk) -> None:
    desk.server.clock.forward(days=8)

    with pytest.raises(SignInEndedError):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    assert desk.exchange.orders == {}


async def test_without_leave_there_is_no_session(desk: SchwabDesk) -> None:
    desk.secrets.values.pop("refresh_token")

    with pytest.raises(SignInEndedError):
        await desk.restart()


async def test_a_place_that_is_another_orders_is_not_believed(desk: SchwabDesk) -> None:
    await working(desk, "C1", buy(PUT, "3.90"))
    desk.server.lies_about = 1

    await working(desk, "C2", buy(PUT, "4.00"))

    assert [(o.cl_ord_id, o.broker_order_id) for o in await listed(desk)] == [("C1", "1"), ("C2", "2")]


async def test_of_twins_of_which_one_arrived_neither_is_guessed(desk: SchwabDesk) -> None:
    desk.faults.lapses += [Lapse.DROP, Lapse.UNREAD]
    for name in ("C1", "C2"):
        with pytest.raises(UnknownOutcomeError):
            await desk.session.submit(name, desk.account, buy(PUT, "4.00"))

    assert [(o.cl_ord_id, o.status) for o in await listed(desk)] == [("", "NEW")]


async def test_the_stream_brings_news_before_the_next_look_is_due(desk: SchwabDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    await asyncio.sleep(0.05)

    async with asyncio.timeout(0.8):
        desk.exchange.show(PUT, "3.90", "4.00")
        assert (await desk.hear(ReportKind.FILL)).cl_ord_id == "C1"


async def test_a_stream_that_was_cut_comes_back(desk: SchwabDesk) -> None:
    async with asyncio.timeout(5):
        await desk.server.streamer.had(1)
        await desk.server.streamer.drop()
        await desk.server.streamer.had(2)


async def test_a_preview_says_what_it_costs_and_sends_nothing(desk: SchwabDesk) -> None:
    preview = await desk.session.preview(desk.account, put_spread("3.05", qty=2))  # type: ignore[attr-defined]

    assert preview.commission == Decimal("2.6")
    assert desk.exchange.orders == {}


async def test_too_many_calls_are_paced_and_the_order_still_goes_once(desk: SchwabDesk) -> None:
    desk.faults.answers += [429, 429]
    desk.faults.retry_after = 0.01

    await working(desk, "C1", buy(PUT, "4.00"))

    assert len(desk.exchange.orders) == 1
    assert "orders" in desk.pacer.pushed


async def test_a_page_where_json_is_due_leaves_an_order_in_doubt(desk: SchwabDesk) -> None:
    desk.faults.answers.append("html")

    with pytest.raises(UnknownOutcomeError):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    assert await listed(desk) == ()


async def test_a_person_gives_leave_for_seven_days(desk: SchwabDesk) -> None:
    leave = await authorise(desk.plumbing()).begin("https://127.0.0.1/cb")

    ends = await authorise(desk.plumbing()).finish({"code": desk.server.grants.code(), "state": leave.state})

    assert "client_id=" in leave.url
    assert ends is not None
    assert timedelta(days=6, hours=23) < ends - desk.now() <= timedelta(days=7)
    assert desk.secrets.values["refresh_token"] in desk.server.grants.refreshes


async def test_an_answer_to_another_question_is_refused(desk: SchwabDesk) -> None:
    await authorise(desk.plumbing()).begin("https://127.0.0.1/cb")

    with pytest.raises(WrongAnswerError):
        await authorise(desk.plumbing()).finish({"code": desk.server.grants.code(), "state": "forged"})


@pytest.mark.parametrize(
    ("environment", "url"), [("PAPER", "https://api.schwabapi.com"), ("LIVE", "http://127.0.0.1:1")]
)
async def test_an_environment_and_an_address_that_disagree_send_nothing(
    desk: SchwabDesk, environment: str, url: str
) -> None:
    plumbing = replace(desk.plumbing(), environment=environment, settings={"base_url": url})

    with pytest.raises(DisagreementError):
        open_session(plumbing)


def test_a_credit_spread_is_said_in_schwabs_words() -> None:
    body = body_of(put_spread("3.05", qty=2))

    assert (body["orderType"], body["price"], body["quantity"]) == ("NET_CREDIT", "3.05", 2)
    assert [
        (row["instruction"], row["quantity"])
        for row in body["orderLegCollection"]  # type: ignore[attr-defined]
    ] == [("SELL_TO_OPEN", 2), ("BUY_TO_OPEN", 2)]


def test_a_stop_by_a_price_schwab_does_not_watch_is_refused() -> None:
    stop = replace(
        sell(PUT, "4.00"),
        ord_type=OrdType.STOP,
        limit_price=None,
        stop_price=Decimal(3),
        trigger=TriggerPrice.OPPOSITE,
    )

    with pytest.raises(InvalidInputError):
        body_of(stop)


def test_a_status_the_table_does_not_have_is_unknown_and_said() -> None:
    view = view_of(ORDER | {"status": "TRANSMOGRIFIED"}, "1")

    assert (view.standing, view.reason) == (Standing.UNKNOWN, "TRANSMOGRIFIED")


def test_a_time_without_a_zone_is_not_guessed() -> None:
    with pytest.raises(UnreadableOrderError):
        view_of(ORDER | {"enteredTime": "2026-06-10T14:00:00"}, "1")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(ORDER)), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(ORDER)), json_values, max_size=7))
def test_whatever_comes_is_read_or_said_to_be_unreadable(changes: dict[str, object]) -> None:
    with contextlib.suppress(UnreadableOrderError):
        view_of({**ORDER, **changes}, "1")


def test_a_part_of_a_share_is_no_order_of_the_desks() -> None:
    assert is_of_parts(ORDER | {"quantity": 0.35})
    assert not is_of_parts(ORDER | {"quantity": 2.0})
    assert not is_of_parts({})


async def test_an_order_for_a_part_of_a_share_does_not_keep_the_others_from_being_read(desk: SchwabDesk) -> None:
    client = answering(desk, [ORDER | {"quantity": 0.35}, ORDER])

    views = await client.orders(desk.account, desk.now())

    assert [isinstance(view, OrderView) and view.order_qty for view in views] == [2]


@pytest.mark.parametrize("body", ["[]", '"no"', '{"errors": 5}', '{"errors": [5]}', "<html>", '{"message": null}'])
def test_a_refusal_of_any_form_is_a_refusal(body: str) -> None:
    assert refusal(httpx.Response(400, content=body.encode()))[0] == "HTTP_400"


@pytest.mark.parametrize("body", [None, {}, {"securitiesAccount": None}, {"securitiesAccount": {"positions": [{}]}}])
async def test_an_account_that_cannot_be_read_is_no_answer(desk: SchwabDesk, body: object) -> None:
    client = answering(desk, body)

    with pytest.raises(UnavailableError):
        await client.positions(desk.account)
    with pytest.raises(UnavailableError):
        await client.balance(desk.account)


def answering(desk: SchwabDesk, body: object) -> SchwabClient:
    """Return the desk's client, whose every question is answered so."""

    async def ask(*args: object, **kwargs: object) -> Answer:
        return Answer(200, {}, body)

    client: SchwabClient = vars(desk.session)["_client"]
    vars(client)["_wire"].ask = ask
    return client
