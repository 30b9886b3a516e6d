"""The desk's own quotes, shown on the test exchange: read from Redis as the feed leaves them there."""

import asyncio
import json
from collections.abc import Iterable

import redis.asyncio as aioredis

from tests.brokers.servers.exchange import Exchange

QUOTES = "quotes:*"
CHANNEL = "quotes"
BID, ASK, BID_SIZE, ASK_SIZE, LAST, HALTED = 0, 1, 2, 3, 4, 9


async def follow(exchange: Exchange, url: str) -> None:
    """Show what stands, then whatever comes, until cancelled."""
    client = aioredis.Redis.from_url(url, decode_responses=True)
    line = client.pubsub()
    try:
        await line.subscribe(CHANNEL)
        async for key in client.scan_iter(match=QUOTES):
            standing = await client.hgetall(key)
            show(exchange, [(str(symbol), json.loads(text)) for symbol, text in standing.items()])
        async for message in line.listen():
            if message["type"] == "message":
                show(exchange, json.loads(message["data"]))
                await asyncio.sleep(0)
    finally:
        await line.aclose()
        await client.aclose()


def show(exchange: Exchange, batch: Iterable[tuple[str, list[object]]]) -> None:
    """Show a batch; what is halted has no price."""
    for symbol, row in batch:
        is_halted = bool(row[HALTED])
        exchange.show(
            symbol,
            None if is_halted or row[BID] is None else str(row[BID]),
            None if is_halted or row[ASK] is None else str(row[ASK]),
            size=min(int(str(row[BID_SIZE])), int(str(row[ASK_SIZE]))),
            last=None if row[LAST] is None else str(row[LAST]),
        )
