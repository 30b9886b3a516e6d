"""Books of the market: those that somebody looks at are asked of the line that has them, and told as they change."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar, runtime_checkable

import orjson
import redis
import structlog

from allcore import live
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import DeskError
from brokers.depth import Depth, DepthFeed
from marketdata.domain import wire
from marketdata.selectors.depths import book_row

LOOK_EVERY = 0.5
LINE_SECONDS = 5  # after its last sign of life, a line's books are not shown any more
REST_SECONDS = 10.0  # before a book that was refused or lost is asked for again
ROWS = 10

Answer = TypeVar("Answer")
log = structlog.get_logger("desk.feed")


@runtime_checkable
class HasBooks(Protocol):
    """A line for quotes that can show books too."""

    @property
    def depth(self) -> DepthFeed:
        """The line's books."""


class Books:
    """Keeps one line's books while the line lives. A Redis that is away only delays what is asked for."""

    def __init__(self, feed: DepthFeed, connection: str) -> None:
        self._feed = feed
        self._connection = connection
        self._asked: set[str] = set()
        self._rests: dict[str, float] = {}  # by symbol, the loop's time until which it is not asked for again

    async def run(self) -> None:
        """Follow what is looked at, for ever; with the line the books go."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow())
                group.create_task(self._listen())
        finally:
            _with_redis(forget)

    async def _follow(self) -> None:
        while True:
            wanted = await asyncio.to_thread(_with_redis, lambda: beat(self._connection))
            for symbol in self._asked - (self._asked if wanted is None else wanted):
                self._asked.discard(symbol)
                await self._feed.unsubscribe(symbol)
                await asyncio.to_thread(_with_redis, partial(drop, symbol))
            now = asyncio.get_running_loop().time()
            for symbol in sorted((wanted or set()) - self._asked):
                if self._rests.get(symbol, 0.0) <= now:
                    await self._ask(symbol)
            await asyncio.sleep(LOOK_EVERY)

    async def _ask(self, symbol: str) -> None:
        self._asked.add(symbol)
        try:
            await self._feed.subscribe(symbol, rows=ROWS)
        except DeskError as e:
            await self._tell(Depth(symbol, (), (), utc_now(), lost=e.message))

    async def _listen(self) -> None:
        async for book in self._feed.depths():
            await self._tell(book)

    async def _tell(self, book: Depth) -> None:
        if book.lost:
            self._asked.discard(book.symbol)
            self._rests[book.symbol] = asyncio.get_running_loop().time() + REST_SECONDS
            log.info("book lost", symbol=book.symbol, reason=book.lost)
        await asyncio.to_thread(_with_redis, lambda: tell(book))


def beat(connection: str) -> set[str]:
    """Say that a line with books is up, and return what is looked at."""
    client, now = live.client(), utc_now().timestamp()
    client.set(wire.DEPTH_LINE_KEY, connection, ex=LINE_SECONDS)
    client.zremrangebyscore(wire.DEPTH_WANTED_KEY, 0, now)
    names: Any = client.zrange(wire.DEPTH_WANTED_KEY, 0, -1)
    return {name.decode() for name in names}


def tell(book: Depth) -> None:
    """Write the book, and tell the browsers."""
    row = book_row(book)
    live.client().hset(wire.DEPTH_KEY, book.symbol, orjson.dumps(row))
    live.publish("depth", "book", row)


def drop(symbol: str) -> None:
    """Forget a book that nobody looks at any more: it would only grow old."""
    live.client().hdel(wire.DEPTH_KEY, symbol)


def forget() -> None:
    """Forget all books: their line ended."""
    live.client().delete(wire.DEPTH_KEY, wire.DEPTH_LINE_KEY)


def _with_redis(work: Callable[[], Answer]) -> Answer | None:
    try:
        return work()
    except redis.RedisError as e:
        log.warning("books wait for redis", error=str(e).strip())
        return None
