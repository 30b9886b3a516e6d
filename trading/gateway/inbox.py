"""Reports in: settled in the order the broker said them, many at a time when many wait."""

import asyncio
from functools import partial

import structlog
from django.db import InterfaceError, OperationalError

from allcore.kernel.clock import utc_now
from allcore.kernel.errors import UnavailableError
from allcore.kernel.reports import BookReport, ExecutionReport
from brokers.ports import Session
from trading.gateway import exchange_time
from trading.gateway.threads import DatabaseLine
from trading.services import settle

BATCH = 64
WAITING_MOST = 10_000

log = structlog.get_logger(__name__)


class Inbox:
    """Settles one session's events."""

    def __init__(self, connection: str, session: Session, line: DatabaseLine) -> None:
        self._connection = connection
        self._session = session
        self._line = line
        self._waiting: asyncio.Queue[ExecutionReport | BookReport] = asyncio.Queue(WAITING_MOST)

    async def run(self) -> None:
        """Listen and settle until the session ends."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._settle())

    async def _listen(self) -> None:
        async for report in self._session.events():
            await self._waiting.put(report)
        raise UnavailableError(f"The session of {self._connection} ended.", connection=self._connection)

    async def _settle(self) -> None:
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < BATCH and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            await self._apply(batch)

    def _settled(self, batch: list[ExecutionReport | BookReport]) -> None:
        told = exchange_time.of_reports(batch, self._session.capabilities)
        settle.apply_reports(self._connection, told, now=utc_now())

    async def _apply(self, batch: list[ExecutionReport | BookReport]) -> None:
        try:
            await self._line.insist(partial(self._settled, batch))
        except (OperationalError, InterfaceError):
            raise
        except Exception as e:  # one poisonous report must not hold the others up
            if len(batch) == 1:
                log.exception("report_not_settled", connection=self._connection)
                message = f"Not applied: {e!r}"[:400]
                await self._line.insist(
                    partial(
                        settle.quarantine,
                        self._connection,
                        batch[0],
                        code="NOT_SETTLED",
                        message=message,
                        now=utc_now(),
                    )
                )
                return
            for report in batch:
                await self._apply([report])
