"""A polled session whose looks go wrong: it says so, and what the broker answered stands."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from allcore.kernel.errors import UnknownOutcomeError
from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import ReportKind
from allcore.kernel.tickets import OrderTicket
from brokers.rest.views import OrderView, Standing, UnreadOrder
from brokers.rest.wire import BrokerRefusedError, WireDownError
from tests.brokers.contract import working
from tests.brokers.schwab.desks import SchwabDesk, opened
from tests.brokers.servers.faults import Lapse
from tests.builders.paper import PATIENCE, PUT, buy


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[SchwabDesk]:
    desk = await opened()
    yield desk
    await desk.close()


def looks_fail(desk: SchwabDesk, error: Exception) -> None:
    async def orders(*args: object) -> None:
        raise error

    vars(desk.session)["_client"].orders = orders


async def test_a_look_that_breaks_in_an_unforeseen_way_takes_the_session_down(desk: SchwabDesk) -> None:
    looks_fail(desk, KeyError("orderId"))
    vars(desk.session)["_look_now"].set()

    async with asyncio.timeout(PATIENCE):
        while (health := await desk.session.health()).is_connected:  # noqa: ASYNC110 nothing to wait for but itself
            await asyncio.sleep(0)

    assert health.details == {"alerts": [], "fault": "'orderId'"}


async def test_a_look_for_which_there_is_no_leave_is_made_later(desk: SchwabDesk) -> None:
    looks_fail(desk, WireDownError("The broker's limit on calls leaves no room just now; nothing was sent."))
    vars(desk.session)["_look_now"].set()
    for _ in range(20):
        await asyncio.sleep(0)
    del vars(vars(desk.session)["_client"])["orders"]

    await working(desk, "C1", buy(PUT, "4.00"))

    assert (await desk.session.health()).is_connected


async def test_a_look_that_is_refused_once_is_made_again(desk: SchwabDesk) -> None:
    looks_fail(desk, BrokerRefusedError("Not found", reason="HTTP_404"))
    vars(desk.session)["_look_now"].set()
    for _ in range(20):
        await asyncio.sleep(0)
    del vars(vars(desk.session)["_client"])["orders"]

    await working(desk, "C1", buy(PUT, "4.00"))

    assert (await desk.session.health()).is_connected


async def test_looks_that_are_refused_on_and_on_take_the_session_down(desk: SchwabDesk) -> None:
    looks_fail(desk, BrokerRefusedError("Forbidden", reason="HTTP_403"))
    vars(desk.session)["_look_now"].set()
    for _ in range(20):
        await asyncio.sleep(0)

    desk.server.clock.forward(seconds=31)

    assert not (await desk.session.health()).is_connected


async def test_a_refused_cancel_is_told_though_the_look_after_it_fails(desk: SchwabDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))

    async def no(*args: object) -> None:
        raise BrokerRefusedError("The order cannot be cancelled.", reason="HTTP_400")

    vars(desk.session)["_client"].cancel = no
    looks_fail(desk, WireDownError("away"))

    await desk.session.cancel(desk.account, "X1", "C1")

    report = await desk.hear(ReportKind.CANCEL_REJECT)
    assert (report.cl_ord_id, report.reason) == ("X1", "HTTP_400")


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def held(desk: SchwabDesk, *names: str, books: bool = False) -> dict[str, asyncio.Event]:
    """Keep the answers to these orders back until their gates are open; whether they are booked, the broker knows."""
    client = vars(desk.session)["_client"]
    place, gates = client.place, {name: asyncio.Event() for name in names}

    async def slow(account: str, ticket: OrderTicket, cl_ord_id: str) -> str:
        number: str = await place(account, ticket, cl_ord_id) if books else ""
        await gates[cl_ord_id].wait()
        if not books:
            raise WireDownError("The broker cannot be reached; nothing was sent.")
        return number

    client.place = slow
    return gates


async def on_its_way(desk: SchwabDesk, name: str, limit: str) -> asyncio.Task[None]:
    """Return the sending of an order, once it has begun."""
    before = len(vars(desk.session)["_on_their_way"])
    sending = asyncio.create_task(desk.session.submit(name, desk.account, buy(PUT, limit)))
    async with asyncio.timeout(PATIENCE):
        while len(vars(desk.session)["_on_their_way"]) == before:  # noqa: ASYNC110 nothing to wait for but itself
            await asyncio.sleep(0)
    return sending


async def test_under_a_steady_flow_of_orders_doubts_are_settled_and_everything_is_said(desk: SchwabDesk) -> None:
    desk.faults.lapses.append(Lapse.SILENT)
    with pytest.raises(UnknownOutcomeError):
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))
    gates = held(desk, "C2", "C3")
    first = await on_its_way(desk, "C2", "3.00")
    assert (await desk.hear(ReportKind.ACK)).cl_ord_id == "C1"
    asked = asyncio.create_task(desk.session.mass_status(EPOCH))
    await asyncio.sleep(0)
    second = await on_its_way(desk, "C3", "2.00")

    assert not asked.done()  # C2 left before it was asked for
    gates["C2"].set()
    status = await asyncio.wait_for(asked, PATIENCE)

    assert [order.cl_ord_id for order in status.orders] == ["C1"]
    assert not second.done()
    gates["C3"].set()
    await asyncio.gather(first, second, return_exceptions=True)


async def test_an_order_that_is_booked_and_not_answered_yet_is_no_strangers(desk: SchwabDesk) -> None:
    gates, client = held(desk, "C1", books=True), vars(desk.session)["_client"]
    list_orders, sendings = client.orders, list[asyncio.Task[None]]()

    async def orders(account: str, since: datetime) -> object:
        if not sendings:
            sendings.append(await on_its_way(desk, "C1", "4.00"))
            async with asyncio.timeout(PATIENCE):
                while not desk.exchange.orders:  # noqa: ASYNC110 nothing to wait for but itself
                    await asyncio.sleep(0)
        return await list_orders(account, since)

    client.orders = orders

    assert (await desk.session.mass_status(EPOCH)).orders == ()
    gates["C1"].set()
    await asyncio.gather(*sendings)
    assert [order.cl_ord_id for order in (await desk.session.mass_status(EPOCH)).orders] == ["C1"]


async def test_an_order_of_ours_that_cannot_be_read_keeps_no_other_from_being_seen(desk: SchwabDesk) -> None:
    await working(desk, "C1", buy(PUT, "3.00"))
    client = vars(desk.session)["_client"]
    list_orders = client.orders

    async def orders(account: str, since: datetime) -> list[object]:
        views = await list_orders(account, since)
        return [UnreadOrder("1", account, "No form.") if v.broker_order_id == "1" else v for v in views]

    client.orders = orders
    await working(desk, "C2", buy(PUT, "4.00"))
    desk.exchange.show(PUT, "3.90", "4.00")

    assert (await desk.hear(ReportKind.FILL)).cl_ord_id == "C2"
    health = await desk.session.health()
    assert (health.is_connected, health.details["alerts"]) == (
        True,
        [f"Order 1 of account {desk.account}, which may be this desk's: No form."],
    )
    with pytest.raises(WireDownError, match="may be an order of this desk"):
        await desk.session.mass_status(EPOCH)


async def test_a_word_that_no_table_has_is_told_as_an_alert(desk: SchwabDesk) -> None:
    await working(desk, "C1", buy(PUT, "3.00"))
    client = vars(desk.session)["_client"]
    list_orders = client.orders

    async def orders(account: str, since: datetime) -> list[OrderView]:
        return [replace(v, standing=Standing.UNKNOWN, reason="BEWITCHED") for v in await list_orders(account, since)]

    client.orders = orders
    status = await desk.session.mass_status(EPOCH)

    alerts = (await desk.session.health()).details["alerts"]
    assert [order.status for order in status.orders] == [OrdStatus.IN_DOUBT]
    assert alerts == ["Order C1 (1) is in doubt: the broker says 'BEWITCHED' of it."]
