"""A broker's quotes as the desk's market: a line kept in a thread of its own, and what it said since it was asked."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from queue import SimpleQueue

import structlog

from allcore.kernel import calendar
from allcore.kernel.clock import new_york_date, utc_now
from allcore.kernel.errors import InvalidInputError, UnavailableError
from allcore.kernel.instruments import InstrumentKind, OptionContract, TickRule
from allcore.kernel.quotes import Quote
from brokers.markets import MarketLine
from marketdata.domain.bars import DailyBar
from marketdata.domain.feeds import BrokerFeed
from marketdata.domain.live import nearest
from marketdata.domain.sources import Listing, Moment, SourceKind
from marketdata.services.depths import Books, HasBooks

FRESH = timedelta(seconds=5)  # without a sign of life for longer, nothing that stands is vouched for
LOOK_EVERY = 0.25
BACK_OFF_FIRST, BACK_OFF_MOST = 1.0, 30.0
STOP_SECONDS = 10.0
LINES = 100

log = structlog.get_logger("desk.feed")


class DayOverError(UnavailableError):
    """A new day's options are to be asked for."""

    code = "DAY_OVER"


class LiveMarket:
    """The market that one broker's line shows. The line lives in a thread; everything else is the feed's.

    `edition` rises when the listings change. `forgets` is set when a line began or ended: what stood before is not to
    be vouched for.
    """

    kind = SourceKind.LIVE

    def __init__(
        self, spec: BrokerFeed, names: Sequence[Listing], open_line: Callable[[], MarketLine], now: datetime
    ) -> None:
        self._spec = spec
        self._names = tuple(names)
        self._open_line = open_line
        self._heard: SimpleQueue[Quote | None] = SimpleQueue()
        self._vouched_until: datetime | None = None
        self._listed: tuple[Listing, ...] = self._names
        self._spots: dict[str, Decimal] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._host, name="live-market", daemon=True)
        self.rate = spec.rate
        self.starts_at = now
        self.listed_on = new_york_date(now)
        self.edition = 0
        self.forgets = False

    def begin(self) -> None:
        """Take up the line, and keep it."""
        self._thread.start()

    def close(self) -> None:
        """Hang up."""
        if self._loop is not None and self._keeping is not None:
            self._loop.call_soon_threadsafe(self._keeping.cancel)
            self._thread.join(STOP_SECONDS)

    def vouches(self, now: datetime) -> bool:
        """Return whether the line is alive, so that a quote that stands still is still the market's."""
        until = self._vouched_until
        return until is not None and now <= until

    def listings(self) -> Sequence[Listing]:
        """Return the underlyings, and the options that are quoted."""
        return self._listed

    def history(self) -> Sequence[DailyBar]:
        """Know none: days are kept as they pass."""
        return ()

    def official_bars(self, day: date) -> Sequence[DailyBar]:
        """Know none better than the feed's own minutes."""
        return ()

    def advance(self, moment: Moment) -> Sequence[Quote]:
        """Return what the line said since."""
        changed: dict[str, Quote] = {}
        while not self._heard.empty():
            quote = self._heard.get()
            if quote is None:
                self.forgets = True
                changed.clear()
            else:
                changed[quote.symbol] = quote
        return list(changed.values())

    def open_interest(self) -> Mapping[str, int]:
        """Know none."""
        return {}

    def reopens_after(self, at: datetime) -> datetime | None:
        """Return the next session's open."""
        session = calendar.session_on(new_york_date(at))
        if session is not None and at < session.opens_at:
            return session.opens_at
        return calendar.next_session(new_york_date(at)).opens_at

    def checkpoint(self) -> dict[str, object]:
        """Hold nothing: what the market is now, the line says."""
        return {}

    def _host(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            try:
                runner.run(self._keep())
            except asyncio.CancelledError:
                log.info("live market closed", connection=self._spec.connection)

    async def _keep(self) -> None:
        """Hold a line for ever; whatever ends one is logged, and another is taken up, ever more slowly."""
        self._keeping = asyncio.current_task()
        pause = BACK_OFF_FIRST
        while True:
            try:
                await self._hold()
            except Exception as e:  # noqa: BLE001 the top of this thread: it would stand still unseen
                log.warning("live market interrupted", connection=self._spec.connection, error=repr(e), retry_in=pause)
            pause = BACK_OFF_FIRST if self._vouched_until is not None else min(pause * 2, BACK_OFF_MOST)
            self._vouched_until = None
            self._heard.put(None)
            await asyncio.sleep(pause)

    async def _hold(self) -> None:
        line = self._open_line()
        try:
            await line.connect()
            self._heard.put(None)
            self._spots.clear()
            self._list(())
            await line.subscribe([name.symbol for name in self._names])
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch(line))
                group.create_task(self._listen(line))
                group.create_task(self._ask_for_options(line))
                if isinstance(line, HasBooks):
                    group.create_task(Books(line.depth, self._spec.connection).run())
        finally:
            await line.close()

    async def _watch(self, line: MarketLine) -> None:
        while new_york_date(utc_now()) == self.listed_on:
            health = await line.health()
            if health.is_connected and health.heard_at is not None:
                self._vouched_until = health.heard_at + FRESH
            await asyncio.sleep(LOOK_EVERY)
        raise DayOverError("A new day begins.")

    async def _listen(self, line: MarketLine) -> None:
        async for quote in line.quotes():
            price = quote.last if quote.mid is None else quote.mid
            if price is not None:
                self._spots[quote.symbol] = price
            self._heard.put(replace(quote, source=f"{SourceKind.LIVE}/{self._spec.connection}"))
        raise UnavailableError("The line for quotes ended.")

    async def _ask_for_options(self, line: MarketLine) -> None:
        """Subscribe to what is near the money of each underlying, as soon as it has a price."""
        owners = [name.symbol for name in self._names if name.kind is not InstrumentKind.INDEX]
        most = (LINES - len(self._names)) // max(len(owners), 1)
        quoted: list[OptionContract] = []
        while owners:
            for owner in [name for name in owners if name in self._spots]:
                owners.remove(owner)
                quoted += await self._quoted(line, owner, most)
                self._list([Listing(c.symbol, InstrumentKind.OPTION, "", owner, c, TickRule.PENNY) for c in quoted])
            await asyncio.sleep(LOOK_EVERY)

    async def _quoted(self, line: MarketLine, owner: str, most: int) -> list[OptionContract]:
        spec, today = self._spec, self.listed_on
        listed = await line.options(owner, today + timedelta(days=spec.days))
        listed = tuple(c for c in listed if c.root == owner)  # of other classes the desk knows no underlying
        found = []
        for contract in nearest(listed, self._spots[owner], today=today, strikes=spec.strikes, most=most):
            try:
                await line.subscribe([contract.symbol])
            except InvalidInputError:
                continue  # not every strike is listed for every expiry
            found.append(contract)
        return found

    def _list(self, options: Sequence[Listing]) -> None:
        self.listed_on = new_york_date(utc_now())
        self._listed = (*self._names, *options)
        self.edition += 1
