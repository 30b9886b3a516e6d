"""Starting the feed, and keeping it going while servers come and go."""

from collections.abc import Callable
from datetime import datetime
from threading import Event
from typing import Protocol

import redis
import structlog
from django.db import InterfaceError, OperationalError, connection

from allcore.kernel.clock import ExchangeClock
from marketdata.domain import feeds
from marketdata.domain.feeds import BrokerFeed, NoFeed
from marketdata.services import feed_state, sources
from marketdata.services.feed import Feed
from marketdata.services.live_feed import LiveFeed

log = structlog.get_logger("desk.feed")
Now = Callable[[], datetime]


class Ticking(Protocol):
    """What is kept going: a feed."""

    def tick(self, now: datetime) -> None:
        """Do what is due."""
        ...

    def stop(self, now: datetime) -> None:
        """End in good order."""
        ...


PERIOD = 0.25
FIRST_WAIT = 0.25
LONGEST_WAIT = 5.0
OUTAGES = (redis.RedisError, OperationalError, InterfaceError)


def open_feed(setting: str, now: datetime) -> Feed | None:
    """Return the feed that the setting asks for, where it stopped or at its start; None for `none`.

    Raises:
        BadFeedError: the setting cannot be meant, or its recording is not there.
        FeedRunsAlreadyError: another process feeds this desk.
    """
    spec = feeds.parse(setting)
    if isinstance(spec, NoFeed):
        return None
    feed_state.claim()
    if isinstance(spec, BrokerFeed):
        live = LiveFeed(sources.open_live(spec, now), ExchangeClock(now, now, 1.0), spec=setting)
        live.begin(now)
        log.info("feed begins", spec=setting)
        return live
    row = feed_state.saved(setting)
    at = None if row is None else row.stops_at or row.exchange_anchor_at
    stopped = None if row is None or at is None else sources.Stopped(row.checkpoint, at)
    source = sources.open_source(spec, stopped)
    clock = ExchangeClock(now, at or source.starts_at, spec.speed)
    feed = Feed(source, clock, spec=setting, pause=spec.pause)
    if stopped is None:
        feed.begin(now)
    else:
        feed.resume()
    log.info("feed begins", spec=setting, exchange=clock.exchange_anchor.isoformat(), resumed=stopped is not None)
    return feed


def keep_going(feed: Ticking, *, now: Now, stopping: Event) -> None:
    """Tick four times a second until told to stop; while Redis or PostgreSQL is away, try again ever more slowly."""
    failures = 0
    while not stopping.is_set():
        began = now()
        try:
            if failures:
                feed_state.claim()
            feed.tick(began)
            failures = 0
        except OUTAGES as e:
            failures += 1
            log.warning("feed interrupted", error=str(e).strip(), failures=failures)
            connection.close()
        spent = (now() - began).total_seconds()
        stopping.wait(_wait(failures) if failures else max(PERIOD - spent, 0.01))
    feed.stop(now())


def _wait(failures: int) -> float:
    return float(min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT))
