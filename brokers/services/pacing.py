"""A broker's limits on calls, shared by every process through Redis; orders and cancels have a lane of their own.

A token bucket for each limit: it fills at the bucket's rate up to its burst, and each call takes from it. Data calls
may not take the last `reserved` tokens, so that a thousand of them never delay an order. A broker's "too many" (429)
closes the data lane for as long as it says and halves the bucket's rate, which recovers by a tenth of itself a second.
"""

import asyncio
import time
from dataclasses import dataclass, field

import redis.asyncio as aioredis
import structlog
from redis.exceptions import RedisError

from brokers.ports import Bucket, Lane
from brokers.selectors.budgets import key_of

BACK_OFF = 0.5  # of the rate that is left, at each 429
RECOVERY = 0.1  # of the full rate, regained each second
CLOSED_FOR = 1.0  # seconds, when the broker does not say how long
KEEP_SECONDS = 3600

TAKE = """
local now_parts = redis.call('TIME')
local now = tonumber(now_parts[1]) + tonumber(now_parts[2]) / 1000000
local rate, burst, floor = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local weight, recovery, is_data = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == 'DATA'
local row = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'factor', 'closed_until')
local tokens = tonumber(row[1]) or burst
local at = tonumber(row[2]) or now
local factor = tonumber(row[3]) or 1
local closed_until = tonumber(row[4]) or 0
factor = math.min(1, factor + recovery * (now - at))
tokens = math.min(burst, tokens + (now - at) * rate * factor)
local wait = 0
if is_data and closed_until > now then
  wait = closed_until - now
elseif tokens - weight < floor then
  wait = (weight + floor - tokens) / (rate * factor)
else
  tokens = tokens - weight
end
redis.call('HSET', KEYS[1], 'tokens', tokens, 'at', now, 'factor', factor)
redis.call('EXPIRE', KEYS[1], ARGV[7])
return tostring(wait)
"""
PUSH_BACK = """
local now_parts = redis.call('TIME')
local now = tonumber(now_parts[1]) + tonumber(now_parts[2]) / 1000000
local factor = tonumber(redis.call('HGET', KEYS[1], 'factor') or '1') * tonumber(ARGV[1])
local closed_until = now + tonumber(ARGV[2])
redis.call('HSET', KEYS[1], 'factor', math.max(factor, 0.05), 'tokens', 0, 'at', now, 'closed_until', closed_until)
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Local:
    """A bucket of this process alone, for while Redis is away: one worker holds a connection's lease anyway."""

    tokens: float
    at: float

    def wait(self, bucket: Bucket, floor: int, weight: int, now: float) -> float:
        self.tokens = min(bucket.burst, self.tokens + (now - self.at) * bucket.rate)
        self.at = now
        if self.tokens - weight < floor:
            return (weight + floor - self.tokens) / bucket.rate
        self.tokens -= weight
        return 0.0


@dataclass(slots=True)
class RedisPacer:
    """Hands out the calls of one connection."""

    connection: str
    client: "aioredis.Redis"
    _local: dict[str, _Local] = field(default_factory=dict)
    _queues: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def take(self, bucket: Bucket, *, lane: Lane, weight: int = 1) -> None:
        """Wait until the call may go out. Data calls queue, and only the first of the queue asks.

        A thousand that all asked again at the same moment would hold up the orders' questions.
        """
        if lane is Lane.ORDERS:
            await self._take(bucket, lane, weight)
            return
        async with self._queues.setdefault(bucket.name, asyncio.Lock()):
            await self._take(bucket, lane, weight)

    async def _take(self, bucket: Bucket, lane: Lane, weight: int) -> None:
        while (wait := await self._wait(bucket, lane, weight)) > 0:  # noqa: ASYNC110 a computed wait, no poll
            await asyncio.sleep(wait)

    async def pushed_back(self, bucket: Bucket, *, retry_after: float | None) -> None:
        """Slow down: the data lane closes for `retry_after` seconds, and the bucket fills at half its rate."""
        closed = CLOSED_FOR if retry_after is None else retry_after
        log.warning("rate_limited", connection=self.connection, bucket=bucket.name, retry_after=retry_after)
        try:
            await self.client.eval(PUSH_BACK, 1, key_of(self.connection, bucket.name), BACK_OFF, closed, KEEP_SECONDS)
        except RedisError:
            self._local[bucket.name] = _Local(0.0, time.monotonic())

    async def _wait(self, bucket: Bucket, lane: Lane, weight: int) -> float:
        floor = 0 if lane is Lane.ORDERS else bucket.reserved
        key = key_of(self.connection, bucket.name)
        numbers = (bucket.rate, bucket.burst, floor, weight, RECOVERY, str(lane), KEEP_SECONDS)
        try:
            return float(await self.client.eval(TAKE, 1, key, *numbers))
        except RedisError:
            now = time.monotonic()
            local = self._local.setdefault(bucket.name, _Local(float(bucket.burst), now))
            return local.wait(bucket, floor, weight, now)
