"""The feed's row: what it needs to go on where it stopped, and the word that only one feed runs."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from allcore.kernel.clock import ExchangeClock
from allcore.kernel.errors import ConflictError
from marketdata.domain.feeds import is_same_market
from marketdata.domain.sources import Source
from marketdata.models import FeedState
from marketdata.selectors.clock import FeedClock

LOCK = 0x00FEED  # a PostgreSQL advisory lock: it goes when its process does


class FeedRunsAlreadyError(ConflictError):
    """Another feed process writes this desk's market."""

    code = "FEED_RUNS_ALREADY"


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life: until `stops_at` the exchange's clock may run without another one."""

    spec: str
    clock: ExchangeClock
    stops_at: datetime
    now: datetime


def claim() -> None:
    """Become the desk's only feed.

    Raises:
        FeedRunsAlreadyError: another process is.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        (is_ours,) = cursor.fetchone()
    if not is_ours:
        raise FeedRunsAlreadyError("Another feed runs on this desk's database already.")


def release() -> None:
    """Let another process become the feed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def saved(spec: str) -> FeedState | None:
    """Return the row of a feed that showed the same market, or None: then the market begins anew.

    A market at another pace is the same one: begun anew, it would run the exchange's clock back under the desk's books.
    """
    row = FeedState.objects.filter(name=FeedState.DESK).exclude(checkpoint={}).first()
    return row if row is not None and is_same_market(row.spec, spec) else None


def save(beat: Beat, source: Source) -> FeedClock:
    """Store where the feed stands, and return the clock that may be told to the desk."""
    clock = beat.clock
    FeedState.objects.update_or_create(
        name=FeedState.DESK,
        defaults={
            "spec": beat.spec,
            "source": source.kind,
            "system_anchor_at": clock.system_anchor,
            "exchange_anchor_at": clock.exchange_anchor,
            "speed": clock.speed,
            "stops_at": beat.stops_at,
            "rate": source.rate,
            "beat_at": beat.now,
            "checkpoint": source.checkpoint(),
        },
    )
    told = ExchangeClock(clock.system_anchor, clock.exchange_anchor, clock.speed, beat.stops_at)
    return FeedClock(told, source.kind, source.rate, beat.now)
