"""What the gateway does beside the contract: its codes, its times, its reconnections, its broken messages."""

import asyncio
import struct
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allcore.kernel.errors import DeskError, RefusedError, UnavailableError
from allcore.kernel.orders import OrdType, TimeInForce
from allcore.kernel.reports import ReportKind
from brokers.ibkr.errors import GatewayRefusedError
from brokers.ibkr.settings import EnvironmentMismatchError, IbkrSettings
from brokers.ports import Lane, OrderKey
from tests.brokers.contract import LOOK_BACK, listed, new_terms, put_spread, working
from tests.brokers.ibkr.desks import IbkrDesk, opened
from tests.brokers.servers.contract import of_type
from tests.brokers.servers.exchange import Event, Kind
from tests.brokers.servers.faults import Lapse
from tests.brokers.servers.tws.wire import frame
from tests.builders.paper import PUT, buy

MISREAD = (103, 105, 110, 161, 201, 202, 321, 329, 399, 404, 434, 2109, 2137, 10147, 10148, 10311, 10349)
UNLISTED = 12345


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[IbkrDesk]:
    desk = await opened()
    yield desk
    await desk.close()


@pytest.mark.parametrize("code", MISREAD)
async def test_a_code_about_a_live_order_leaves_it_live(desk: IbkrDesk, code: int) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))

    desk.server.say(1, code)
    await desk.settle()
    await asyncio.sleep(0.3)  # longer than an end waits for its reason
    await desk.settle()

    await desk.quiet()
    assert [(o.cl_ord_id, o.status) for o in await listed(desk)] == [("C1", "NEW")]
    await desk.show(PUT, "3.90", "4.00")
    assert (await desk.hear(ReportKind.FILL)).cl_ord_id == "C1"


async def test_a_code_that_no_table_has_alerts_and_asks(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    asked = desk.server.heard[16]

    desk.server.say(1, UNLISTED)
    await desk.settle()

    alerts = (await desk.session.health()).details["alerts"]
    assert str(UNLISTED) in str(alerts)
    assert desk.server.heard[16] == asked + 1
    await desk.quiet()


@pytest.mark.parametrize("code", ["110", "201", "387", "10289"])
async def test_a_new_order_that_is_refused_is_rejected_whatever_the_code(desk: IbkrDesk, code: str) -> None:
    desk.faults.rejects.append((code, "No."))

    await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    report = await desk.hear(ReportKind.REJECT)
    assert code in report.text
    assert desk.exchange.orders == {}


@pytest.mark.parametrize("code", ["105", "110", "201", "321", "329"])
async def test_a_change_that_is_refused_leaves_the_order(desk: IbkrDesk, code: str) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    desk.faults.rejects.append((code, "No."))

    await desk.session.replace(desk.account, new_terms("C2", "C1", quantity=1, limit="4.05"))

    assert (await desk.hear(ReportKind.REPLACE_REJECT)).cl_ord_id == "C2"
    assert [(o.cl_ord_id, o.status) for o in await listed(desk)] == [("C1", "NEW")]
    await desk.quiet()


async def test_an_order_without_an_answer_is_asked_about(desk: IbkrDesk) -> None:
    desk.faults.lapses.append(Lapse.SILENT)

    await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    assert (await desk.hear(ReportKind.ACK)).cl_ord_id == "C1"
    assert len(desk.exchange.orders) == 1


async def test_a_replacement_without_an_answer_is_found_by_its_terms(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    desk.faults.lapses.append(Lapse.DROP)
    await desk.session.replace(desk.account, new_terms("C2", "C1", quantity=1, limit="4.05"))
    await desk.settle()

    await desk.reconnect()

    assert [(o.cl_ord_id, o.status) for o in await listed(desk)] == [("C2", "NEW")]


async def test_a_replacement_that_never_arrived_leaves_the_old_name(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    desk.faults.lapses.append(Lapse.UNREAD)
    await desk.session.replace(desk.account, new_terms("C2", "C1", quantity=1, limit="4.05"))
    await desk.settle()

    await desk.reconnect()

    assert [(o.cl_ord_id, o.status) for o in await listed(desk)] == [("C1", "NEW")]


async def test_a_crash_between_send_and_answer_finds_the_order_by_its_number(desk: IbkrDesk) -> None:
    desk.faults.mute = True
    await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))
    await desk.settle()
    desk.faults.mute = False
    key = desk.keys.rows["C1"]
    assert key.chain == ("7:1",)

    await desk.restart()

    assert [(o.cl_ord_id, o.status) for o in await listed(desk)] == [("C1", "NEW")]
    assert desk.keys.rows["C1"].chain == ("7:1", "1000000001")


async def test_numbers_go_on_after_one_that_was_written_down_and_never_sent(desk: IbkrDesk) -> None:
    order = buy(PUT, "4.00")
    await desk.keys.intend(OrderKey("C1", desk.account, order.as_dict(), desk.now(), chain=("7:41",)))
    await desk.restart()

    await working(desk, "C2", order)

    assert desk.keys.rows["C2"].chain[0] == "7:42"


async def test_a_fill_waits_for_its_commission_but_not_for_ever(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    line = next(iter(desk.server.lines.values()))
    tell = line.tell
    line.tell = lambda *messages: tell(*messages[:-1])  # type: ignore[method-assign]  # the commission comes last

    await desk.show(PUT, "3.90", "4.00")

    fill = await desk.hear(ReportKind.FILL)
    assert fill.fills[0].fee == 0


async def test_a_time_without_a_zone_is_refused_and_alerts() -> None:
    desk = await opened()
    desk.server.time_style = "naive"
    await desk.restart()
    await working(desk, "C1", buy(PUT, "4.20"))
    await desk.settle()

    alerts = (await desk.session.health()).details["alerts"]

    assert "execDetails" in str(alerts)
    assert [event.kind for event in desk.heard] == [ReportKind.ACK]
    await desk.close()


@pytest.mark.parametrize("style", ["zone", "utc"])
async def test_times_are_read_whichever_way_they_are_written(style: str) -> None:
    desk = await opened()
    desk.server.time_style = style
    await desk.restart()
    await working(desk, "C1", buy(PUT, "4.20"))

    fill = await desk.hear(ReportKind.FILL)

    assert abs(fill.transact_at - desk.now()) < timedelta(minutes=5)
    await desk.close()


async def test_a_sign_in_that_nobody_waits_for_any_more_goes_no_further(desk: IbkrDesk) -> None:
    await desk.session.close()
    starting = asyncio.create_task(desk.start())
    while not (dialling := [task for task in asyncio.all_tasks() if "connectAsync" in repr(task)]):  # noqa: ASYNC110
        await asyncio.sleep(0)

    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)

    assert [task.done() for task in dialling] == [True]


async def test_a_client_id_in_use_is_said_at_once(desk: IbkrDesk) -> None:
    other = IbkrDesk(desk.server)

    with pytest.raises(GatewayRefusedError):
        await other.start()


@pytest.mark.parametrize(
    ("environment", "values"),
    [
        ("PAPER", {"port": 4001}),
        ("PAPER", {"port": 7496}),
        ("LIVE", {"port": 4002}),
        ("LIVE", {"port": 7497}),
        ("PAPER", {"port": 9999}),
        ("LIVE", {"port": 9999, "simulated": True}),
        ("PAPER", {"port": 9999, "simulated": True, "host": "10.0.0.1"}),
        ("PAPER", {"port": 4001, "simulated": True}),
    ],
)
def test_a_port_of_the_other_environment_is_refused(environment: str, values: dict[str, object]) -> None:
    with pytest.raises(EnvironmentMismatchError):
        IbkrSettings.read(values).ensure_port(environment)


async def test_an_account_of_the_other_environment_is_refused_before_anything_is_sent(desk: IbkrDesk) -> None:
    live = await opened()
    live.server.exchange.accounts["U123"] = live.server.exchange.accounts["DU1"]
    await live.session.close()
    await live._gone()
    live.server.heard.clear()

    with pytest.raises(EnvironmentMismatchError):
        await live.start()

    assert sum(live.server.heard.values()) == 0
    await live.server.port.close()


async def test_several_accounts_are_told_apart() -> None:
    desk = await opened(accounts=["DU1", "DU2"])
    desk.server.exchange.accounts["DU2"] = type(desk.server.exchange.accounts["DU1"])("DU2", Decimal(5000))
    desk.server.exchange.accounts["DU3"] = type(desk.server.exchange.accounts["DU1"])("DU3", Decimal(1))
    await desk.restart()
    await desk.session.submit("C1", "DU2", buy(PUT, "4.20"))
    assert (await desk.hear(ReportKind.ACK)).account == "DU2"
    assert (await desk.hear(ReportKind.FILL)).account == "DU2"

    status = await desk.session.mass_status(desk.now() - LOOK_BACK)

    assert {b.account for b in status.balances} == {"DU1", "DU2"}
    assert [p.account for p in status.positions] == ["DU2"]
    await desk.close()


async def test_nothing_is_sent_while_the_gateway_has_lost_its_own_line(desk: IbkrDesk) -> None:
    desk.server.broadcast(1100, "Connectivity between IB and Trader Workstation has been lost.")
    await desk.settle()
    with pytest.raises(UnavailableError):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

    desk.server.broadcast(1102, "Connectivity restored - data maintained.")
    await desk.settle()

    await working(desk, "C1", buy(PUT, "4.00"))


async def test_a_line_restored_is_asked_what_was_missed(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    desk.faults.mute = True
    desk.exchange.show(PUT, "3.90", "4.00")
    desk.faults.mute = False

    desk.server.broadcast(1101, "Connectivity restored - data lost.")

    assert (await desk.hear(ReportKind.FILL)).cl_ord_id == "C1"


async def test_a_session_is_down_when_its_gateway_restarts_and_orders_go_on(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    await desk.server.restart()
    with pytest.raises(UnavailableError):
        await desk.hear()
    assert not (await desk.session.health()).is_connected

    await desk.reconnect()

    assert [(o.cl_ord_id, o.status) for o in await listed(desk)] == [("C1", "NEW")]


async def test_a_preview_tells_margin_and_places_nothing(desk: IbkrDesk) -> None:
    told = await desk.session.preview(desk.account, buy(PUT, "4.20", qty=2))

    assert (told.commission, told.margin_change) == (Decimal("1.3"), Decimal(840))
    assert desk.exchange.orders == {}
    with pytest.raises(DeskError):
        await desk.session.preview(desk.account, buy(PUT, "4.03"))


async def test_a_credit_spread_is_bought_for_a_negative_price(desk: IbkrDesk) -> None:
    await working(desk, "C1", put_spread("3.50"))

    assert desk.exchange.orders[1].terms.limit == Decimal("-3.50")


async def test_orders_have_a_lane_of_their_own(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))

    lanes = [lane for _, lane in desk.pacer.taken]

    assert lanes.count(Lane.ORDERS) == 1


@pytest.mark.parametrize("ord_type", [OrdType.TRAILING_STOP, OrdType.LIMIT_IF_TOUCHED, OrdType.STOP_LIMIT])
async def test_orders_that_wait_for_a_price_keep_their_terms(desk: IbkrDesk, ord_type: OrdType) -> None:
    ticket = of_type(ord_type, TimeInForce.GTC)

    await working(desk, "C1", ticket)

    terms = desk.exchange.orders[1].terms
    assert terms.ord_type is ord_type
    assert (terms.stop, terms.trail_amount) == (ticket.stop_price, ticket.trail_amount)


async def test_a_percentage_trails_too(desk: IbkrDesk) -> None:
    ticket = replace(of_type(OrdType.TRAILING_STOP, TimeInForce.DAY), trail_amount=None, trail_percent=Decimal("2.5"))

    await working(desk, "C1", ticket)

    assert desk.exchange.orders[1].terms.trail_percent == Decimal("2.5")


async def test_a_corrected_leg_of_a_combo_names_its_own_execution(desk: IbkrDesk) -> None:
    await working(desk, "C1", put_spread("3.05"))
    told = await desk.hear(ReportKind.FILL)

    desk.exchange.correct(desk.exchange.executions[1].exec_id, px="1.04")

    report = await desk.hear(ReportKind.CORRECT)
    assert (report.ref_exec_id, report.fills[0].leg) == (told.fills[1].exec_id, 1)
    assert report.fills[0].px == Decimal("1.04")


async def test_unreadable_messages_about_orders_alert_and_ask(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    asked = desk.server.heard[16]

    for broken in (frame(3, 1, "Submitted"), frame(11, -1, 1, "x"), frame(5, "x"), frame(4, 2, "x", "y", "z", "")):
        next(iter(desk.server.lines.values())).send(broken)
    await desk.settle()

    assert desk.server.heard[16] > asked
    assert len((await desk.session.health()).details["alerts"]) == 4  # type: ignore[arg-type]
    await desk.quiet()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(cut=st.integers(0, 200), byte=st.integers(0, 255), at=st.integers(0, 600), kind=st.sampled_from(list(Kind)))
async def test_garbled_messages_neither_crash_nor_lose_an_order(cut: int, byte: int, at: int, kind: Kind) -> None:
    desk = await opened()
    await working(desk, "C1", buy(PUT, "4.00"))
    line = next(iter(desk.server.lines.values()))
    order = desk.exchange.orders[1]
    body = b"".join(_said(desk, Event(kind, order)))
    garbled = bytearray(body[4:])
    if at < len(garbled):
        garbled[at] = byte
    garbled = garbled[: max(1, len(garbled) - cut)]

    line.send(struct.pack(">I", len(garbled)) + bytes(garbled))
    line.send(line.say.error(-1, 2104, "ok"))
    await desk.settle()

    if not (await desk.session.health()).is_connected:
        await desk.reconnect()
    orders = await listed(desk)
    assert [(o.cl_ord_id, o.status) for o in orders] == [("C1", "NEW")]
    assert len(desk.exchange.orders) == 1
    await desk.close()


def _said(desk: IbkrDesk, event: Event) -> list[bytes]:
    line = next(iter(desk.server.lines.values()))
    order = event.order
    if event.kind in (Kind.BOOKED, Kind.REPLACED):
        return [line.say.open_order(order, "Submitted")]
    if event.kind in (Kind.CANCELED, Kind.EXPIRED):
        return [line.say.completed_order(order)]
    return [line.say.order_status(order, "Submitted")]


async def test_a_part_of_a_share_is_no_bust(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.20"))
    told = await desk.hear(ReportKind.FILL)
    line = next(iter(desk.server.lines.values()))
    execution = desk.exchange.executions[0]
    whole = line.say.executions(desk.exchange.orders[1], [replace(execution, version=2)])[0]
    body = whole[4:].replace(b"\x00BOT\x001\x00", b"\x00BOT\x000.5\x00")

    line.send(struct.pack(">I", len(body)) + body)
    await desk.settle()

    assert told.fills[0].qty == 1
    assert "whole shares" in str((await desk.session.health()).details["alerts"])
    await desk.quiet()


@pytest.mark.parametrize(("held", "seen"), [("10.5", [10]), ("0.5", []), ("-2.5", [-2]), ("10", [10])])
async def test_a_part_of_a_share_that_is_held_alerts(desk: IbkrDesk, held: str, seen: list[int]) -> None:
    desk.exchange.accounts["DU1"].positions["TSLA"] = (Decimal(held), Decimal(250))  # type: ignore[assignment]

    status = await desk.session.mass_status(desk.now() - LOOK_BACK)

    alerts = str((await desk.session.health()).details["alerts"])
    assert [p.qty for p in status.positions] == seen
    assert (f"DU1 holds {held} TSLA" in alerts) is ("." in held)


async def test_an_id_is_free_again_when_nothing_was_written_down(desk: IbkrDesk) -> None:
    desk.server.broadcast(1100)
    await desk.settle()
    with pytest.raises(UnavailableError):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))
    desk.server.broadcast(1102)
    await desk.settle()

    await working(desk, "C1", buy(PUT, "4.00"))

    with pytest.raises(RefusedError):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))
