"""A seeded desk with a live market, and a broker that follows a script. Each test is one transaction, rolled back."""

from collections.abc import Iterator

import pytest

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.demo.seed import seed
from allcore.kernel.clock import utc_now
from brokers.models import Account, Connection
from marketdata.domain.feeds import parse
from tests.builders import market
from tests.trading.hardcases.floor import Floor
from tests.trading.passage.conftest import refresh


@pytest.fixture
def desk(db: None) -> Iterator[Connection]:
    """Return the paper connection of a demo desk whose market is open and fresh."""
    now = utc_now()
    seed(parse("sim"), now=now, exchange_at=market.START)
    Account.objects.update(tier=Account.Tier.MANUAL)
    far = now.replace(year=now.year + 1)
    Connection.objects.update(state=Connection.State.UP, lease_owner="test", lease_epoch=1, lease_expires_at=far)
    refresh()
    yield Connection.objects.get()
    market.clear()


@pytest.fixture
def trader(desk: Connection) -> Actor:
    return Actor(User.objects.get(username="trader"))


@pytest.fixture
def floor(trader: Actor) -> Floor:
    return Floor(trader)
