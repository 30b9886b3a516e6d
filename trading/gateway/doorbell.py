"""What wakes the outbox: a Redis stream. A lost ring costs at most one sweep."""

import asyncio
import contextlib
from typing import Any

import redis.asyncio as redis
from django.conf import settings

SWEEP_SECONDS = 1.0
POLL_WITHOUT_REDIS = 0.2


class Doorbell:
    """Waits for a ring on a connection's stream, or for the next sweep."""

    def __init__(self, connection: str) -> None:
        self._stream = f"broker:{connection}"
        self._seen: str | bytes = "$"
        # A blocking read must be allowed to outlast the library's socket time-out.
        self._redis = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=None, socket_connect_timeout=1.0)

    async def wait(self) -> None:
        """Return when it rang or a sweep is due; a Redis that is away only makes sweeps of it."""
        try:
            async with asyncio.timeout(SWEEP_SECONDS * 2):
                answer: Any = await self._redis.xread(
                    {self._stream: self._seen}, block=int(SWEEP_SECONDS * 1000), count=1000
                )
        except (redis.RedisError, OSError, TimeoutError):
            await asyncio.sleep(POLL_WITHOUT_REDIS)
            return
        if answer:
            self._seen = answer[0][1][-1][0]

    async def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(redis.RedisError, OSError):
            await self._redis.aclose()
