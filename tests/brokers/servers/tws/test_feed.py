"""The desk's quotes reach the test exchange."""

import asyncio
import json
from decimal import Decimal

import redis.asyncio as aioredis
from django.conf import settings

from tests.brokers.servers.tws.feed import follow, show
from tests.brokers.servers.tws.server import TwsServer
from tests.builders.paper import LOW_PUT, PATIENCE, PUT


def row(bid: str | None, ask: str | None, *, is_halted: bool = False) -> list[object]:
    return [bid, ask, 7, 9, None, "2026-06-10T14:00:00+00:00", "2026-06-10T14:00:00+00:00", "sim", 0, is_halted]


async def test_quotes_are_shown_with_the_smaller_size() -> None:
    exchange = TwsServer.make().exchange

    show(exchange, [(PUT, row("4.10", "4.20"))])

    assert (exchange.board[PUT].ask, exchange.board[PUT].ask_size) == (Decimal("4.20"), 7)


async def test_what_is_halted_has_no_price() -> None:
    exchange = TwsServer.make().exchange

    show(exchange, [(PUT, row("4.10", "4.20", is_halted=True))])

    assert exchange.board[PUT].ask is None


async def test_what_stands_is_shown_and_then_what_comes() -> None:
    exchange = TwsServer.make().exchange
    client = aioredis.Redis.from_url(settings.REDIS_URL)
    async for left in client.scan_iter("quotes:*"):
        await client.delete(left)  # by another test of this process
    await client.hset("quotes:{TSLA}", PUT, json.dumps(row("4.10", "4.20")))
    shown: asyncio.Queue[str] = asyncio.Queue()
    exchange.watch(shown.put_nowait)

    following = asyncio.create_task(follow(exchange, settings.REDIS_URL))
    async with asyncio.timeout(PATIENCE):
        standing = await shown.get()
        await client.publish("quotes", json.dumps([[LOW_PUT, row("1.00", "1.05")]]))
        came = await shown.get()

    assert (standing, came) == (PUT, LOW_PUT)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    await client.delete("quotes:{TSLA}")
    await client.aclose()
