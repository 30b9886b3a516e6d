"""A line to the broker that drops, doubles, delays and reorders what goes over it, as a seed decides."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from pathlib import Path

from allcore.kernel.errors import RefusedError, UnavailableError, UnknownOutcomeError
from allcore.kernel.reports import BookReport, ExecutionReport, MassStatus
from allcore.kernel.tickets import OrderTicket
from brokers.paper.draws import draw
from brokers.ports import Health, Replacement, Session

Report = ExecutionReport | BookReport
LATE = 5.6  # seconds: longer than the outbox waits for an answer
DELAY = 2.0
SWAP = 0.5


class Fate(StrEnum):
    """What becomes of one message."""

    PASS = "passed"
    DROP = "dropped"
    DOUBLE = "doubled"
    DELAY = "delayed"
    REORDER = "reordered"
    LATE = "delayed_beyond_patience"
    DEAF = "answers_lost"


REPORTS = ((Fate.DROP, 0.03), (Fate.DOUBLE, 0.05), (Fate.DELAY, 0.05), (Fate.REORDER, 0.05))
MESSAGES = ((Fate.DROP, 0.02), (Fate.DOUBLE, 0.05), (Fate.DELAY, 0.05), (Fate.LATE, 0.01), (Fate.DEAF, 0.02))
LISTS = ((Fate.DROP, 0.05), (Fate.DELAY, 0.10))


class LineTornError(UnknownOutcomeError):
    """The answer was lost on its way; the message may have arrived."""

    code = "LINE_TORN"


@dataclass(slots=True)
class Fates:
    """Draws what becomes of each message, and keeps count in a file: the process may die at any time.

    Once the folder has a file `calm`, everything passes.
    """

    seed: str
    folder: Path
    drawn: int = 0
    _file: int = field(init=False)

    def __post_init__(self) -> None:
        name = self.folder / f"tally-{os.getpid()}"
        self._file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def next(self, chances: tuple[tuple[Fate, float], ...]) -> Fate:
        """Return the next message's fate."""
        self.drawn += 1
        if (self.folder / "calm").exists():
            return Fate.PASS
        left = draw(self.seed, "fate", self.drawn)
        for fate, chance in chances:
            if left < chance:
                os.write(self._file, f"{fate}\n".encode())
                return fate
            left -= chance
        return Fate.PASS

    def seconds(self, most: float) -> float:
        """Return how long the message is held up."""
        return most * draw(self.seed, "seconds", self.drawn)


class TornSession:
    """A session behind a torn line. What it holds up when it ends is lost with the line."""

    def __init__(self, inner: Session, fates: Fates) -> None:
        self._inner = inner
        self._fates = fates
        self._on_their_way: set[asyncio.Task[None]] = set()
        self.capabilities = inner.capabilities

    async def connect(self) -> None:
        await self._inner.connect()

    async def health(self) -> Health:
        return await self._inner.health()

    async def close(self) -> None:
        for task in self._on_their_way:
            task.cancel()
        await self._inner.close()

    async def submit(self, cl_ord_id: str, broker_account: str, ticket: OrderTicket) -> None:
        await self._carry(partial(self._inner.submit, cl_ord_id, broker_account, ticket))

    async def replace(self, broker_account: str, replacement: Replacement) -> None:
        await self._carry(partial(self._inner.replace, broker_account, replacement))

    async def cancel(self, broker_account: str, cl_ord_id: str, orig_cl_ord_id: str) -> None:
        await self._carry(partial(self._inner.cancel, broker_account, cl_ord_id, orig_cl_ord_id))

    async def mass_status(self, since: datetime) -> MassStatus:
        fate = self._fates.next(LISTS)
        if fate is Fate.DROP:
            raise UnavailableError("The list was lost on its way.")
        status = await self._inner.mass_status(since)
        if fate is Fate.DELAY:
            await asyncio.sleep(self._fates.seconds(DELAY))  # by now it is old
        return status

    async def events(self) -> AsyncIterator[Report]:
        heard: asyncio.Queue[Report | Exception | None] = asyncio.Queue()
        listening = asyncio.create_task(self._listen(heard))
        try:
            while (report := await heard.get()) is not None:
                if isinstance(report, Exception):
                    raise report
                yield report
        finally:
            listening.cancel()

    async def _carry(self, send: Callable[[], Awaitable[None]]) -> None:
        """Send, or not, or twice, or too late; the desk knows only what it would over such a line."""
        fate = self._fates.next(MESSAGES)
        if fate is Fate.DROP:
            return
        if fate in (Fate.DELAY, Fate.LATE):
            held_up = LATE if fate is Fate.LATE else self._fates.seconds(DELAY)
            task = asyncio.create_task(_later(held_up, send))
            self._on_their_way.add(task)
            task.add_done_callback(self._on_their_way.discard)
            await asyncio.shield(task)  # the outbox may give up waiting: the message is on its way all the same
            return
        await send()
        if fate is Fate.DOUBLE:
            await _again(send)
        if fate is Fate.DEAF:
            raise LineTornError("The answer was lost on its way.")

    async def _listen(self, heard: asyncio.Queue[Report | Exception | None]) -> None:
        later = asyncio.get_running_loop().call_later
        try:
            async for report in self._inner.events():
                fate = self._fates.next(REPORTS)
                if fate is Fate.DROP:
                    continue
                if fate is Fate.DELAY:
                    later(self._fates.seconds(DELAY), heard.put_nowait, report)
                elif fate is Fate.REORDER:
                    later(SWAP, heard.put_nowait, report)  # those behind it overtake it
                else:
                    heard.put_nowait(report)
                if fate is Fate.DOUBLE:
                    later(self._fates.seconds(DELAY), heard.put_nowait, report)
        except Exception as e:  # noqa: BLE001 it is raised again where the reports are awaited
            heard.put_nowait(e)
        else:
            heard.put_nowait(None)


async def _later(seconds: float, send: Callable[[], Awaitable[None]]) -> None:
    await asyncio.sleep(seconds)
    await send()


async def _again(send: Callable[[], Awaitable[None]]) -> None:
    """Send the copy that the line made; the broker's refusal of it goes to nobody."""
    try:
        await send()
    except RefusedError:
        return
