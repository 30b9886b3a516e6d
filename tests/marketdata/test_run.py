"""The feed's process: where it starts, how it ends, what it survives."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from threading import Event

import pytest
import redis
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import override_settings

from allcore.kernel.errors import ConflictError
from marketdata.domain.feeds import BadFeedError
from marketdata.models import FeedState
from marketdata.selectors import clock, quotes
from marketdata.services import feed_state, run
from marketdata.services.feed import Feed
from tests.builders import market

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
SPEC = "sim:start=2026-06-10T09:30"
OPEN = datetime(2026, 6, 10, 13, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def fresh(db: None) -> Iterator[None]:
    """Redis is empty, and no earlier feed of this connection holds the lock."""
    market.clear()
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")


def opened(spec: str = SPEC, now: datetime = NOW) -> Feed:
    feed = run.open_feed(spec, now)
    assert feed is not None
    return feed


def test_a_restarted_feed_goes_on_with_the_same_market() -> None:
    first = opened()
    first.tick(NOW)
    first.stop(NOW + timedelta(seconds=3))
    before = quotes.latest(["TSLA"])["TSLA"]

    again = opened(now=NOW + timedelta(hours=8))
    again.tick(NOW + timedelta(hours=8))

    assert clock.exchange_now(NOW + timedelta(hours=8)) == OPEN + timedelta(seconds=3)
    after = quotes.latest(["TSLA"])["TSLA"]
    assert after.mid is not None
    assert before.mid is not None
    assert abs(after.mid - before.mid) < 1
    assert after.source_at == OPEN + timedelta(seconds=3)


def test_a_killed_feed_never_runs_the_exchanges_clock_backwards() -> None:
    opened().tick(NOW)
    shown = clock.exchange_now(NOW + timedelta(hours=1))

    again = opened(now=NOW + timedelta(hours=1))
    again.tick(NOW + timedelta(hours=1))

    assert clock.exchange_now(NOW + timedelta(hours=1)) == shown


def test_another_pace_goes_on_with_the_same_market() -> None:
    first = opened()
    first.tick(NOW)
    first.stop(NOW + timedelta(seconds=3))

    opened(f"{SPEC},speed=60,pause=5", now=NOW + timedelta(hours=8)).tick(NOW + timedelta(hours=8))

    assert clock.exchange_now(NOW + timedelta(hours=8)) == OPEN + timedelta(seconds=3)


def test_another_setting_begins_another_market() -> None:
    opened().tick(NOW)

    opened("sim:seed=8,start=2026-06-10T09:30").tick(NOW)

    assert FeedState.objects.get().spec == "sim:seed=8,start=2026-06-10T09:30"
    assert clock.exchange_now(NOW) == OPEN


def test_a_bad_setting_is_refused_before_anything_is_written() -> None:
    with pytest.raises(BadFeedError):
        opened("simulate")

    assert not FeedState.objects.exists()


def test_without_a_feed_the_command_says_so_and_ends() -> None:
    out = StringIO()
    with override_settings(FEED="none"):
        call_command("run_feed", stdout=out)

    assert "without market data" in out.getvalue()


def test_a_bad_setting_ends_the_command_with_a_sentence() -> None:
    with override_settings(FEED="replay:/nowhere"), pytest.raises(CommandError, match="no directory"):
        call_command("run_feed")


class Flaky:
    """A feed whose ticks fail as it is told, and which stops the loop when its script is over."""

    def __init__(self, script: list[Exception | None], stopping: Event) -> None:
        self.script = script
        self.stopping = stopping
        self.ticks = 0
        self.stopped = 0

    def tick(self, now: datetime) -> None:
        self.ticks += 1
        outcome = self.script.pop(0)
        if not self.script:
            self.stopping.set()
        if outcome is not None:
            raise outcome

    def stop(self, now: datetime) -> None:
        self.stopped += 1


class Impatient(Event):
    """An event whose waits end at once and are remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0)
        return self.is_set()


@pytest.mark.django_db(transaction=True)
def test_outages_are_survived_with_ever_longer_waits() -> None:
    stopping = Impatient()
    away: list[Exception | None] = [
        redis.ConnectionError(),
        *[OperationalError()] * 5,
        None,
        redis.TimeoutError(),
        None,
    ]
    feed = Flaky(away, stopping)

    run.keep_going(feed, now=lambda: NOW, stopping=stopping)

    assert feed.ticks == 9
    assert feed.stopped == 1
    assert stopping.waits == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 0.25, 0.25, 0.25]


def test_a_fault_of_ours_ends_the_process() -> None:
    stopping = Impatient()

    with pytest.raises(ZeroDivisionError):
        run.keep_going(Flaky([ZeroDivisionError()], stopping), now=lambda: NOW, stopping=stopping)


@pytest.fixture
def other_process() -> Iterator[None]:
    """Another connection that holds the feed's lock."""
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [feed_state.LOCK])
        assert cursor.fetchone() == (True,)
    yield
    with other.cursor() as cursor:  # the server hears of a closed connection later than the next test asks
        cursor.execute("SELECT pg_advisory_unlock(%s)", [feed_state.LOCK])
    other.close()


def test_only_one_feed_runs_on_a_desk(other_process: None) -> None:
    with pytest.raises(ConflictError, match="runs on this desk"):
        opened()
