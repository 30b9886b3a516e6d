"""A broker's limits in one process: what is handed out, in which lane, and what the broker pushed back."""

import asyncio
from dataclasses import dataclass, field

from brokers.ports import Bucket, Lane


@dataclass
class LocalPacer:
    """Token buckets without Redis."""

    taken: list[tuple[str, Lane]] = field(default_factory=list)
    pushed: list[str] = field(default_factory=list)
    _tokens: dict[str, tuple[float, float]] = field(default_factory=dict)

    async def take(self, bucket: Bucket, *, lane: Lane, weight: int = 1) -> None:
        self.taken.append((bucket.name, lane))
        while (wait := self._wait(bucket, lane, weight)) > 0:  # noqa: ASYNC110 a computed wait, no poll
            await asyncio.sleep(wait)

    async def pushed_back(self, bucket: Bucket, *, retry_after: float | None) -> None:
        self.pushed.append(bucket.name)

    def _wait(self, bucket: Bucket, lane: Lane, weight: int) -> float:
        now = asyncio.get_running_loop().time()
        tokens, at = self._tokens.get(bucket.name, (float(bucket.burst), now))
        tokens = min(float(bucket.burst), tokens + (now - at) * bucket.rate)
        floor = 0 if lane is Lane.ORDERS else bucket.reserved
        is_free = tokens - weight >= floor
        self._tokens[bucket.name] = (tokens - weight if is_free else tokens, now)
        return 0.0 if is_free else (weight + floor - tokens) / bucket.rate
