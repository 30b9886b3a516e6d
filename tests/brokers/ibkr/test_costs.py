"""What an execution cost, when it is told: with it, after it was booked, anew, or of a correction."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest_asyncio

from allcore.kernel.reports import ReportKind
from tests.brokers.contract import listed, put_spread, working
from tests.brokers.ibkr.desks import IbkrDesk, opened
from tests.brokers.servers.tws.line import Line
from tests.builders.paper import PUT, buy

FIRST = 0


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[IbkrDesk]:
    desk = await opened()
    yield desk
    await desk.close()


def line_of(desk: IbkrDesk) -> Line:
    return next(iter(desk.server.lines.values()))


def keep_costs_back(desk: IbkrDesk) -> None:
    """Let the gateway tell what is traded, and not what it cost."""
    line = line_of(desk)
    tell = line.tell
    line.tell = lambda *messages: tell(*(m for m in messages if not m[4:].startswith(b"59\0")))  # type: ignore[method-assign]


def tell_cost(desk: IbkrDesk, execution: int = FIRST, fee: str = "0.65") -> None:
    made = desk.exchange.executions[execution]
    order = desk.exchange.orders[made.order]
    line_of(desk).send(line_of(desk).say.commission(order, replace(made, fee=Decimal(fee))))


async def test_a_cost_that_comes_after_the_fill_was_told_is_a_correction_told_once(desk: IbkrDesk) -> None:
    keep_costs_back(desk)
    await working(desk, "C1", buy(PUT, "4.20"))
    fill = await desk.hear(ReportKind.FILL)
    assert fill.fills[0].fee == 0

    for _ in range(3):
        tell_cost(desk)

    report = await desk.hear(ReportKind.CORRECT)
    told, booked = report.fills[0], fill.fills[0]
    assert (report.cl_ord_id, report.ref_exec_id, report.transact_at) == ("C1", booked.exec_id, fill.transact_at)
    assert replace(told, exec_id=booked.exec_id, fee=Decimal(0)) == booked
    assert (told.exec_id, told.fee) == (f"{booked.exec_id}$0.65", Decimal("0.65"))
    await desk.quiet()


async def test_a_cost_of_a_leg_names_that_leg(desk: IbkrDesk) -> None:
    keep_costs_back(desk)
    await working(desk, "C1", put_spread("3.05"))
    fill = await desk.hear(ReportKind.FILL)

    tell_cost(desk, 1)

    report = await desk.hear(ReportKind.CORRECT)
    assert (report.ref_exec_id, report.fills[0].leg) == (fill.fills[1].exec_id, 1)


async def test_a_cost_that_is_told_anew_is_a_correction(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.20"))
    fill = await desk.hear(ReportKind.FILL)

    tell_cost(desk, fee="0.65")
    tell_cost(desk, fee="0.70")

    report = await desk.hear(ReportKind.CORRECT)
    assert (report.ref_exec_id, report.fills[0].fee) == (fill.fills[0].exec_id, Decimal("0.70"))


async def test_a_corrected_execution_keeps_its_cost_while_no_other_is_told(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.20"))
    await desk.hear(ReportKind.FILL)
    keep_costs_back(desk)

    desk.exchange.correct(desk.exchange.executions[0].exec_id, px="4.15")

    report = await desk.hear(ReportKind.CORRECT)
    assert (report.fills[0].px, report.fills[0].fee) == (Decimal("4.15"), Decimal("0.65"))


async def test_a_cost_of_what_was_corrected_since_changes_nothing(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.20"))
    await desk.hear(ReportKind.FILL)
    first = desk.exchange.executions[0]
    desk.exchange.correct(first.exec_id, px="4.15")
    await desk.hear(ReportKind.CORRECT)

    line_of(desk).send(line_of(desk).say.commission(desk.exchange.orders[1], replace(first, fee=Decimal("9.99"))))
    await desk.settle()

    await desk.quiet()


async def test_after_a_restart_the_list_has_the_cost_under_the_name_that_was_booked(desk: IbkrDesk) -> None:
    keep_costs_back(desk)
    await working(desk, "C1", buy(PUT, "4.20"))
    fill = await desk.hear(ReportKind.FILL)

    await desk.restart()

    leg = (await listed(desk))[0].fills[0].fills[0]
    assert (leg.exec_id, leg.fee) == (fill.fills[0].exec_id, Decimal("0.65"))
