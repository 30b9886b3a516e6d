"""The exchange's clock, as the feed keeps it."""

from dataclasses import dataclass
from datetime import datetime

import orjson
import redis

from allcore import live
from allcore.kernel.clock import ExchangeClock, seconds_between
from allcore.kernel.errors import UnavailableError
from marketdata.domain import wire
from marketdata.models import FeedState


class NoFeedError(UnavailableError):
    """No feed has run yet, so the exchange has no time."""

    code = "NO_FEED"


@dataclass(frozen=True, slots=True)
class FeedClock:
    """The clock, what keeps it, the riskless rate its options are valued with, and when it last gave a sign of life."""

    clock: ExchangeClock
    source: str
    rate: float
    beat_at: datetime


def _moment(text: object) -> datetime | None:
    return None if text is None else datetime.fromisoformat(str(text))


def as_dict(state: FeedClock) -> dict[str, object]:
    """Return the clock as it is written in Redis."""
    clock = state.clock
    return {
        "system_anchor": clock.system_anchor.isoformat(),
        "exchange_anchor": clock.exchange_anchor.isoformat(),
        "speed": clock.speed,
        "stops_at": None if clock.stops_at is None else clock.stops_at.isoformat(),
        "source": state.source,
        "rate": state.rate,
        "beat_at": state.beat_at.isoformat(),
    }


def from_dict(data: dict[str, object]) -> FeedClock:
    """Read what `as_dict` wrote."""
    clock = ExchangeClock(
        system_anchor=datetime.fromisoformat(str(data["system_anchor"])),
        exchange_anchor=datetime.fromisoformat(str(data["exchange_anchor"])),
        speed=float(str(data["speed"])),
        stops_at=_moment(data["stops_at"]),
    )
    beat_at = datetime.fromisoformat(str(data["beat_at"]))
    return FeedClock(clock, str(data["source"]), float(str(data["rate"])), beat_at)


def of_row(row: FeedState) -> FeedClock:
    """Return the clock that the feed's row holds."""
    clock = ExchangeClock(row.system_anchor_at, row.exchange_anchor_at, row.speed, row.stops_at)
    return FeedClock(clock, row.source, row.rate, row.beat_at)


def feed_clock() -> FeedClock:
    """Return the clock from Redis, or from the feed's row when Redis is away or empty.

    Raises:
        NoFeedError: no feed has run yet.
    """
    try:
        raw = live.client().get(wire.CLOCK_KEY)
    except redis.RedisError:
        raw = None
    if isinstance(raw, bytes):
        return from_dict(orjson.loads(raw))
    row = FeedState.objects.filter(name=FeedState.DESK).first()
    if row is None:
        raise NoFeedError("No market data feed has run yet, so the exchange has no time here.")
    return of_row(row)


def exchange_clock() -> ExchangeClock:
    """Return the exchange's clock. Raises NoFeedError as `feed_clock`."""
    return feed_clock().clock


def exchange_now(now: datetime) -> datetime:
    """Return the exchange's time (UTC) at the system's time. Raises NoFeedError as `feed_clock`."""
    return exchange_clock().at(now)


def source() -> str:
    """Return SIMULATED, REPLAY or LIVE. Raises NoFeedError as `feed_clock`."""
    return feed_clock().source


def rate() -> float:
    """Return the riskless rate a year that the feed's options are valued with. Raises NoFeedError as `feed_clock`."""
    return feed_clock().rate


def data_age(now: datetime) -> float:
    """Return the seconds since the feed last gave a sign of life. Raises NoFeedError as `feed_clock`."""
    return seconds_between(feed_clock().beat_at, now)
