"""The paper broker's view of the market: the feed's quotes and clock in Redis."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
import redis.asyncio as redis
from redis.exceptions import RedisError

from allcore.kernel.clock import ExchangeClock
from allcore.kernel.errors import UnavailableError
from allcore.kernel.quotes import Quote
from brokers.paper.contracts import underlying_of
from brokers.paper.quotes import Watched

CHANNEL = "quotes"
CLOCK_KEY = "feed:clock"
BACK_OFF_FIRST = 0.1
BACK_OFF_MOST = 5.0
TIMEOUT = 2.0  # seconds, of what is answered at once
SILENCE = 5.0  # seconds without a message before the line is tested


class QuotesAwayError(UnavailableError):
    """The market cannot be seen: Redis is away, or no feed has run."""

    code = "PAPER_QUOTES_AWAY"


class RedisQuotes:
    """Reads what the feed publishes. Two connections: one asks, one listens."""

    def __init__(self, url: str) -> None:
        self._asking = redis.Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=1.0)
        # A listener may wait for longer than the library's socket time-out.
        self._listening = redis.Redis.from_url(url, socket_timeout=None, socket_connect_timeout=1.0)

    async def batches(self, watched: Watched) -> AsyncIterator[Mapping[str, Quote] | None]:
        """Yield quotes of watched symbols as they change, for ever; None says that some may have been missed."""
        pause = BACK_OFF_FIRST
        while True:
            try:
                async with self._listening.pubsub(ignore_subscribe_messages=True) as line:
                    await line.subscribe(CHANNEL)
                    pause = BACK_OFF_FIRST
                    yield None
                    while True:
                        if batch := await _next(line, watched):
                            yield batch
            except (RedisError, OSError):
                await asyncio.sleep(pause)
                pause = min(pause * 2, BACK_OFF_MOST)

    async def latest(self, symbols: Iterable[str]) -> dict[str, Quote]:
        """Return the quotes that stand now; a symbol never quoted is absent."""
        families: defaultdict[str, list[str]] = defaultdict(list)
        for symbol in sorted(symbols):
            families[underlying_of(symbol)].append(symbol)
        if not families:
            return {}
        try:
            async with self._asking.pipeline(transaction=False) as pipe:
                for underlying, members in families.items():
                    pipe.hmget(f"quotes:{{{underlying}}}", members)
                answers = await pipe.execute()
        except (RedisError, OSError) as e:
            raise QuotesAwayError(f"Quotes cannot be read: {e}") from e
        found = zip(
            [s for members in families.values() for s in members], [a for row in answers for a in row], strict=True
        )
        return {symbol: quote_of(symbol, orjson.loads(raw)) for symbol, raw in found if raw is not None}

    async def clock(self) -> ExchangeClock:
        """Return the exchange's clock."""
        try:
            raw = await self._asking.get(CLOCK_KEY)
        except (RedisError, OSError) as e:
            raise QuotesAwayError(f"The exchange's clock cannot be read: {e}") from e
        if raw is None:
            raise QuotesAwayError("No feed has set the exchange's clock.")
        data = orjson.loads(raw)
        return ExchangeClock(
            system_anchor=datetime.fromisoformat(data["system_anchor"]),
            exchange_anchor=datetime.fromisoformat(data["exchange_anchor"]),
            speed=float(data["speed"]),
            stops_at=None if data["stops_at"] is None else datetime.fromisoformat(data["stops_at"]),
        )

    async def close(self) -> None:
        """Let the connections go."""
        for client in (self._asking, self._listening):
            with contextlib.suppress(RedisError, OSError):
                await client.aclose()


def quote_of(symbol: str, row: list[Any]) -> Quote:
    """Return the quote that the feed's list holds."""
    bid, ask, bid_size, ask_size, last, source_at, received_at, source, volume, halted = row
    return Quote(
        symbol=symbol,
        bid=None if bid is None else Decimal(bid),
        ask=None if ask is None else Decimal(ask),
        bid_size=int(bid_size),
        ask_size=int(ask_size),
        last=None if last is None else Decimal(last),
        source_at=datetime.fromisoformat(source_at),
        received_at=datetime.fromisoformat(received_at),
        source=source,
        volume=int(volume),
        is_halted=bool(halted),
    )


async def _next(line: "redis.client.PubSub", watched: Watched) -> dict[str, Quote]:
    """Return the watched quotes of the next message; a silent line is tested, so that a dead one is found."""
    message = await line.get_message(timeout=SILENCE)
    if message is None:
        async with asyncio.timeout(TIMEOUT):
            await line.ping()
        return {}
    symbols = watched()
    # The answer to a ping comes by the same way, and is no quote.
    rows = orjson.loads(message["data"]) if symbols and message["type"] == "message" else []
    return {symbol: quote_of(symbol, row) for symbol, row in rows if symbol in symbols}
