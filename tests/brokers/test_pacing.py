"""A broker's limits: kept, shared, and never a reason for an order to wait behind data."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import redis.asyncio as aioredis
from django.conf import settings

from allcore.kernel.clock import utc_now
from brokers.ports import Bucket, Lane
from brokers.selectors.budgets import budgets
from brokers.services.pacing import RedisPacer

pytestmark = pytest.mark.asyncio
SLOW = Bucket("orders", rate=2.0, burst=10, reserved=4)


@pytest.fixture
async def pacer() -> AsyncIterator[RedisPacer]:
    client = aioredis.Redis.from_url(settings.REDIS_URL)
    yield RedisPacer(f"c-{uuid4().hex[:8]}", client)
    await client.aclose()


async def granted(pacer: RedisPacer, lane: Lane, calls: int, within: float = 0.2) -> int:
    """Ask for the calls at once and count those granted within a while that is too short for the bucket to refill."""
    tasks = [asyncio.create_task(pacer.take(SLOW, lane=lane)) for _ in range(calls)]
    done, pending = await asyncio.wait(tasks, timeout=within)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    return len(done)


async def test_a_burst_is_granted_and_no_more(pacer: RedisPacer) -> None:
    assert await granted(pacer, Lane.ORDERS, 15) == 10


async def test_data_never_takes_what_is_kept_for_orders(pacer: RedisPacer) -> None:
    assert await granted(pacer, Lane.DATA, 1000) == 6
    assert await granted(pacer, Lane.ORDERS, 4) == 4


async def test_two_workers_share_one_limit(pacer: RedisPacer) -> None:
    other = RedisPacer(pacer.connection, pacer.client)

    both = await asyncio.gather(granted(pacer, Lane.ORDERS, 8), granted(other, Lane.ORDERS, 8))

    assert sum(both) == 10


async def test_a_call_waits_its_turn_and_then_goes(pacer: RedisPacer) -> None:
    fast = Bucket("fast", rate=50.0, burst=1)
    started = time.monotonic()
    for _ in range(3):
        await pacer.take(fast, lane=Lane.ORDERS)

    assert time.monotonic() - started >= 0.03


async def test_too_many_closes_the_data_lane_and_slows_the_bucket(pacer: RedisPacer) -> None:
    await pacer.pushed_back(SLOW, retry_after=30.0)

    row = budgets(pacer.connection, [SLOW], now=utc_now())[0]

    assert row["factor"] == 0.5
    assert 29.0 <= float(str(row["closed_for"])) <= 30.0
    assert await granted(pacer, Lane.DATA, 1) == 0


async def test_a_redis_that_is_away_leaves_the_limit_standing() -> None:
    nowhere = aioredis.Redis.from_url("redis://127.0.0.1:1/0")
    pacer = RedisPacer("away", nowhere)

    assert await granted(pacer, Lane.ORDERS, 15) == 10
    await nowhere.aclose()


async def test_the_budget_shows_what_is_left(pacer: RedisPacer) -> None:
    await pacer.take(SLOW, lane=Lane.ORDERS, weight=3)

    row = budgets(pacer.connection, [SLOW], now=utc_now())[0]

    assert 7.0 <= float(str(row["left"])) <= 7.5


class Counting:
    """A Redis that notes how many questions were open at once."""

    def __init__(self, client: aioredis.Redis) -> None:
        self._client = client
        self._open = 0
        self.most = 0

    async def eval(self, *asked: object) -> object:
        self._open += 1
        self.most = max(self.most, self._open)
        try:
            return await self._client.eval(*asked)  # type: ignore[arg-type]  # as the pacer asks
        finally:
            self._open -= 1


async def test_a_thousand_data_calls_ask_one_at_a_time(pacer: RedisPacer) -> None:
    counting = Counting(pacer.client)
    crowded = RedisPacer(pacer.connection, counting)  # type: ignore[arg-type]  # of Redis it needs `eval` alone

    await granted(crowded, Lane.DATA, 1000)

    assert counting.most == 1
