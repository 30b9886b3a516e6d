"""Market data in: best bid and ask from Schwab's stream, which tells only what changed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from allcore.kernel.quotes import Quote
from brokers.schwab.stream import Stream

SOURCE = "schwab"
WAITING_MOST = 10_000
HALTED = "Halted"


@dataclass(frozen=True, slots=True)
class Fields:
    """Under which numbers a service tells what."""

    bid: str
    ask: str
    last: str
    bid_size: str
    ask_size: str
    volume: str
    status: str
    quoted_at: str  # milliseconds


# The numbers are those of Schwab's streaming guide, as schwab-py has them too.
FIELDS = {
    "LEVELONE_OPTIONS": Fields("2", "3", "4", "16", "17", "8", "33", "38"),
    "LEVELONE_EQUITIES": Fields("1", "2", "3", "4", "5", "8", "32", "34"),
}


class SchwabQuotes:
    """The quotes of one session's stream: Schwab allows one line a user, so orders' news and quotes share it.

    What was told before is kept, since a message holds only what changed. A heartbeat vouches for what stands still.
    """

    def __init__(self, stream: Stream, clock: Callable[[], datetime]) -> None:
        self._stream = stream
        self._clock = clock
        self._told: dict[str, dict[str, Any]] = {}
        self._standing: dict[str, Quote] = {}
        self._wanted: set[str] = set()
        self._news: asyncio.Queue[Quote] = asyncio.Queue(WAITING_MOST)
        stream.on_level_one, stream.on_heartbeat = self._hear, self._vouch

    async def subscribe(self, symbols: Iterable[str]) -> None:
        """Ask for quotes of the symbols as well; after a cut the stream asks again by itself."""
        fresh = set(symbols) - self._wanted
        self._wanted |= fresh
        await self._stream.subscribe(fresh)

    async def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Stop asking."""
        unwanted = set(symbols) & self._wanted
        self._wanted -= unwanted
        for symbol in unwanted:
            self._told.pop(symbol, None)
            self._standing.pop(symbol, None)
        await self._stream.unsubscribe(unwanted)

    async def quotes(self) -> AsyncIterator[Quote]:
        """Yield quotes as they come."""
        while True:
            yield await self._news.get()

    def _hear(self, service: str, row: Mapping[str, Any]) -> None:
        symbol = str(row.get("key", ""))
        fields = FIELDS.get(service)
        if fields is None or symbol not in self._wanted:
            return
        told = self._told.setdefault(symbol, {})
        told |= row
        quote = _quote(symbol, told, fields, self._clock())
        self._standing[symbol] = quote
        self._tell(quote)

    def _vouch(self) -> None:
        now = self._clock()
        for symbol, quote in self._standing.items():
            self._standing[symbol] = vouched = replace(quote, received_at=now)
            self._tell(vouched)

    def _tell(self, quote: Quote) -> None:
        if self._news.full():
            self._news.get_nowait()  # the newest matters; who reads too slowly misses the oldest
        self._news.put_nowait(quote)


def _quote(symbol: str, told: Mapping[str, Any], fields: Fields, now: datetime) -> Quote:
    stamp = told.get(fields.quoted_at)
    return Quote(
        symbol=symbol,
        bid=_price(told.get(fields.bid)),
        ask=_price(told.get(fields.ask)),
        bid_size=int(told.get(fields.bid_size) or 0),
        ask_size=int(told.get(fields.ask_size) or 0),
        last=_price(told.get(fields.last)),
        source_at=now if not stamp else datetime.fromtimestamp(int(stamp) / 1000, UTC),
        received_at=now,
        source=SOURCE,
        volume=int(told.get(fields.volume) or 0),
        is_halted=told.get(fields.status) == HALTED,
    )


def _price(value: Any) -> Decimal | None:
    """Return a price; Schwab says 0 where nobody bids or offers."""
    return None if not value or value < 0 else Decimal(str(value))
