"""The demo desk on the simulated market, at the first seconds of its default start."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.demo.seed import seed
from allcore.kernel.clock import utc_now
from brokers.models import Connection
from marketdata.domain import feeds
from marketdata.domain.simulator import world
from marketdata.services import feed_state
from marketdata.services.run import open_feed
from tests.builders.market import clear
from trading.models import Proposal, StrategyNote
from trading.services import classify
from trading.services.monitor import Monitor


@dataclass(frozen=True, slots=True)
class DemoDesk:
    """The desk's time, and its people."""

    now: datetime

    def actor(self, username: str) -> Actor:
        return Actor(User.objects.get(username=username))

    def pending(self, underlying: str) -> Proposal:
        return Proposal.objects.get(underlying=underlying, account__code="REV-1", status="PENDING")

    def note(self, account: str, underlying: str) -> StrategyNote:
        return StrategyNote.objects.get(account__code=account, underlying=underlying)


def begin() -> DemoDesk:
    """Seed the demo, open its feed for two seconds, and class the week."""
    now = utc_now()
    seed(feeds.parse("sim"), now=now, exchange_at=world.START)
    Connection.objects.update(state=Connection.State.UP)
    feed = open_feed("sim", now)
    assert feed is not None
    feed.tick(now)
    later = now + timedelta(seconds=1)
    feed.tick(later)
    Monitor().look(later)
    classify.run(now=later)
    return DemoDesk(later)


def end() -> None:
    """Empty Redis and give back the feed's lock, which a rolled back transaction keeps."""
    feed_state.release()
    clear()


@pytest.fixture
def demo(db: None) -> Iterator[DemoDesk]:
    yield begin()
    end()


@pytest.fixture
def committed_demo(transactional_db: None) -> Iterator[DemoDesk]:
    """The same, committed, for tests in which several connections work at once."""
    yield begin()
    end()
