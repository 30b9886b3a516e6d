"""Executions corrected or taken back while the desk was away, as the list tells them by the versions in their names."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import pytest_asyncio

from allcore.kernel.reports import ExecutionReport, OrderReport, ReportKind
from tests.brokers.contract import listed, put_spread, working
from tests.brokers.ibkr.desks import IbkrDesk, opened
from tests.builders.paper import PUT, buy


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[IbkrDesk]:
    desk = await opened()
    yield desk
    await desk.close()


async def filled_and_away(desk: IbkrDesk, qty: int = 3) -> ExecutionReport:
    await working(desk, "C1", buy(PUT, "4.20", qty=qty))
    fill = await desk.hear(ReportKind.FILL)
    await desk.cut()
    return fill


def of_kind(order: OrderReport, kind: ReportKind) -> list[ExecutionReport]:
    return [fill for fill in order.fills if fill.kind is kind]


async def test_a_correction_to_less_names_what_it_corrects_and_the_order_has_ended(desk: IbkrDesk) -> None:
    told = await filled_and_away(desk)
    desk.exchange.correct(desk.exchange.executions[0].exec_id, px="4.20", qty=2)
    await desk.reconnect()

    order = (await listed(desk))[0]

    correction = of_kind(order, ReportKind.CORRECT)[0]
    assert (correction.ref_exec_id, correction.fills[0].qty) == (told.fills[0].exec_id, 2)
    assert (order.status, order.order_qty, order.cum_qty) == ("CANCELED", 3, 2)
    await desk.quiet()


async def test_a_correction_to_another_price_alone_leaves_the_order_filled(desk: IbkrDesk) -> None:
    await filled_and_away(desk)
    desk.exchange.correct(desk.exchange.executions[0].exec_id, px="4.15")
    await desk.reconnect()

    order = (await listed(desk))[0]

    assert (order.status, order.cum_qty) == ("FILLED", 3)


@pytest.mark.parametrize("corrections", [0, 1])
async def test_a_bust_names_whatever_it_may_have_been_booked_by(desk: IbkrDesk, corrections: int) -> None:
    told = await filled_and_away(desk)
    name = told.fills[0].exec_id
    names = [name]
    for _ in range(corrections):
        desk.exchange.correct(desk.exchange.executions[0].exec_id, px="4.15")
        names.append(name[:-1] + "2")
    desk.exchange.bust(desk.exchange.executions[0].exec_id)
    await desk.reconnect()

    order = (await listed(desk))[0]

    assert [(f.kind, f.ref_exec_id) for f in order.taken_back] == [(ReportKind.BUST, one) for one in names]
    assert (order.status, order.cum_qty, order.fills) == ("CANCELED", 0, ())


async def test_what_the_gateway_says_has_filled_is_taken_down_by_what_was_taken_back(desk: IbkrDesk) -> None:
    await filled_and_away(desk)
    first = desk.exchange.executions[0]
    desk.exchange.correct(first.exec_id, px="4.20", qty=1)
    desk.exchange.executions.insert(0, first)  # both versions are listed, and the order's own count is as it was
    desk.exchange.orders[1].cum = 3
    await desk.reconnect()

    assert [(o.status, o.cum_qty) for o in await listed(desk)] == [("CANCELED", 1)]


async def test_a_leg_corrected_to_less_leaves_the_other_as_it_is(desk: IbkrDesk) -> None:
    await working(desk, "C1", put_spread("3.05", qty=2))
    told = await desk.hear(ReportKind.FILL)
    await desk.cut()
    desk.exchange.correct(desk.exchange.executions[1].exec_id, px="1.05", qty=1)
    await desk.reconnect()

    order = (await listed(desk))[0]

    corrections = of_kind(order, ReportKind.CORRECT)
    assert [(c.ref_exec_id, c.fills[0].leg, c.fills[0].qty) for c in corrections] == [(told.fills[1].exec_id, 1, 1)]
    assert corrections[0].fills[0].fee == Decimal("1.30")
