"""Database work for the loop: each line is one thread with one connection, so that calls on it keep their order."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connections

Result = TypeVar("Result")
RETRY_FIRST = 0.1
RETRY_MOST = 5.0

log = structlog.get_logger(__name__)


class DatabaseLine:
    """Runs services in its own thread, one after another."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"db-{name}")

    async def call(self, service: Callable[[], Result]) -> Result:
        """Run the service once. A lost database is raised, and the next call connects anew."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _run, service)

    async def insist(self, service: Callable[[], Result]) -> Result:
        """Run the service until the database has taken it. Only for services that are safe to run twice."""
        pause = RETRY_FIRST
        while True:
            try:
                return await self.call(service)
            except (OperationalError, InterfaceError) as e:
                log.warning("database_away", error=str(e), retry_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, RETRY_MOST)

    def close(self) -> None:
        """Let the thread end once its work is done."""
        self._pool.submit(connections.close_all)
        self._pool.shutdown(wait=True)


def _run(service: Callable[[], Result]) -> Result:
    try:
        return service()
    except (OperationalError, InterfaceError):
        connections.close_all()
        raise
