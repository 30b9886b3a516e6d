"""A broker worker's loop that kills its own process at a named step; run by `test_killed_worker.py`.

It hosts the real runner, services and paper broker, on the test's database. Without a step it lives.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta

import django
from django.db import transaction

django.setup()

from allcore.kernel.reports import BookReport, ExecutionReport, MassStatus  # noqa: E402
from allcore.kernel.tickets import OrderTicket  # noqa: E402 Django must be up
from brokers.native import NativeList, NativeOrder  # noqa: E402
from brokers.ports import Health, Replacement, Session  # noqa: E402
from trading.domain.reconcile import doubts  # noqa: E402
from trading.gateway import inbox, runner  # noqa: E402
from trading.gateway.knowledge import session_for  # noqa: E402
from trading.services import settle  # noqa: E402

# "Not found" is believed after a minute in production; the rule itself is tested with its own numbers elsewhere.
doubts.SILENCE_NEEDED = timedelta(seconds=3)


def die() -> None:
    """Go the way a machine goes: no handler, no clean-up."""
    os.kill(os.getpid(), signal.SIGKILL)


class DyingSession:
    """The session, until the step comes."""

    def __init__(self, inner: Session, step: str) -> None:
        self._inner = inner
        self._step = step
        self.capabilities = inner.capabilities

    async def connect(self) -> None:
        await self._inner.connect()

    async def health(self) -> Health:
        return await self._inner.health()

    async def close(self) -> None:
        await self._inner.close()

    async def mass_status(self, since: datetime) -> MassStatus:
        return await self._inner.mass_status(since)

    async def submit(self, cl_ord_id: str, broker_account: str, ticket: OrderTicket) -> None:
        if self._step == "claimed":
            die()
        await self._inner.submit(cl_ord_id, broker_account, ticket)
        if self._step == "submitted":
            die()

    async def submit_native(self, broker_account: str, order: NativeOrder) -> None:
        raise NotImplementedError  # nothing asks for it here

    async def submit_list(self, broker_account: str, orders: NativeList) -> None:
        if self._step == "claimed":
            die()
        await self._inner.submit_list(broker_account, orders)  # type: ignore[attr-defined]  # only where it has it
        if self._step == "submitted":
            await asyncio.sleep(0)  # the transport has it
            die()

    async def replace(self, broker_account: str, replacement: Replacement) -> None:
        await self._inner.replace(broker_account, replacement)

    async def cancel(self, broker_account: str, cl_ord_id: str, orig_cl_ord_id: str) -> None:
        await self._inner.cancel(broker_account, cl_ord_id, orig_cl_ord_id)

    async def events(self) -> AsyncIterator[ExecutionReport | BookReport]:
        async for report in self._inner.events():
            if isinstance(report, ExecutionReport) and self._step == f"heard_{report.kind.lower()}":
                die()
            yield report


def settle_and_die(
    connection: str, reports: Sequence[ExecutionReport | BookReport], *, now: datetime, before_commit: bool
) -> None:
    """Settle, and die around the commit that has a fill in it."""
    is_fill = any(isinstance(r, ExecutionReport) and r.fills for r in reports)
    with transaction.atomic():
        settle.apply_reports(connection, reports, now=now)
        if is_fill and before_commit:
            die()
    if is_fill:
        die()


class DyingSettle:
    """Stands where the inbox finds its services."""

    quarantine = staticmethod(settle.quarantine)

    def __init__(self, *, before_commit: bool) -> None:
        self._before_commit = before_commit

    def apply_reports(self, connection: str, reports: Sequence[ExecutionReport | BookReport], *, now: datetime) -> None:
        settle_and_die(connection, reports, now=now, before_commit=self._before_commit)


def main(connection: str, step: str) -> None:
    if step in ("settling", "settled"):
        inbox.settle = DyingSettle(before_commit=step == "settling")  # type: ignore[assignment,attr-defined]  # it dies
    owner = f"test:{os.getpid()}"
    build = runner.ConnectionRunner(connection, owner, lambda name: DyingSession(session_for(name), step))
    asyncio.run(build.run())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
