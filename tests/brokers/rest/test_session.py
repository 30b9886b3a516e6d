"""A polled session whose looks go wrong: it says so, and what the broker answered stands."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from allcore.kernel.reports import ReportKind
from brokers.rest.wire import BrokerRefusedError, WireDownError
from tests.brokers.contract import working
from tests.brokers.schwab.desks import SchwabDesk, opened
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
