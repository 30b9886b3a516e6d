"""What is E*TRADE's own: leave for a day, preview and place, the limit on calls, its words."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.clock import utc_now
from allcore.kernel.errors import InvalidInputError, UnavailableError, UnknownOutcomeError
from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.orders import OrdType, Side, TimeInForce, TriggerPrice
from allcore.kernel.reports import ReportKind
from allcore.kernel.tickets import OrderTicket
from brokers.etrade import authorise, open_session
from brokers.etrade.accounts import keys_of, positions_of
from brokers.etrade.auth import LeaveRefusedError, next_midnight
from brokers.etrade.client import PREVIEW_SECONDS, SPAN_SECONDS
from brokers.etrade.orders import Seen, UnreadableListError, body_of, orders_of
from brokers.etrade.terms import CAPABILITIES, ORDERS
from brokers.ports import Lane
from brokers.rest.addresses import DisagreementError
from brokers.rest.views import Standing
from brokers.rest.wire import SignInEndedError
from tests.brokers.contract import listed, put_spread, working
from tests.brokers.etrade.desks import EtradeDesk, HastyPacer, opened
from tests.brokers.servers.faults import Lapse
from tests.builders.paper import CALL, FRIDAY, LOW_PUT, PUT, buy, leg, sell, ticket
from trading.gateway import outbox

HIGH_CALL = OptionContract("TSLA", FRIDAY, Right.CALL, Decimal(270)).symbol
PRODUCT = {
    "symbol": "TSLA",
    "securityType": "OPTN",
    "callPut": "PUT",
    "expiryYear": 2026,
    "expiryMonth": 6,
    "expiryDay": 12,
    "strikePrice": 250.0,
}
INSTRUMENT = {
    "Product": PRODUCT,
    "orderAction": "BUY_OPEN",
    "orderedQuantity": 2,
    "filledQuantity": 1.0,
    "averageExecutionPrice": 4.0,
}
DETAIL = {
    "placedTime": 1_781_100_000_000,
    "executedTime": 1_781_100_001_000,
    "status": "OPEN",
    "priceType": "LIMIT",
    "limitPrice": 4.0,
    "Instrument": [INSTRUMENT],
}
ORDER = {"orderId": 7, "OrderDetail": [DETAIL]}


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[EtradeDesk]:
    desk = await opened()
    yield desk
    await desk.close()


def read(body: dict[str, object]) -> list[Seen]:
    """Return the orders of a page on which each can be read."""
    orders, _ = orders_of(body, "1")
    seen = [order for order in orders if isinstance(order, Seen)]
    assert len(seen) == len(orders)
    return seen


def listing(**changes: object) -> dict[str, object]:
    """Return a list of one order, with other details."""
    return {"OrdersResponse": {"Order": [ORDER | {"OrderDetail": [DETAIL | changes]}]}}


def iron_condor(limit: str) -> OrderTicket:
    return ticket(
        leg(LOW_PUT, Side.BUY), leg(PUT, Side.SELL), leg(CALL, Side.SELL), leg(HIGH_CALL, Side.BUY), limit=limit
    )


@pytest.mark.parametrize(("idle", "renewals"), [(timedelta(minutes=119), 0), (timedelta(hours=2), 1)])
async def test_a_token_that_sleeps_is_woken_and_the_order_goes_once(
    desk: EtradeDesk, idle: timedelta, renewals: int
) -> None:
    next(iter(desk.server.provider.accesses.values())).used_at -= idle

    await working(desk, "C1", buy(PUT, "4.00"))

    assert desk.server.provider.renewed == renewals
    assert len(desk.exchange.orders) == 1


async def test_many_turned_away_together_are_woken_once(desk: EtradeDesk) -> None:
    next(iter(desk.server.provider.accesses.values())).used_at -= timedelta(hours=2)

    await asyncio.gather(*(desk.session.submit(f"C{n}", desk.account, buy(PUT, "1.00")) for n in range(20)))

    assert desk.server.provider.renewed == 1
    assert len(desk.exchange.orders) == 20


async def test_a_token_ends_at_new_yorks_midnight_and_nothing_is_sent(desk: EtradeDesk) -> None:
    desk.server.clock.forward(seconds=(next_midnight(utc_now()) - utc_now()).total_seconds())

    with pytest.raises(SignInEndedError):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    assert desk.exchange.orders == {}


async def test_a_token_holds_until_midnight(desk: EtradeDesk) -> None:
    desk.server.clock.forward(seconds=(next_midnight(utc_now()) - utc_now()).total_seconds() - 20)

    await working(desk, "C1", buy(PUT, "4.00"))

    assert len(desk.exchange.orders) == 1


async def test_what_is_revoked_in_the_vault_signs_nothing_more(desk: EtradeDesk) -> None:
    desk.secrets.values.clear()
    desk.server.clock.forward(seconds=30)

    with pytest.raises(SignInEndedError):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    assert desk.exchange.orders == {}


async def test_an_order_whose_token_ends_between_preview_and_place_was_never_booked(desk: EtradeDesk) -> None:
    desk.server.at_place.append(401)
    desk.server.provider.refuses_renewal = True

    with pytest.raises(SignInEndedError):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    assert desk.exchange.orders == {}


async def test_without_leave_there_is_no_session(desk: EtradeDesk) -> None:
    desk.secrets.values.pop("access_token")

    with pytest.raises(SignInEndedError):
        await desk.restart()


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-06-11T03:59:59+00:00", "2026-06-11T04:00:00+00:00"),
        ("2026-06-11T04:00:00+00:00", "2026-06-12T04:00:00+00:00"),
        ("2026-11-01T05:30:00+00:00", "2026-11-02T05:00:00+00:00"),  # the clocks go back that night
    ],
)
def test_leave_ends_with_new_yorks_day(now: str, end: str) -> None:
    assert next_midnight(datetime.fromisoformat(now)) == datetime.fromisoformat(end)


async def test_a_person_gives_leave_by_a_code(desk: EtradeDesk) -> None:
    leave = await authorise(desk.plumbing()).begin("https://127.0.0.1/cb")
    code = await code_shown_at(leave.url)

    ends = await authorise(desk.plumbing()).finish({"code": f" {code.lower()} "})

    assert (leave.needs_code, ends) == (True, next_midnight(desk.now()))
    assert desk.secrets.expires_at == ends
    assert set("/+=") <= set(desk.secrets.values["access_token"])
    await desk.restart()
    await working(desk, "C1", buy(PUT, "4.00"))


async def test_a_wrong_code_is_refused_and_the_old_leave_stays(desk: EtradeDesk) -> None:
    before = desk.secrets.values["access_token"]
    leave = await authorise(desk.plumbing()).begin("https://127.0.0.1/cb")
    await code_shown_at(leave.url)

    with pytest.raises(LeaveRefusedError):
        await authorise(desk.plumbing()).finish({"code": "WRONG"})

    assert desk.secrets.values["access_token"] == before


async def code_shown_at(url: str) -> str:
    async with httpx.AsyncClient() as person:
        page = await person.get(url)
    return page.text.partition("value='")[2].partition("'")[0]


@pytest.mark.parametrize("minutes", [10, -10])
async def test_a_clock_that_is_off_is_set_by_the_brokers(desk: EtradeDesk, minutes: int) -> None:
    desk.clock = utc_now
    await desk.restart()
    desk.server.clock.forward(minutes=minutes)
    next(iter(desk.server.provider.accesses.values())).made_at = desk.server.clock()

    await working(desk, "C1", buy(PUT, "4.00"))

    assert len(desk.exchange.orders) == 1


async def test_a_preview_that_timed_out_is_a_refusal_and_leaves_no_doubt(desk: EtradeDesk) -> None:
    desk.server.placing.preview_lasts = timedelta(0)

    await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    report = await desk.hear(ReportKind.REJECT)
    assert (report.reason, "timed out" in report.text) == ("101", True)
    assert await listed(desk) == ()
    assert desk.keys.rows["C1"].details["refused"] == "101"


async def test_a_preview_without_a_readable_answer_ordered_nothing(desk: EtradeDesk) -> None:
    desk.server.at_preview.append("html")

    with pytest.raises(UnavailableError):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    assert desk.exchange.orders == {}
    assert "refused" in desk.keys.rows["C1"].details


async def test_a_preview_that_lasts_too_long_is_given_up_before_anything_is_ordered(
    desk: EtradeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brokers.etrade.client.PREVIEW_SECONDS", 0.0)

    with pytest.raises(UnavailableError, match="nothing was ordered"):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    assert desk.exchange.orders == {}
    assert "refused" in desk.keys.rows["C1"].details


async def test_preview_and_place_have_one_span_below_the_senders() -> None:
    assert PREVIEW_SECONDS < SPAN_SECONDS < outbox.SEND_TIMEOUT


@pytest.mark.parametrize("answer", ["html", 500, 503])
async def test_a_placing_without_a_readable_answer_is_in_doubt(desk: EtradeDesk, answer: int | str) -> None:
    desk.server.at_place.append(answer)

    with pytest.raises(UnknownOutcomeError):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    assert await listed(desk) == ()
    assert "refused" not in desk.keys.rows["C1"].details


async def test_a_refused_duplicate_does_not_say_that_nothing_was_booked(desk: EtradeDesk) -> None:
    desk.server.sends_twice = 1

    with pytest.raises(UnknownOutcomeError):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    assert (await desk.hear(ReportKind.ACK)).cl_ord_id == "C1"
    assert len(desk.exchange.orders) == 1


async def test_a_lost_answer_is_found_again_by_the_orders_terms(desk: EtradeDesk) -> None:
    await desk.show(CALL, "3.00", "3.10")
    await desk.show(HIGH_CALL, "1.00", "1.05")
    desk.faults.lapses.append(Lapse.SILENT)

    with pytest.raises(UnknownOutcomeError):
        await desk.session.submit("C1", desk.account, iron_condor("1.00"))

    assert (await desk.hear(ReportKind.ACK)).cl_ord_id == "C1"
    assert len(desk.exchange.orders) == 1


async def test_too_many_calls_are_paced_and_the_order_goes_once(desk: EtradeDesk) -> None:
    desk.server.at_place += ["limit", "limit"]

    await working(desk, "C1", buy(PUT, "4.00"))

    assert len(desk.exchange.orders) == 1
    assert desk.pacer.pushed == ["orders", "orders"]


async def test_looks_never_take_the_call_that_is_kept_for_an_order(desk: EtradeDesk) -> None:
    await working(desk, "C1", buy(PUT, "1.00"))
    desk.pacer.taken.clear()

    await listed(desk)

    assert "orders" in {name for name, _ in desk.pacer.taken}
    assert {lane for _, lane in desk.pacer.taken} == {Lane.DATA}
    assert ORDERS.reserved > 0


async def test_in_a_storm_of_calls_every_order_is_placed_once_or_plainly_not(desk: EtradeDesk) -> None:
    ids = [f"C{n}" for n in range(100)]
    desk.pacer = HastyPacer()
    await desk.restart()
    desk.server.calls_a_second = 30  # fewer than the pacer lets go

    sending = [desk.session.submit(name, desk.account, buy(PUT, "1.00")) for name in ids]
    ends = dict(zip(ids, await asyncio.gather(*sending, return_exceptions=True), strict=True))

    desk.server.calls_a_second = 0
    late = [name for name, end in ends.items() if isinstance(end, UnavailableError)]  # on a slow machine
    heard = [await desk.hear() for end in ends.values() if end is None]
    taken = sorted(report.cl_ord_id for report in heard if report.kind is ReportKind.ACK)
    refused = sorted(report.cl_ord_id for report in heard if report.kind is ReportKind.REJECT)
    assert sorted([*taken, *refused, *late]) == sorted(ids)
    assert {report.reason for report in heard if report.kind is ReportKind.REJECT} == {"RATE_LIMITED"}
    assert taken == sorted(order.cl_ord_id for order in await listed(desk))
    assert len(taken) == len(desk.exchange.orders) > 0
    assert desk.pacer.pushed
    await desk.quiet()


async def test_a_list_of_many_pages_is_read_to_its_end(desk: EtradeDesk) -> None:
    desk.server.page_size = 2
    for n in range(5):
        await working(desk, f"C{n}", buy(PUT, "1.00"))

    assert sorted(order.cl_ord_id for order in await listed(desk)) == [f"C{n}" for n in range(5)]


async def test_positions_of_many_pages_are_read_to_their_end(desk: EtradeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokers.etrade.client.POSITIONS_A_PAGE", "1")
    await working(desk, "C1", put_spread("3.05"))
    await desk.hear(ReportKind.FILL)

    status = await desk.session.mass_status(desk.now() - timedelta(days=1))

    assert sorted((p.symbol, p.qty) for p in status.positions) == [(LOW_PUT, 1), (PUT, -1)]


async def test_a_preview_says_what_it_costs_and_sends_nothing(desk: EtradeDesk) -> None:
    preview = await desk.session.preview(desk.account, put_spread("3.05", qty=2))  # type: ignore[attr-defined]

    assert preview.commission == Decimal("2.6")
    assert desk.exchange.orders == {}


@pytest.mark.parametrize("name", ["C" * 21, "C-1", "", "Ç1"])
async def test_an_id_that_the_broker_cannot_hold_is_refused(desk: EtradeDesk, name: str) -> None:
    await desk.session.submit(name, desk.account, buy(PUT, "4.00"))

    assert (await desk.hear(ReportKind.REJECT)).reason == "CLIENT_ORDER_ID"
    assert desk.exchange.orders == {}


async def test_an_id_of_twenty_is_taken(desk: EtradeDesk) -> None:
    await working(desk, "C" * 20, buy(PUT, "4.00"))


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ("PAPER", "https://api.etrade.com"),
        ("LIVE", "https://apisb.etrade.com"),
        ("LIVE", "http://127.0.0.1:1"),
        ("PAPER", "http://apisb.etrade.com"),
    ],
)
async def test_an_environment_and_an_address_that_disagree_send_nothing(
    desk: EtradeDesk, environment: str, url: str
) -> None:
    plumbing = replace(desk.plumbing(), environment=environment, settings={"base_url": url})

    with pytest.raises(DisagreementError):
        open_session(plumbing)


def test_a_credit_spread_is_said_in_etrades_words() -> None:
    body = body_of(put_spread("3.05", qty=2), "C1")

    order = body["Order"][0]  # type: ignore[index]
    assert (body["orderType"], body["clientOrderId"]) == ("SPREADS", "C1")
    assert (order["priceType"], order["limitPrice"]) == ("NET_CREDIT", Decimal("3.05"))
    assert [(row["orderAction"], row["quantity"]) for row in order["Instrument"]] == [("SELL_OPEN", 2), ("BUY_OPEN", 2)]
    assert order["Instrument"][0]["Product"] == PRODUCT | {"strikePrice": Decimal(250)}


def option(right: Right, strike: int) -> str:
    return OptionContract("TSLA", FRIDAY, right, Decimal(strike)).symbol


C, P = Right.CALL, Right.PUT


@pytest.mark.parametrize(
    ("legs", "kind"),
    [
        ([(P, 240, Side.BUY, 1), (P, 250, Side.SELL, 1), (C, 260, Side.SELL, 1), (C, 270, Side.BUY, 1)], "IRON_CONDOR"),
        (
            [(P, 240, Side.BUY, 1), (P, 250, Side.SELL, 1), (C, 250, Side.SELL, 1), (C, 260, Side.BUY, 1)],
            "IRON_BUTTERFLY",
        ),
        ([(C, 240, Side.SELL, 1), (C, 250, Side.BUY, 1), (C, 260, Side.BUY, 1), (C, 270, Side.SELL, 1)], "CONDOR"),
        ([(C, 240, Side.BUY, 1), (C, 250, Side.SELL, 2), (C, 260, Side.BUY, 1)], "BUTTERFLY"),
        ([(C, 240, Side.BUY, 1), (C, 250, Side.SELL, 2)], "SPREADS"),
        ([(C, 240, Side.BUY, 1), (P, 240, Side.BUY, 1)], "SPREADS"),
    ],
)
def test_legs_are_given_the_name_that_the_broker_has_for_them(
    legs: list[tuple[Right, int, Side, int]], kind: str
) -> None:
    order = ticket(
        *(leg(option(right, strike), side, ratio=ratio) for right, strike, side, ratio in legs), limit="1.00"
    )

    assert body_of(order, "C1")["orderType"] == kind


@pytest.mark.parametrize(
    "legs",
    [
        [(C, 240, Side.BUY, 1), (C, 250, Side.SELL, 1), (C, 260, Side.BUY, 1)],
        [(C, 240, Side.BUY, 1), (C, 250, Side.BUY, 2), (C, 260, Side.BUY, 1)],
        [(P, 240, Side.BUY, 1), (P, 250, Side.SELL, 1), (P, 260, Side.SELL, 1), (C, 270, Side.BUY, 1)],
        [(P, 240, Side.BUY, 1), (P, 250, Side.BUY, 1), (C, 260, Side.SELL, 1), (C, 270, Side.SELL, 1)],
    ],
)
def test_legs_that_the_broker_has_no_name_for_are_refused(legs: list[tuple[Right, int, Side, int]]) -> None:
    order = ticket(
        *(leg(option(right, strike), side, ratio=ratio) for right, strike, side, ratio in legs), limit="1.00"
    )

    with pytest.raises(InvalidInputError):
        body_of(order, "C1")


@pytest.mark.parametrize(
    "changes",
    [
        {"ord_type": OrdType.STOP, "limit_price": None, "stop_price": Decimal(3), "trigger": TriggerPrice.OPPOSITE},
        {"ord_type": OrdType.MARKET, "limit_price": None, "time_in_force": TimeInForce.IOC},
    ],
)
def test_what_the_broker_has_no_words_for_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        body_of(replace(sell(PUT, "4.00"), **changes), "C1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "filled", "standing"),
    [
        ("OPEN", 0, Standing.WORKING),
        ("INDIVIDUAL_FILLS", 1, Standing.WORKING),
        ("EXECUTED", 1, Standing.WORKING),
        ("EXECUTED", 2, Standing.FILLED),
        ("CANCEL_REQUESTED", 1, Standing.CANCELING),
        ("CANCELLED", 1, Standing.CANCELED),
        ("TRANSMOGRIFIED", 0, Standing.UNKNOWN),
    ],
)
def test_a_status_is_believed_as_far_as_the_quantities_bear_it_out(
    status: str, filled: int, standing: Standing
) -> None:
    body = listing(status=status, Instrument=[INSTRUMENT | {"filledQuantity": filled}])

    (seen,) = read(body)

    assert seen.view.standing is standing
    assert seen.view.reason == ("TRANSMOGRIFIED" if standing is Standing.UNKNOWN else "")


def test_an_osi_key_names_the_option_more_exactly_than_its_parts() -> None:
    keyed = INSTRUMENT | {"osiKey": "TSLA1-260612P00250500"}

    (seen,) = read(listing(Instrument=[keyed]))

    assert [one.symbol for one in seen.view.legs] == ["TSLA1 260612P00250500"]


def test_no_content_is_no_orders_and_times_are_in_milliseconds() -> None:
    (seen,) = read(listing())

    assert orders_of(None, "1") == ([], "")
    assert orders_of(listing(), "1") == ([seen], "")
    assert seen.view.entered_at == datetime(2026, 6, 10, 14, 0, tzinfo=UTC)


def test_a_list_of_one_may_come_as_the_one_alone() -> None:
    rows = read({"OrdersResponse": {"Order": [ORDER]}})
    alone = {
        **ORDER,
        "OrderDetail": {**DETAIL, "Instrument": INSTRUMENT, "messages": {"Message": {"description": "x"}}},
    }

    seen = read({"OrdersResponse": {"Order": alone}})

    assert [one.view.legs for one in seen] == [one.view.legs for one in rows]
    assert seen[0].view.text == "x"


def test_an_account_or_a_position_may_come_alone() -> None:
    account = {"accountId": "1", "accountIdKey": "k", "accountStatus": "ACTIVE"}
    row = {"Product": PRODUCT, "quantity": "-2", "positionType": "SHORT", "pricePaid": "1.5"}

    keys = keys_of({"AccountListResponse": {"Accounts": {"Account": account}}})
    found, following = positions_of({"PortfolioResponse": {"AccountPortfolio": {"Position": row}}}, "1")

    assert keys == {"1": "k"}
    assert ([(one.qty, one.avg_px) for one in found], following) == ([(-2, Decimal("1.5"))], 0)


def test_a_part_of_a_share_is_left_out_of_a_position() -> None:
    row = {
        "Product": {"symbol": "KO", "securityType": "EQ"},
        "quantity": "10.35",
        "positionType": "LONG",
        "pricePaid": 60,
    }

    found, _ = positions_of({"PortfolioResponse": {"AccountPortfolio": [{"Position": [row]}]}}, "1")

    assert [one.qty for one in found] == [10]


def test_the_capabilities_leave_orders_room_beside_the_looks() -> None:
    orders = next(bucket for bucket in CAPABILITIES.buckets if bucket.name == "orders")

    assert orders.rate <= 2
    assert orders.reserved == 1


NAMES = sorted({"orderId", "OrderDetail", *DETAIL, *INSTRUMENT, *PRODUCT, "messages", "Message", "productId", "osiKey"})
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=8,
)
part = st.dictionaries(st.sampled_from(NAMES), json_values, max_size=4)


@given(part, part, part, part)
def test_whatever_comes_is_read_or_said_to_be_unreadable(
    order: dict[str, object], detail: dict[str, object], instrument: dict[str, object], product: dict[str, object]
) -> None:
    one = {**INSTRUMENT, "Product": {**PRODUCT, **product}, **instrument}
    row = {**ORDER, "OrderDetail": [{**DETAIL, "Instrument": [one], **detail}], **order}

    with contextlib.suppress(UnreadableListError):
        orders_of({"OrdersResponse": {"Order": [row]}}, "1")


@given(json_values)
def test_a_page_of_anything_is_read_or_said_to_be_unreadable(page: object) -> None:
    with contextlib.suppress(UnreadableListError):
        orders_of({"OrdersResponse": page}, "1")
