"""What a run's chart is drawn from: a sample of its market each two seconds, in Redis. Losing it loses a picture."""

import contextlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

import orjson
import redis

from allcore import live
from trading.domain.algos.glance import Sides
from trading.services.algos.run import Live

KEPT = 3600  # samples: two hours
KEPT_FOR = timedelta(days=2)


class Traced(Protocol):
    """What is sampled."""

    live: Live
    seen: Sides | None
    seen_at: datetime | None


def key(run_id: UUID) -> str:
    """Return where a run's samples are."""
    return f"algo:{{{run_id}}}"


def keep(held: Iterable[Traced]) -> None:
    """Keep a sample of what each run saw last, in one round trip for all: time, bid, ask, its child's price."""
    with contextlib.suppress(redis.RedisError), live.client().pipeline(transaction=False) as pipe:
        for one in held:
            if one.seen_at is not None:
                pipe.rpush(key(one.live.run_id), orjson.dumps(_sample(one.live, one.seen, one.seen_at)))
                pipe.ltrim(key(one.live.run_id), -KEPT, -1)
                pipe.expire(key(one.live.run_id), KEPT_FOR)
        pipe.execute()


def _sample(run: Live, seen: Sides | None, at: datetime) -> list[str | None]:
    child = next(iter(run.state.open), None)
    return [
        at.isoformat(),
        *((None, None) if seen is None else map(str, seen)),
        None if child is None else str(child.cost),
    ]
