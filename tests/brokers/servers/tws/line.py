"""One client's connection: its number, its version, what it may see, and the messages on their way to it."""

import asyncio
import contextlib
from collections import deque

from tests.brokers.servers.book import Order
from tests.brokers.servers.faults import Faults
from tests.brokers.servers.tws.depth import Book
from tests.brokers.servers.tws.messages import Writer, card_of

MOST_A_SECOND = 50


class Line:
    """Sends in order, through one task, so that a delay delays and nothing overtakes."""

    def __init__(self, writer: asyncio.StreamWriter, faults: Faults, version: int) -> None:
        self._writer = writer
        self._faults = faults
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue()
        self._heard: deque[float] = deque()
        self._task = asyncio.create_task(self._run())
        self.version = version
        self.client = -1
        self.say: Writer
        self.quotes: dict[int, str] = {}  # market data requests: their symbols
        self.books: dict[int, Book] = {}  # market depth requests
        self.summaries: set[str] = set()

    def send(self, *messages: bytes) -> None:
        """Send answers."""
        for message in messages:
            self._waiting.put_nowait(message)

    def tell(self, *messages: bytes) -> None:
        """Send news, as the faults arrange it."""
        self.send(*self._faults.arranged(list(messages)))

    def owns(self, order: Order) -> bool:
        """Return whether the order was placed by this client."""
        return card_of(order).client == self.client

    def count(self, at: float) -> bool:
        """Note a message heard; return whether that was one too many within a second."""
        self._heard.append(at)
        while self._heard[0] <= at - 1:
            self._heard.popleft()
        return len(self._heard) > MOST_A_SECOND

    def drop(self) -> None:
        """Cut the line."""
        self._task.cancel()
        self._writer.transport.abort()

    async def finish(self) -> None:
        """Send what waits, and close."""
        while not (self._waiting.empty() or self._writer.is_closing()):  # noqa: ASYNC110 empties in a turn or two
            await asyncio.sleep(0)
        self._task.cancel()
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    async def _run(self) -> None:
        while True:
            message = await self._waiting.get()
            if self._faults.delay:
                await asyncio.sleep(self._faults.delay)
            if not self._writer.is_closing():
                self._writer.write(message)
