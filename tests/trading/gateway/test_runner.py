"""A connection's runner: what it shows of a session that will not come up, and who may wake it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import connections as databases

from allcore.kernel.clock import utc_now
from allcore.kernel.errors import DeskError, RefusedError, UnavailableError
from allcore.kernel.reports import BookReport, ExecutionReport, MassStatus
from allcore.kernel.tickets import OrderTicket
from brokers.models import Connection
from brokers.paper.session import CAPABILITIES
from brokers.ports import Capabilities, Health, Replacement
from brokers.quiet import QuietWindow
from brokers.services import connections
from risk.models import KillState
from risk.services.limits import ensure_defaults
from tests.builders.paper import PUT, sell
from trading.gateway import pace, runner
from trading.gateway.outbox import Outbox, QuietHoursError
from trading.gateway.runner import ConnectionRunner
from trading.gateway.threads import DatabaseLine
from trading.models import Quarantine
from trading.services.claim import Outbound

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
PATIENCE = 15.0
ALWAYS = QuietWindow(frozenset(range(7)), time(0), None, "The broker's reset")


class AwayError(UnavailableError):
    code = "AWAY"


class Floor:
    """A session of a broker that is as told: away, or up; silent, or heard."""

    def __init__(self) -> None:
        self.fault: DeskError | None = AwayError("Nobody answers.")
        self.capabilities: Capabilities = replace(CAPABILITIES, quiet=(), silent_for=timedelta(seconds=60))
        self.heard_at: datetime | None = None
        self.details: dict[str, object] = {}
        self.connects = 0
        self.sent: list[str] = []
        self.since: list[datetime] = []
        self._end = asyncio.Event()

    async def connect(self) -> None:
        self.connects += 1
        if self.fault is not None:
            raise self.fault

    async def health(self) -> Health:
        return Health(is_connected=True, heard_at=self.heard_at, details=self.details)

    async def close(self) -> None:
        self._end.set()

    async def mass_status(self, since: datetime) -> MassStatus:
        self.since.append(since)
        return MassStatus("ours", utc_now(), (), (), ())

    async def submit(self, cl_ord_id: str, broker_account: str, ticket: OrderTicket) -> None:
        self.sent.append(cl_ord_id)

    async def replace(self, broker_account: str, replacement: Replacement) -> None:
        self.sent.append(replacement.cl_ord_id)

    async def cancel(self, broker_account: str, cl_ord_id: str, orig_cl_ord_id: str) -> None:
        self.sent.append(cl_ord_id)

    async def events(self) -> AsyncIterator[ExecutionReport | BookReport]:
        self._end.clear()
        await self._end.wait()
        nothing: tuple[ExecutionReport, ...] = ()
        for report in nothing:
            yield report


@pytest.fixture
async def floor(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Floor]:
    monkeypatch.setattr(pace, "FIRST", 0.01)
    monkeypatch.setattr(runner, "LEASE_LOOK", 0.05)
    monkeypatch.setattr(runner, "LEAST_REST", 0.01)
    monkeypatch.setattr(runner, "LEASE_RENEWAL", 0.05)
    floor = Floor()
    await on_database(lambda: Connection.objects.create(name="ours", broker="paper", environment="PAPER"))
    running = asyncio.create_task(ConnectionRunner("ours", "w1", lambda _: floor).run())
    yield floor
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def on_database(work: Callable[[], object]) -> object:
    def run() -> object:
        try:
            return work()
        finally:
            databases.close_all()

    return await asyncio.to_thread(run)


async def shown(state: str, reason: str = "") -> str:
    """Wait until the connection is in the state, with a reason that begins so; return the reason."""
    async with asyncio.timeout(PATIENCE):
        while True:
            row = await on_database(lambda: Connection.objects.get(name="ours"))
            assert isinstance(row, Connection)
            if row.state == state and row.state_reason.startswith(reason):
                return row.state_reason
            await asyncio.sleep(0.02)


async def resume() -> None:
    await on_database(lambda: connections.resume("ours", actor="user:alice", reason="mended", now=utc_now()))


async def test_a_connection_that_fails_again_and_again_is_tripped_and_comes_back_when_resumed(floor: Floor) -> None:
    reason = await shown("DOWN", "Tripped after 5 failures")
    assert reason.endswith("Nobody answers.")
    assert floor.connects == 5
    floor.fault = None

    await resume()

    assert await shown("UP") == ""


async def test_what_cannot_heal_by_itself_says_that_a_person_is_needed(floor: Floor) -> None:
    floor.fault = RefusedError("The port is of a live gateway.")
    await shown("DOWN", "Needs a person: The port is of a live gateway.")
    floor.fault = None

    await resume()

    assert await shown("UP") == ""


async def test_a_lost_line_in_the_brokers_hours_is_expected(floor: Floor) -> None:
    floor.capabilities = replace(floor.capabilities, quiet=(ALWAYS,))
    await resume()

    assert (await shown("DOWN", "Expected")).startswith("Expected: The broker's reset until midnight New York.")


async def test_a_session_that_hears_nothing_any_more_is_built_anew(floor: Floor) -> None:
    floor.fault = None
    await resume()
    await shown("UP")
    before = floor.connects

    floor.heard_at = utc_now() - timedelta(seconds=61)
    await shown("DOWN", "ours has said nothing for 61 s")
    floor.heard_at = utc_now()

    await shown("UP")
    assert floor.connects > before


async def test_a_session_that_is_up_says_what_a_person_should_look_at(floor: Floor) -> None:
    floor.fault = None
    await resume()
    await shown("UP")

    floor.details = {"alerts": ["DU1 holds 0.5 TSLA"]}
    await shown("UP", "DU1 holds 0.5 TSLA")
    floor.details |= {"upstream": "lost"}

    await shown("UP", "Its gateway has lost the line to the broker")


async def answers(floor: Floor, count: int) -> None:
    """Wait until the session has been asked for so many whole answers."""
    async with asyncio.timeout(PATIENCE):
        while len(floor.since) < count:  # noqa: ASYNC110 the floor is asked from the runner's own loop
            await asyncio.sleep(0.02)


async def test_a_broker_that_lists_changes_is_asked_for_two_days_once_a_session(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "RECONCILE_EVERY", 0.1)
    floor.fault = None
    await resume()
    await answers(floor, 2)

    asked, floor.since = floor.since, []
    assert utc_now() - asked[0] >= timedelta(days=2)
    assert timedelta(minutes=1) <= utc_now() - asked[1] < timedelta(minutes=2)

    await on_database(lay_aside)
    await answers(floor, 2)

    assert utc_now() - floor.since[1] >= timedelta(days=2)


async def test_any_other_broker_is_asked_for_two_days_each_time(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "RECONCILE_EVERY", 0.1)
    floor.capabilities = replace(floor.capabilities, lists_changes=False)
    floor.fault = None
    await resume()

    await answers(floor, 2)

    assert all(utc_now() - since >= timedelta(days=2) for since in floor.since)


def lay_aside() -> None:
    """Let a report of the connection lie in quarantine."""
    ours = Connection.objects.get(name="ours")
    Quarantine.objects.create(connection=ours, code="X", message="x", report={}, received_at=utc_now())


async def test_in_the_brokers_hours_only_cancels_are_sent() -> None:
    floor = Floor()
    floor.capabilities = replace(floor.capabilities, quiet=(ALWAYS,))
    outbox = Outbox("ours", floor, DatabaseLine("test"), 1)

    with pytest.raises(QuietHoursError, match="The broker's reset until midnight"):
        await outbox._hand_over(Outbound(1, "o1", "", "DU1", ticket=sell(PUT)))
    with pytest.raises(QuietHoursError):
        await outbox._hand_over(Outbound(2, "r1", "o1", "DU1", quantity=2))
    await outbox._hand_over(Outbound(3, "c1", "o1", "DU1"))

    assert floor.sent == ["c1"]


async def test_what_is_handed_over_and_was_never_entered_stops_the_connection(floor: Floor) -> None:
    await sync_to_async(ensure_defaults)(utc_now())
    line = DatabaseLine("test")
    outbox = Outbox("ours", floor, line, 1)
    await outbox._hand_over(Outbound(3, "c1", "o1", "DU1"))

    await outbox.compare()

    line.close()
    assert await KillState.objects.filter(scope="BROKER", target="ours", level=2).aexists()
