"""What the hub reads rather than hears, in threads of its own: the stores may be slow, the sockets may not."""

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import orjson
from django.db import connections

from allcore.accounts.models import User
from trading.consumers.outbox import QUOTES

Row = dict[str, object]
Audience = tuple[User, frozenset[str]]
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Readers:
    """The reads. `audience` gives a person and the account codes they may see, or None once the session has ended."""

    snapshot: Callable[[str, User], list[Row]]
    quotes: Callable[[Collection[str]], list[Row]]
    quote_row: Callable[[str, list[object]], Row]
    system: Callable[[datetime], Row]
    audience: Callable[[int, str], Audience | None]


class Reading:
    """Runs the reads; `stop` ends the threads."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._pool = ThreadPoolExecutor(max_workers=3, thread_name_prefix="hub")

    def stop(self) -> None:
        """End the threads without waiting for a read that hangs."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def snapshots(self, streams: Collection[str], user: User, underlyings: Collection[str]) -> dict[str, bytes]:
        """Return each stream's rows as JSON."""
        return await self._in_thread(lambda: self._snapshots(tuple(streams), user, tuple(underlyings)))

    def _snapshots(self, streams: Collection[str], user: User, underlyings: Collection[str]) -> dict[str, bytes]:
        read = self._readers
        return {
            stream: orjson.dumps(read.quotes(underlyings) if stream == QUOTES else read.snapshot(stream, user))
            for stream in streams
        }

    def quote_row(self, symbol: str, values: list[object]) -> Row:
        """Return a quote as it travels, from what the feed published."""
        return self._readers.quote_row(symbol, values)

    async def system(self, now: datetime) -> Row:
        """Return what the heartbeat carries."""
        return await self._in_thread(lambda: self._readers.system(now))

    async def audience(self, user_id: int, session_key: str) -> Audience | None:
        """Return the person and the accounts they may see now, or None once the session has ended."""
        return await self._in_thread(lambda: self._readers.audience(user_id, session_key))

    async def _in_thread(self, read: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._pool, _and_let_go, read)


def _and_let_go(read: Callable[[], Answer]) -> Answer:
    """Read, and close the thread's connection: reads are rare, and a thread that ends must not leave one behind."""
    try:
        return read()
    finally:
        connections.close_all()
