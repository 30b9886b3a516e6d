"""A listening socket on loopback that knows its lines, so that closing or dropping leaves nothing behind."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

LOOPBACK = "127.0.0.1"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Port:
    """Serves `talk` to everyone who connects."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._server: asyncio.Server | None = None
        self._lines: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}
        self.number = 0

    async def open(self, number: int = 0) -> int:
        """Listen, on the number used before if there was one, and return it."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, number or self.number)
        self.number = self._server.sockets[0].getsockname()[1]
        return self.number

    async def drop(self) -> None:
        """Cut every line, and go on listening."""
        tasks = [task for task in self._lines.values() if task is not None]
        for writer in list(self._lines):
            writer.transport.abort()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Stop listening and cut every line."""
        if self._server is not None:
            self._server.close()
        await self.drop()
        await asyncio.sleep(0)  # for the loop to let the sockets go

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines[writer] = asyncio.current_task()
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._talk(reader, writer)
        finally:
            del self._lines[writer]
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
