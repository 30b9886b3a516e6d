"""How much of a broker's limits is left."""

from collections.abc import Iterable
from datetime import datetime

from allcore import live
from brokers.ports import Bucket


def key_of(connection: str, bucket: str) -> str:
    """Return where a bucket's level is kept."""
    return f"pace:{connection}:{bucket}"


def budgets(connection: str, buckets: Iterable[Bucket], *, now: datetime) -> list[dict[str, object]]:
    """Return each bucket's level now, and by how much the broker has slowed us down (1 is not at all)."""
    moment = now.timestamp()
    rows = []
    for bucket in buckets:
        kept = live.client().hmget(key_of(connection, bucket.name), ["tokens", "at", "factor", "closed_until"])
        tokens, at, factor, closed = (None if value is None else float(value) for value in kept)
        level = (
            bucket.burst if tokens is None or at is None else min(bucket.burst, tokens + (moment - at) * bucket.rate)
        )
        rows.append(
            {
                "bucket": bucket.name,
                "rate": bucket.rate,
                "burst": bucket.burst,
                "reserved": bucket.reserved,
                "left": round(level, 1),
                "factor": 1.0 if factor is None else round(factor, 2),
                "closed_for": 0.0 if closed is None else round(max(0.0, closed - moment), 1),
            }
        )
    return rows
