"""A seeded desk with a live market in Redis: the passage from ticket to booked fill, without processes."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.demo.seed import seed
from allcore.kernel.clock import utc_now
from brokers.models import Account, Connection
from marketdata.domain.feeds import parse
from risk.models import AccountGrant, Role
from tests.builders import market
from trading.models import ParameterSet

STOCK = "AAPL"
PRICES = {"AAPL": ("199.98", "200.02"), "AMZN": ("189.98", "190.02")}


@pytest.fixture
def desk(transactional_db: None) -> Iterator[Connection]:
    """Return the paper connection of a demo desk whose market is open and fresh."""
    now = utc_now()
    seed(parse("sim"), now=now, exchange_at=market.START)
    Account.objects.update(tier=Account.Tier.MANUAL)  # the protocol's own rules are tested with the protocol
    Connection.objects.update(
        state=Connection.State.UP, lease_owner="test", lease_epoch=1, lease_expires_at=now.replace(year=now.year + 1)
    )
    refresh()
    yield Connection.objects.get()
    market.clear()
    ParameterSet.objects.all().delete()


def refresh() -> None:
    """Vouch for every quote again, as the feed does each second."""
    market.write_clock()
    for symbol in PRICES:
        market.instrument(symbol)
    market.write_quotes(market.quote(symbol, bid, ask, size=500) for symbol, (bid, ask) in PRICES.items())


@pytest.fixture
def trader(desk: Connection) -> Actor:
    return Actor(User.objects.get(username="trader"))


@pytest.fixture
def approver(desk: Connection) -> Actor:
    return Actor(User.objects.get(username="approver"))


@pytest.fixture
def second_trader(desk: Connection) -> Actor:
    user = User.objects.create_user("second")
    AccountGrant.objects.create(user=user, account=None, role=Role.TRADER)
    return Actor(user)


def draft(**changes: object) -> dict[str, object]:
    """Return a buy of ten shares at the ask, as a validated request."""
    base: dict[str, object] = {
        "account": "GEN-1",
        "underlying": STOCK,
        "legs": [{"symbol": STOCK, "side": "BUY", "position_effect": "OPEN", "ratio": 1}],
        "quantity": 10,
        "ord_type": "LIMIT",
        "time_in_force": "DAY",
        "limit_price": Decimal("200.02"),
        "stop_price": None,
    }
    return {**base, **changes}
