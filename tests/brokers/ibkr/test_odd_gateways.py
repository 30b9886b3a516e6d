"""Gateways that are not ours: what another server of the protocol may do at the door, in its frames and its fields."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import pytest_asyncio

from allcore.kernel.errors import UnavailableError
from allcore.kernel.reports import ReportKind
from brokers.ibkr.errors import ContradictionError
from brokers.ibkr.times import read_time
from tests.brokers.contract import LOOK_BACK, listed, put_spread, working
from tests.brokers.ibkr.desks import IbkrDesk, opened
from tests.brokers.ibkr.test_handshake import ACCOUNTS, NUMBER, gateway_that_says
from tests.brokers.ibkr.test_words import alerts, hear_of, status, trade, writer
from tests.brokers.servers.tws.wire import frame
from tests.builders.paper import LOW_PUT, PUT, buy

UNSET = "1.7976931348623157E308"
EMPTY = bytes(4)  # a frame of no bytes
ODD = (EMPTY, frame(""), frame("x", 1), frame(9999, 1), frame(15), frame(9, 1, "x"))


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[IbkrDesk]:
    desk = await opened()
    yield desk
    await desk.close()


@pytest.mark.parametrize("told", ["DU1, ,DU2", ",DU1,,DU2,", " DU1,DU2, ", "DU1,DU2,DU1"])
async def test_blanks_and_repeats_among_the_accounts_are_none(told: str) -> None:
    async with gateway_that_says(frame(15, 1, told), NUMBER) as gateway:
        assert await gateway.connect() == ("DU1", "DU2")


@pytest.mark.parametrize("number", [0, -1])
async def test_a_next_number_that_is_none_lets_the_desk_in(number: int) -> None:
    async with gateway_that_says(ACCOUNTS, frame(9, 1, number)) as gateway:
        await gateway.connect()

        assert gateway.ears.next_order_id == 0


async def test_a_next_number_that_is_told_again_lower_is_not_taken_back() -> None:
    async with gateway_that_says(ACCOUNTS, frame(9, 1, 50), frame(9, 1, 5), pause=0.05) as gateway:
        await gateway.connect()
        await asyncio.sleep(0.1)

        assert gateway.ears.next_order_id == 50


@pytest.mark.parametrize("odd", ODD)
async def test_an_odd_frame_at_the_door_keeps_nobody_out(odd: bytes) -> None:
    async with gateway_that_says(odd + ACCOUNTS + NUMBER) as gateway:
        assert await gateway.connect() == ("DU1",)


@pytest.mark.parametrize("odd", ODD)
async def test_an_odd_frame_does_not_keep_back_what_came_with_it(desk: IbkrDesk, odd: bytes) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))

    hear_of(desk, odd + b"".join(trade(desk)))

    assert (await desk.hear(ReportKind.FILL)).fills[0].px == Decimal("4.10")


async def test_several_frames_and_a_half_in_one_read_are_each_read_once(desk: IbkrDesk) -> None:
    first, second = trade(desk, id="a.01"), trade(desk, id="b.01")
    whole = b"".join((*first, *second))

    hear_of(desk, whole[:-7])
    await asyncio.sleep(0.02)  # it is read; an answer now would come into its middle
    hear_of(desk, whole[-7:])

    heard = [await desk.hear(ReportKind.FILL) for _ in range(2)]
    assert sorted(r.fills[0].exec_id for r in heard) == ["a.01", "b.01"]


async def test_an_execution_without_a_name_is_not_booked(desk: IbkrDesk) -> None:
    hear_of(desk, *trade(desk, id=""))
    await desk.settle()

    assert "execDetails could not be read" in await alerts(desk)
    await desk.quiet()


async def test_a_cost_in_another_currency_is_not_taken_for_dollars(desk: IbkrDesk) -> None:
    execution, _ = trade(desk)

    hear_of(desk, execution, frame(59, 1, "0000e0d5.6553c3b9.01.01", "0.65", "EUR", UNSET, UNSET, ""))

    assert (await desk.hear(ReportKind.FILL)).fills[0].fee == 0
    assert "0.65 EUR" in await alerts(desk)


async def test_a_cost_that_is_empty_is_not_nought(desk: IbkrDesk) -> None:
    execution, commission = trade(desk)

    hear_of(desk, execution, frame(59, 1, "0000e0d5.6553c3b9.01.01", "", "", "", "", ""))
    await desk.settle()
    hear_of(desk, commission)

    assert (await desk.hear(ReportKind.FILL)).fills[0].fee == Decimal("0.65")


@pytest.mark.parametrize("quantity", [UNSET, "nan", ""])
async def test_a_position_that_is_no_number_is_no_answer(desk: IbkrDesk, quantity: str) -> None:
    asked = desk.server.heard[61]
    desk.server.deaf_to[61] += 1
    asking = asyncio.create_task(desk.session.mass_status(desk.now() - LOOK_BACK))
    while desk.server.heard[61] == asked:  # noqa: ASYNC110 the server's own task hears it
        await asyncio.sleep(0.001)

    held = [1, "TSLA", "STK", "", 0, "", "", "", "USD", "TSLA", "NMS"]
    hear_of(desk, frame(61, 3, "DU1", *held, quantity, 250), frame(62, 1))

    with pytest.raises(UnavailableError, match="could not be read"):
        await asking


async def test_after_a_number_used_before_the_next_order_has_one_that_is_free(desk: IbkrDesk) -> None:
    desk.server.highest[7] = 40
    await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))
    assert (await desk.hear(ReportKind.REJECT)).reason == "DUPLICATE_ID"
    await desk.settle()

    await working(desk, "C2", buy(PUT, "4.00"))

    assert desk.keys.rows["C2"].chain[0] == "7:41"


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("20261123 09:30:00 America/New_York", 14),
        ("20261123 09:30:00 US/Eastern", 14),
        ("20261123  09:30:00 EST", 14),
        ("20260623 09:30:00 EDT", 13),
        ("20260623 08:30:00 CDT", 13),
        ("20260623 06:30:00 PDT", 13),
        ("20261123 06:30:00 PST", 14),
        ("20261123 09:30:00.5 US/Eastern", 14),
        ("20261123-14:30:00", 14),
        ("20261123-14:30:00.250", 14),
        ("20261123 14:30:00 GMT", 14),
    ],
)
def test_a_time_is_read_in_each_form_that_has_a_zone(text: str, hour: int) -> None:
    assert (read_time(text).hour, read_time(text).minute) == (hour, 30)


@pytest.mark.parametrize("text", ["20261123  09:30:00", "20261123 09:30:00", "09:30:00", "", "20261123 09:30:00 Mars"])
def test_a_time_whose_zone_is_not_known_is_refused(text: str) -> None:
    with pytest.raises(ContradictionError):
        read_time(text)


def test_epoch_seconds_are_a_time() -> None:
    assert read_time("1795444200") == datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


async def test_an_execution_before_any_word_of_its_order_acknowledges_it(desk: IbkrDesk) -> None:
    desk.faults.mute = True
    await desk.session.submit("C1", desk.account, buy(PUT, "4.20"))
    await desk.settle()
    order, say = desk.exchange.orders[1], writer(desk)

    hear_of(desk, *say.executions(order, desk.exchange.executions), say.commission(order, desk.exchange.executions[0]))

    assert [(await desk.hear()).kind for _ in range(2)] == [ReportKind.ACK, ReportKind.FILL]


@pytest.mark.parametrize("qty", [1, 3])
async def test_a_fill_of_a_combo_leg_by_leg_and_out_of_order_is_told_in_whole_units(desk: IbkrDesk, qty: int) -> None:
    desk.faults.mute = True
    await desk.session.submit("C1", desk.account, put_spread("3.05", qty=qty))
    await desk.settle()
    order, say = desk.exchange.orders[1], writer(desk)
    summary, *legs = say.executions(order, desk.exchange.executions)

    hear_of(desk, *(say.commission(order, e) for e in desk.exchange.executions), *legs[::-1], summary)

    await desk.hear(ReportKind.ACK)
    fill = await desk.hear(ReportKind.FILL)
    assert (fill.combo_qty, {(f.leg, f.symbol) for f in fill.fills}) == (qty, {(0, PUT), (1, LOW_PUT)})


async def test_a_filled_status_with_something_left_takes_nothing_from_what_trades_later(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00", qty=2))

    hear_of(desk, status("Filled", filled=1), status("Filled", filled=1))
    await desk.settle()
    await desk.show(PUT, "3.90", "4.00")

    assert (await desk.hear(ReportKind.FILL)).combo_qty == 2
    await desk.quiet()


@pytest.mark.parametrize("code", [354, 10197])
async def test_a_code_about_data_that_names_an_order_leaves_it_at_work(desk: IbkrDesk, code: int) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))

    desk.server.say(1, code)
    await desk.settle()
    await asyncio.sleep(0.3)  # longer than an end waits for its reason

    await desk.quiet()
    assert [(o.cl_ord_id, o.status) for o in await listed(desk)] == [("C1", "NEW")]


async def test_executions_of_one_order_from_elsewhere_for_several_accounts_are_an_order_of_each() -> None:
    desk = await opened(accounts=["DU1", "DU2"])
    desk.server.exchange.accounts["DU2"] = type(desk.server.exchange.accounts["DU1"])("DU2", Decimal(5000))
    await desk.restart()
    for name, account in (("a.01", b"\0DU1\0"), ("b.01", b"\0DU2\0")):
        execution, commission = trade(desk, id=name)
        hear_of(desk, execution.replace(b"\0DU1\0", account), commission)

    heard = [await desk.hear(ReportKind.FILL) for _ in range(2)]

    assert {(r.account, r.broker_order_id) for r in heard} == {("DU1", "888:DU1"), ("DU2", "888:DU2")}
    await desk.close()


async def test_a_share_of_an_order_of_several_accounts_is_listed_with_what_it_traded() -> None:
    desk = await opened(accounts=["DU1", "DU2"])
    desk.server.exchange.accounts["DU2"] = type(desk.server.exchange.accounts["DU1"])("DU2", Decimal(5000))
    await desk.restart()
    await working(desk, "C1", buy(PUT, "4.20"))
    await desk.hear(ReportKind.FILL)
    made = desk.exchange.executions[0]
    desk.exchange.orders[1].ref = ""
    desk.exchange.executions[0] = replace(made, key="other")
    desk.keys.rows.clear()
    line = next(iter(desk.server.lines.values()))
    whole = line.say.completed_order
    line.say.completed_order = lambda order: whole(replace(order, account=""))  # type: ignore[method-assign]
    desk.session._tracks._by_perm.clear()
    desk.session._tracks._by_key.clear()

    orders = await listed(desk)

    assert [(o.account, o.broker_order_id, o.cum_qty) for o in orders] == [("DU1", "1000000001:DU1", 1)]
    await desk.close()


@pytest.mark.parametrize("change", [{"price": "4.20"}, {"shares": "2"}, {"side": "SLD"}])
async def test_an_execution_that_is_told_again_as_something_else_is_told_once_more_and_not_booked(
    desk: IbkrDesk, change: dict[str, str]
) -> None:
    hear_of(desk, *trade(desk))
    first = await desk.hear(ReportKind.FILL)

    for _ in range(3):
        hear_of(desk, *trade(desk, **change), *trade(desk))

    second = await desk.hear(ReportKind.FILL)  # which settling sets aside: the name is the same, the content is not
    assert second.fills[0].exec_id == first.fills[0].exec_id
    assert second.fills[0] != first.fills[0]
    await desk.quiet()


async def test_executions_of_an_account_that_is_not_the_desk_s_are_not_told() -> None:
    desk = await opened(accounts=["DU1"])
    desk.server.exchange.accounts["DU2"] = type(desk.server.exchange.accounts["DU1"])("DU2", Decimal(5000))
    await desk.restart()
    execution, commission = trade(desk)

    hear_of(desk, execution.replace(b"\0DU1\0", b"\0DU2\0"), commission)
    await desk.settle()

    await desk.quiet()
    await desk.close()


@pytest.mark.parametrize("state", ["PendingCancel", "Cancelled", "ApiCancelled"])
async def test_a_cancel_that_is_refused_because_one_is_under_way_is_answered_by_its_end(
    desk: IbkrDesk, state: str
) -> None:
    desk.exchange.cancels_wait = True
    await working(desk, "C1", buy(PUT, "4.00"))
    await desk.session.cancel(desk.account, "C2", "C1")
    await desk.settle()

    hear_of(
        desk, frame(4, 2, 1, 10148, f"OrderId 1 that needs to be cancelled cannot be cancelled, state: {state}.", "")
    )
    await desk.settle()
    desk.exchange.finish_cancels()

    assert (await desk.hear(ReportKind.CANCEL_ACK)).cl_ord_id == "C2"
    await desk.quiet()


@pytest.mark.parametrize(
    ("at", "is_told"),
    [
        (datetime(2026, 11, 24, 5, 14, tzinfo=UTC), True),
        (datetime(2026, 11, 24, 5, 15, tzinfo=UTC), False),  # 00:15 in New York: the daily reset
        (datetime(2026, 11, 24, 6, 45, tzinfo=UTC), True),
    ],
)
async def test_a_line_to_the_broker_that_is_lost_outside_its_hours_of_reset_alerts(
    desk: IbkrDesk, at: datetime, is_told: bool
) -> None:
    desk.server.clock.ahead += at - desk.now()

    for _ in range(3):
        desk.server.broadcast(1100, "Connectivity between IBKR and Trader Workstation has been lost.")
    await desk.settle()

    assert ("no line to the broker (1100)" in await alerts(desk)) is is_told
