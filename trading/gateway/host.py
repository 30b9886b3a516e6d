"""Which connections a worker hosts: those its queues name, or all there are, new ones too."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import structlog
from django.db import InterfaceError, OperationalError

from brokers.ports import Session
from brokers.selectors.connections import connections
from trading.gateway.runner import ConnectionRunner
from trading.gateway.threads import DatabaseLine

ANY = "any"  # as in the queue `broker.any`
LOOK_EVERY = 5.0
AFTER_A_FAULT = 5.0

log = structlog.get_logger(__name__)


class Host:
    """Runs one runner for each connection. Several workers may host the same: the lease says which of them speaks."""

    def __init__(self, names: Sequence[str], owner: str, build: Callable[[str], Session]) -> None:
        self._named = tuple(name for name in names if name != ANY)
        self._looks = ANY in names
        self._owner = owner
        self._build = build
        self._running: set[str] = set()

    async def run(self) -> None:
        """Host until cancelled."""
        line = DatabaseLine("host")
        try:
            async with asyncio.TaskGroup() as group:
                self._start(group, self._named)
                while self._looks:
                    self._start(group, await self._all(line))
                    await asyncio.sleep(LOOK_EVERY)
        finally:
            line.close()

    def _start(self, group: asyncio.TaskGroup, names: Iterable[str]) -> None:
        for name in sorted(set(names) - self._running):
            self._running.add(name)
            group.create_task(self._keep(name))

    async def _keep(self, name: str) -> None:
        """Run the connection for ever: a fault that its runner does not know must not take the others down with it."""
        while True:
            try:
                await ConnectionRunner(name, self._owner, self._build).run()
            except Exception:
                log.exception("runner_failed", connection=name)
            await asyncio.sleep(AFTER_A_FAULT)

    async def _all(self, line: DatabaseLine) -> list[str]:
        try:
            return await line.call(partial(list, connections().values_list("name", flat=True)))
        except (OperationalError, InterfaceError) as e:
            log.warning("connections_not_listed", error=str(e))
            return []
