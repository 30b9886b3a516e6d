"""Orders of which it is not certain how they are: the gateway is asked for its books, and they are believed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from allcore.kernel.errors import DeskError
from brokers.ibkr import states
from brokers.ibkr.gateway import Gateway
from brokers.ibkr.library import Library
from brokers.ibkr.news import Names, OrderNews
from brokers.ibkr.room import Room
from brokers.ibkr.states import Step
from brokers.ibkr.tracks import Track

log = structlog.get_logger(__name__)


class Doubts:
    """Asks about all doubtful orders at once, and never twice at the same time."""

    def __init__(
        self,
        room: Room,
        library: Library,
        gateway: Gateway,
        step: Callable[[Track, Step, Names | None], Awaitable[None]],
    ) -> None:
        self._room = room
        self._library = library
        self._gateway = gateway
        self._step = step
        self._asking: asyncio.Task[None] | None = None
        self._asks_again = False
        self._later: asyncio.TimerHandle | None = None  # when to ask again what was not answered
        self._doubtful: dict[str, str] = {}  # orders to ask about, by number: the replacement that waited then

    @property
    def is_asking(self) -> bool:
        """Whether a question is under way."""
        return self._asking is not None and not self._asking.done()

    def doubt(self, track: Track) -> None:
        """Ask the gateway how the order is."""
        self._doubtful[track.key] = "" if track.replace is None else track.replace[0]
        self.ask()

    def ask(self) -> None:
        """Ask the gateway about everything that is open; if it is being asked, once more afterwards."""
        if self.is_asking:
            self._asks_again = True
            return
        self._asking = asyncio.create_task(self._ask_all())

    async def stop(self) -> None:
        """Ask no more."""
        if self._later is not None:
            self._later.cancel()
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask_all(self) -> None:
        client = self._gateway.client
        doubtful, self._doubtful = self._doubtful, {}
        try:
            found = await self._gateway.named("openOrders", client.reqAllOpenOrders)
            ended = await self._gateway.named("completedOrders", lambda: client.reqCompletedOrders(False))  # noqa: FBT003
            await self._gateway.numbered(lambda number: client.reqExecutions(number, self._library.execution_filter()))
        except DeskError as e:
            log.warning("ibkr_doubt_unanswered", connection=self._room.connection, error=str(e))
            self._doubtful = doubtful | self._doubtful
            if self._gateway.is_up:
                self._later = asyncio.get_running_loop().call_later(self._room.settings.answer_seconds, self.ask)
            return
        for news in [n for n in (*found, *ended) if isinstance(n, OrderNews)]:
            track = await self._room.tracks.of(news.names, news)
            if track is not None and track.key in doubtful:
                await self._resolve(track, news, doubtful[track.key])
        if self._asks_again:
            self._asks_again = False
            self._asking = asyncio.create_task(self._ask_all())

    async def _resolve(self, track: Track, news: OrderNews, replacement: str) -> None:
        """The gateway's books say how the order is: believe them."""
        await self._step(track, states.on_order(track, news), news.names)
        if news.is_completed or news.status == states.INACTIVE:
            track.is_parked |= not (news.is_completed or track.is_ended or track.end_reason)
            if track.is_parked:
                self._room.alert(f"The gateway has order {track.cl_ord_id} as inactive, and gives no reason.")
            ended = states.on_status(track, "Cancelled" if news.status == states.INACTIVE else news.status, "")
            await self._step(track, replace(ended, in_doubt=False), news.names)
        if track.replace is not None and track.replace[0] == replacement:
            await self._step(track, replace(states.on_unchanged(track), in_doubt=False), news.names)
