"""What makes the paper exchange move: quotes as they come, messages as they arrive, and time."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from allcore.kernel.clock import ExchangeClock, new_york_date, seconds_between
from allcore.kernel.errors import UnavailableError
from allcore.kernel.quotes import Quote
from brokers.paper.actions import ActionBook
from brokers.paper.agent import LOOK_BACK
from brokers.paper.chaos import CALM, Chaos, LineCutError, is_cut
from brokers.paper.exchange import Exchange
from brokers.paper.moment import Moment
from brokers.paper.quotes import CloseBook, QuoteSource
from brokers.paper.writer import Writer

TICK = 1.0  # seconds: at least this often the exchange's clock is read, closes and expiries with it
PAUSE = 0.25  # before quotes that could not be had are asked for again


@dataclass(frozen=True, slots=True)
class Sources:
    """What is asked of elsewhere, in the store's thread: closes that no quote has told, and corporate actions."""

    closes: CloseBook
    actions: ActionBook | None = None


class Pulse:
    """Moves one exchange. It sleeps until something is due; each second it looks at the clock."""

    def __init__(
        self,
        exchange: Exchange,
        quotes: QuoteSource,
        writer: Writer,
        now: Callable[[], datetime],
        sources: Sources,
        chaos: Chaos = CALM,
    ) -> None:
        self._chaos = chaos
        self._exchange = exchange
        self._quotes = quotes
        self._writer = writer
        self._now = now
        self._sources = sources
        self._news: dict[str, Quote] = {}
        self._woken = asyncio.Event()
        self._clock: ExchangeClock | None = None
        self._clock_read_at: datetime | None = None
        self._trouble = ""
        self._seen_at: datetime | None = None  # the exchange's time when it was looked at last

    def wake(self) -> None:
        """Say that something has been sent."""
        self._woken.set()

    def details(self) -> dict[str, object]:
        """Return what there is to say of the market's side."""
        return {"quotes": self._trouble or "live"}

    async def listen(self) -> None:
        """Gather quotes; the newest of a symbol wins."""
        async for batch in self._quotes.batches(self._exchange.watched):
            if batch is None:
                self._exchange.look_at_all(self._now())
            else:
                self._news.update(batch)
            self._woken.set()

    async def run(self) -> None:
        """Move the exchange for ever."""
        while True:
            try:
                await self._move()
                self._trouble = ""
            except UnavailableError as e:
                self._trouble = e.message
                await asyncio.sleep(PAUSE)
            await self._rest()

    async def _move(self) -> None:
        now = self._now()
        clock = await self._read_clock(now)
        news, self._news = self._news, {}
        exchange_now = clock.at(now)
        self._cut(exchange_now)
        try:
            asked = self._exchange.wanted(now, news) | news.keys()
            looked_up = await self._quotes.latest(asked - news.keys())
            await self._learn_closes(exchange_now)
            await self._learn_actions(new_york_date(exchange_now))
        except UnavailableError:
            self._news = news | self._news
            self._advance(Moment(now, exchange_now, {}, is_blind=True))
            raise
        self._advance(Moment(now, exchange_now, looked_up | news, frozenset(news), asked=frozenset(asked)))

    def _cut(self, exchange_now: datetime) -> None:
        before, self._seen_at = self._seen_at, exchange_now
        if is_cut(self._chaos, before, exchange_now):
            raise LineCutError("The line was cut, as the chaos setting asks.", at=exchange_now)

    def _advance(self, moment: Moment) -> None:
        for change in self._exchange.advance(moment):
            self._writer.post(change)

    async def _read_clock(self, now: datetime) -> ExchangeClock:
        """Return the exchange's clock, read anew each second: a replay's clock jumps over nights."""
        is_old = self._clock_read_at is None or seconds_between(self._clock_read_at, now) >= TICK
        if self._clock is None or is_old:
            self._clock = await self._quotes.clock()
            self._clock_read_at = now
        return self._clock

    async def _learn_closes(self, exchange_now: datetime) -> None:
        """Ask elsewhere for closes that no quote has told."""
        for underlying, day in self._exchange.awaiting_close(exchange_now):
            price = await self._writer.read(lambda u=underlying, d=day: self._sources.closes(u, d))  # type: ignore[misc]
            if price is not None:
                self._exchange.closes.learn(underlying, day, price)

    async def _learn_actions(self, today: date) -> None:
        """Ask once a day for the actions of what is held."""
        source = self._sources.actions
        if source is None:
            return
        for symbol in self._exchange.agent.unasked(today):
            found = await self._writer.read(lambda s=symbol: source(s, today - LOOK_BACK))  # type: ignore[misc]
            self._exchange.agent.learn(symbol, today, found)

    async def _rest(self) -> None:
        due = self._exchange.due_at()
        wait = TICK if due is None else min(max(seconds_between(self._now(), due), 0.0), TICK)
        if wait > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._woken.wait()
        self._woken.clear()
