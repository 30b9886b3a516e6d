"""Instructions on long options at the gateway: sent once, answered under a number, never known by guessing."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import pytest_asyncio

from allcore.kernel.errors import UnknownOutcomeError
from allcore.kernel.instructions import Instruction, InstructionKind, InstructionReport, Standing
from allcore.kernel.reports import ReportKind
from brokers.ibkr.errors import GatewayDownError
from brokers.ibkr.exercises import InstructionRefusedError
from brokers.instructions import TakesInstructions
from tests.brokers.contract import listed
from tests.brokers.ibkr.desks import IbkrDesk, opened
from tests.brokers.servers.faults import Lapse
from tests.brokers.servers.tws.exercises import Requested
from tests.builders.paper import PUT, buy

EXERCISE = 21
ACTS_BY = datetime(2026, 6, 19, 20, 30, tzinfo=UTC)


@pytest_asyncio.fixture(params=[176, 178])
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[IbkrDesk]:
    desk = await opened(request.param, answer_seconds=0.3)
    await desk.session.submit("C1", desk.account, buy(PUT, "4.20", qty=3))
    await desk.hear(ReportKind.ACK)
    await desk.hear(ReportKind.FILL)
    yield desk
    await desk.close()
    assert desk.server.protocol_errors == []


def told(kind: InstructionKind = InstructionKind.EXERCISE, qty: int = 2) -> Instruction:
    return Instruction(str(uuid4()), PUT, kind, qty, ACTS_BY)


def taken(desk: IbkrDesk) -> list[Requested]:
    return list(desk.server.requests.taken.values())


async def test_an_instruction_is_sent_in_the_brokers_words_and_answered(desk: IbkrDesk) -> None:
    for kind, word in ((InstructionKind.EXERCISE, "EXERCISE"), (InstructionKind.DO_NOT_EXERCISE, "LAPSE")):
        wanted = told(kind, 1)

        report = await desk.session.instruct(desk.account, wanted)

        assert report == InstructionReport(wanted.instruction_id, Standing.ACCEPTED)
        made = taken(desk)[-1]
        assert (made.action, made.override, made.order.terms.quantity) == (word, True, 1)


async def test_the_session_is_one_that_takes_instructions(desk: IbkrDesk) -> None:
    assert desk.session.capabilities.takes_exercise_instructions
    assert isinstance(desk.session, TakesInstructions)


async def test_a_plain_no_has_its_reason_and_is_remembered(desk: IbkrDesk) -> None:
    wanted = told(qty=4)

    with pytest.raises(InstructionRefusedError, match="holds 3"):
        await desk.session.instruct(desk.account, wanted)

    (report,) = await desk.session.instructions([wanted.instruction_id])
    assert report.standing is Standing.REFUSED
    assert taken(desk) == []


async def test_given_twice_it_is_one_instruction(desk: IbkrDesk) -> None:
    wanted = told()
    await desk.session.instruct(desk.account, wanted)

    again = await desk.session.instruct(desk.account, wanted)

    assert again.standing is Standing.ACCEPTED
    assert (len(taken(desk)), desk.server.heard[EXERCISE]) == (1, 1)


async def test_silence_is_not_known_and_a_look_at_what_is_open_settles_it(desk: IbkrDesk) -> None:
    desk.faults.lapses.append(Lapse.SILENT)
    wanted = told()

    with pytest.raises(UnknownOutcomeError):
        await desk.session.instruct(desk.account, wanted)
    (report,) = await desk.session.instructions([wanted.instruction_id])

    assert report.standing is Standing.ACCEPTED
    assert desk.server.heard[EXERCISE] == 1


async def test_what_the_gateway_does_not_list_stays_unknown_and_is_never_sent_again(desk: IbkrDesk) -> None:
    desk.server.deaf_to[EXERCISE] += 1
    wanted = told()

    with pytest.raises(UnknownOutcomeError):
        await desk.session.instruct(desk.account, wanted)
    (report,) = await desk.session.instructions([wanted.instruction_id])
    again = await desk.session.instruct(desk.account, wanted)

    assert report.standing is again.standing is Standing.UNKNOWN
    assert desk.server.heard[EXERCISE] == 1


async def test_what_was_accepted_is_known_after_a_restart_even_if_it_is_listed_no_more(desk: IbkrDesk) -> None:
    wanted = told()
    await desk.session.instruct(desk.account, wanted)
    desk.server.requests.taken.clear()
    await desk.restart()

    (report,) = await desk.session.instructions([wanted.instruction_id])

    assert report.standing is Standing.ACCEPTED


async def test_who_is_missing_was_never_written_down(desk: IbkrDesk) -> None:
    assert await desk.session.instructions([str(uuid4())]) == ()


async def test_one_that_the_broker_takes_back_is_told_as_refused(desk: IbkrDesk) -> None:
    wanted = told()
    await desk.session.instruct(desk.account, wanted)
    taken(desk)[0].status = "Cancelled"
    await desk.session.mass_status(desk.now())

    (report,) = await desk.session.instructions([wanted.instruction_id])
    assert report.standing is Standing.REFUSED


async def test_it_is_no_order_and_is_told_as_none(desk: IbkrDesk) -> None:
    before = [order.cl_ord_id for order in await listed(desk)]
    await desk.session.instruct(desk.account, told())
    await desk.quiet()
    assert [order.cl_ord_id for order in await listed(desk)] == before

    await desk.restart()

    assert [order.cl_ord_id for order in await listed(desk)] == before
    assert (await desk.session.health()).details["alerts"] == []


async def test_a_withdrawal_is_refused_and_nothing_is_sent(desk: IbkrDesk) -> None:
    wanted = told()
    await desk.session.instruct(desk.account, wanted)

    with pytest.raises(InstructionRefusedError, match="in TWS, or by phone"):
        await desk.session.withdraw(desk.account, wanted.instruction_id)

    assert desk.server.heard[EXERCISE] == 1


async def test_without_a_line_nothing_is_written_and_it_may_be_given_again(desk: IbkrDesk) -> None:
    wanted = told()
    await desk.cut()

    with pytest.raises(GatewayDownError):
        await desk.session.instruct(desk.account, wanted)
    await desk.reconnect()

    assert (await desk.session.instruct(desk.account, wanted)).standing is Standing.ACCEPTED
