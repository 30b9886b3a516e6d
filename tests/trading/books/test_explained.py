"""The day's P&L explained from what the monitor kept."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import orjson
import pytest

from allcore import live
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import ExchangeClock
from allcore.kernel.orders import PositionEffect, Side
from allcore.kernel.quotes import Greeks, Quote
from allcore.kernel.reports import BookKind, BookReport
from brokers.models import Account
from marketdata.domain import wire
from marketdata.selectors.clock import FeedClock, as_dict
from risk.models import AccountGrant, Role
from tests.builders.orders import NOW, PUT, SHARE, leg, make_account, make_sent_order, make_share, make_ticket
from tests.builders.reports import fill, leg_fill
from trading.models import GreekPoint
from trading.selectors import explained
from trading.services.fund import deposit
from trading.services.monitor import PNL_KEY, POSITIONS_KEY, Monitor
from trading.services.settle import apply_reports

pytestmark = pytest.mark.django_db
CLOSE = datetime(2026, 3, 3, 21, 0, tzinfo=UTC)
NEXT_DAY = datetime(2026, 3, 4, 21, 0, tzinfo=UTC)
VALUES = Greeks(price=3.0, iv=0.5, delta=-0.30, gamma=0.01, theta=-0.20, vega=0.10, rho=0.0)


@pytest.fixture(autouse=True)
def market() -> Iterator[None]:
    """An exchange whose clock is the system's, and an empty Redis before and after."""
    keys = (POSITIONS_KEY, PNL_KEY, wire.quotes_key("TSLA"), wire.greeks_key("TSLA"), wire.CLOCK_KEY)
    live.client().delete(*keys)
    feed = FeedClock(ExchangeClock(NOW, NOW), "SIMULATED", 0.04, NOW)
    live.client().set(wire.CLOCK_KEY, orjson.dumps(as_dict(feed)))
    yield
    live.client().delete(*keys)


@pytest.fixture
def account() -> Account:
    account = make_account()
    deposit(account, Decimal(100_000), NOW - timedelta(days=1), "Opening balance")
    return account


@pytest.fixture
def viewer(account: Account) -> User:
    user = User.objects.create_user("viewer", password=None)
    AccountGrant.objects.create(user=user, account=account, role=Role.VIEWER)
    return user


def quoted(mid: str, *, symbol: str = PUT, at: datetime = NOW, greeks: Greeks | None = None) -> None:
    px = Decimal(mid)
    quote = Quote(symbol, px - Decimal("0.01"), px + Decimal("0.01"), 10, 10, None, at, at, "test")
    live.client().hset(wire.quotes_key("TSLA"), symbol, orjson.dumps(wire.quote_list(quote, at.isoformat())))
    if greeks is not None:
        live.client().hset(wire.greeks_key("TSLA"), symbol, orjson.dumps(wire.greeks_list(greeks)))


def sell(account: Account, name: str, qty: int, px: str, at: datetime, side: Side = Side.SELL) -> None:
    legs = [leg(side=side, effect=PositionEffect.OPEN)]
    order = make_sent_order(make_ticket(account, legs, quantity=qty), account, origin=name)
    apply_reports("paper", [fill(order, leg_fill(name, qty, px, side=side), at=at)], now=at)


def test_a_night_is_explained_by_the_greeks_of_the_close(account: Account, viewer: User) -> None:
    quoted("240", symbol=SHARE)
    quoted("3.00", greeks=VALUES)
    sell(account, "e1", 2, "3.00", NOW)
    monitor = Monitor()
    monitor.look(NOW)
    monitor.look(CLOSE)
    quoted("242", symbol=SHARE, at=NEXT_DAY)
    quoted("2.25", at=NEXT_DAY, greeks=replace(VALUES, iv=0.51))

    [row] = explained.rows(viewer, NEXT_DAY)

    line = cast("list[dict[str, Any]]", row["positions"])[0]
    assert (line["delta"], line["gamma"], line["theta"], line["vega"]) == ("120.00", "-4.00", "40.00", "-20.00")
    assert (line["trading"], line["fees"], line["total"]) == ("0.00", "0.00", "150.00")
    parts = [Decimal(line[name]) for name in explained.TERM_NAMES]
    assert sum(parts) == Decimal(line["total"]) == Decimal(str(row["total"]))
    assert not line["is_alarming"]


def test_a_trade_of_the_day_is_held_against_the_mark_when_it_was_seen(account: Account, viewer: User) -> None:
    quoted("240", symbol=SHARE)
    quoted("3.00", greeks=VALUES)
    monitor = Monitor()
    sell(account, "e1", 2, "2.95", NOW)
    monitor.look(NOW + timedelta(seconds=1))
    quoted("2.80", greeks=VALUES)
    monitor.books_changed()
    sell(account, "e2", 2, "2.70", NOW + timedelta(minutes=5))
    monitor.look(NOW + timedelta(minutes=5, seconds=1))

    [row] = explained.rows(viewer, NOW + timedelta(minutes=5, seconds=2))

    assert GreekPoint.objects.filter(kind="TRADE").count() == 2
    assert (row["trading"], row["fees"]) == ("-30.00", "-1.30")  # 2 x 0.05 and 2 x 0.10 below the mark
    assert Decimal(str(row["total"])) == Decimal("8.70")  # 1,130 taken, 1,120 owed, fees


def test_a_day_that_nothing_explains_is_told_once_at_the_close(account: Account) -> None:
    quoted("240", symbol=SHARE)
    quoted("3.00", greeks=VALUES)
    sell(account, "e1", 2, "3.00", NOW)
    monitor = Monitor()
    monitor.look(NOW)
    quoted("3.50", greeks=VALUES)

    monitor.look(CLOSE)
    monitor.look(CLOSE + timedelta(minutes=1))

    entry = AuditEntry.objects.get(action="pnl.unexplained")
    assert entry.payload["symbol"] == PUT
    assert Decimal(entry.payload["residual"]) < -100


def test_a_dividend_paid_after_the_shares_were_sold_is_explained(account: Account, viewer: User) -> None:
    make_share()
    paid = BookReport(
        kind=BookKind.DIVIDEND,
        connection="paper",
        account=account.broker_account,
        event_id="d1",
        symbol=SHARE,
        qty=100,
        px=Decimal(0),
        transact_at=NOW,
        amount=Decimal("0.25"),
    )
    apply_reports("paper", [paid], now=NOW)

    [row] = explained.rows(viewer, NOW)

    assert (row["events"], row["total"], row["missing"]) == ("25.00", "25.00", 0)


def test_an_account_one_may_not_see_is_not_told_of(account: Account) -> None:
    quoted("240", symbol=SHARE)
    quoted("3.00", greeks=VALUES)
    sell(account, "e1", 2, "3.00", NOW)

    assert explained.rows(User.objects.create_user("stranger", password=None), NOW) == []
