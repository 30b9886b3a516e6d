"""What a run's chart is drawn from: a sample of its market each second, in Redis. Losing it loses a picture."""

import contextlib
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import orjson
import redis

from allcore import live
from trading.domain.algos.events import Look
from trading.services.algos.run import Live

EVERY = timedelta(seconds=1)
KEPT = 3600  # samples
KEPT_FOR = timedelta(days=2)


class Traced(Protocol):
    """What is sampled."""

    live: Live
    traced_at: datetime | None


def key(run_id: UUID) -> str:
    """Return where a run's samples are."""
    return f"algo:{{{run_id}}}"


def note(held: Traced, seen: Look) -> None:
    """Keep a sample of what the run sees, one a second at most: time, bid, ask, and the price of its open child."""
    if held.traced_at is not None and seen.at - held.traced_at < EVERY:
        return
    held.traced_at = seen.at
    child = next(iter(held.live.state.open), None)
    sample = [
        seen.at.isoformat(),
        None if seen.bid is None else str(seen.bid),
        None if seen.ask is None else str(seen.ask),
        None if child is None else str(child.cost),
    ]
    with contextlib.suppress(redis.RedisError), live.client().pipeline(transaction=False) as pipe:
        pipe.rpush(key(held.live.run_id), orjson.dumps(sample))
        pipe.ltrim(key(held.live.run_id), -KEPT, -1)
        pipe.expire(key(held.live.run_id), KEPT_FOR)
        pipe.execute()
