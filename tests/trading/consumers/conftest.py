"""A hub on the tests' Valkey with readers made by hand, and tabs that listen to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import pytest
from django.conf import settings

from allcore.accounts.models import User
from trading.consumers.client import Client
from trading.consumers.hub import Hub
from trading.consumers.reading import Audience, Readers, Reading, Row

PATIENCE = 5.0
Frame = dict[str, Any]


@dataclass
class Books:
    """What the readers answer; a test changes it."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    facts: Row = field(default_factory=lambda: {"phase": "OPEN"})
    audience: Audience | None = None
    fails: bool = False
    reads: list[str] = field(default_factory=list)

    def snapshot(self, stream: str, user: User) -> list[Row]:
        self.reads.append(stream)
        if self.fails:
            raise ConnectionError("the store is away")
        return self.rows.get(stream, [])

    def may_see(self, user_id: int, session_key: str) -> Audience | None:
        return self.audience

    def system(self, now: datetime) -> Row:
        if self.fails:
            raise ConnectionError("the store is away")
        return self.facts


class Tab:
    """A browser tab as the hub sees it: it takes what it is sent, or nothing while `stuck`."""

    def __init__(self, accounts: frozenset[str], name: str) -> None:
        self.frames: asyncio.Queue[Frame] = asyncio.Queue()
        self.stuck = asyncio.Event()
        self.closed_with: int | None = None
        self.client = Client(User(username=name), accounts, "session", self._send, self._close)

    async def _send(self, text: str) -> None:
        if self.stuck.is_set():
            await asyncio.Event().wait()
        await self.frames.put(orjson.loads(text))

    async def _close(self, code: int) -> None:
        self.closed_with = code

    async def hears(self, stream: str, kind: str | None = None) -> Frame:
        """Return the next frame of the stream, others passed over."""
        async with asyncio.timeout(PATIENCE):
            while True:
                frame = await self.frames.get()
                if frame["stream"] == stream and kind in (None, frame["type"]):
                    return frame


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
async def hub(books: Books) -> AsyncIterator[Hub]:
    reading = _reading(books)
    yield Hub(settings.REDIS_URL, reading)
    reading.stop()


@pytest.fixture
async def deaf_hub(books: Books) -> AsyncIterator[Hub]:
    """A hub whose Redis is not there."""
    reading = _reading(books)
    yield Hub("redis://127.0.0.1:1/0", reading)
    reading.stop()


def _reading(books: Books) -> Reading:
    return Reading(
        Readers(
            snapshot=books.snapshot,
            quotes=lambda names: [{"symbol": name} for name in sorted(names)],
            quote_row=lambda symbol, values: {"symbol": symbol, "bid": values[0]},
            system=books.system,
            audience=books.may_see,
        )
    )


@pytest.fixture
async def open_tab() -> AsyncIterator[Callable[..., Any]]:
    """Open a tab on a hub: `await open_tab(hub, "orders", accounts={"GEN-1"})`."""
    opened: list[tuple[Hub, Tab, asyncio.Task[None]]] = []

    async def open_(
        hub: Hub, *streams: str, accounts: frozenset[str] | set[str] = frozenset(), underlyings: list[str] | None = None
    ) -> Tab:
        tab = Tab(frozenset(accounts), f"tab{len(opened)}")
        hub.join(tab.client)
        opened.append((hub, tab, asyncio.create_task(tab.client.feed())))
        await hub.subscribe(tab.client, streams, underlyings)
        return tab

    yield open_
    for hub, tab, feeding in opened:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)
        await hub.leave(tab.client)
