"""What the monitor says of positions and P&L, when, and what it keeps."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event
from typing import Any

import orjson
import pytest
import redis

from allcore import live
from allcore.kernel.clock import ExchangeClock
from allcore.kernel.errors import UnavailableError
from allcore.kernel.orders import PositionEffect, Side
from allcore.kernel.quotes import Greeks, Quote
from brokers.models import Account
from marketdata.domain import wire
from marketdata.selectors.clock import FeedClock, as_dict
from risk.models import Limit
from tests.builders.orders import NOW, PUT, SHARE, leg, make_account, make_sent_order, make_ticket
from tests.builders.reports import assignment, expiry, fill, leg_fill
from trading.models import ClosingMark, EquityPoint, Order
from trading.services.fund import deposit
from trading.services.monitor import PNL_KEY, POSITIONS_KEY, Monitor, keep_going
from trading.services.settle import apply_reports

pytestmark = pytest.mark.django_db
CLOSE = datetime(2026, 3, 3, 21, 0, tzinfo=UTC)
NEXT_DAY = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
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
    for code, hard in (("deployment", "0.95"), ("day_loss", "0.025")):
        Limit.objects.create(code=code, unit="RATIO", hard=Decimal(hard), effective_at=NOW)
    return account


@pytest.fixture
def short_put(account: Account) -> Order:
    """Two puts sold at 3.00; the fee is 0.65."""
    order = make_sent_order(make_ticket(account, quantity=2), account)
    apply_reports("paper", [fill(order, leg_fill("e1", 2, "3.00"))], now=NOW)
    return order


def quoted(bid: str, ask: str, *, symbol: str = PUT, at: datetime = NOW, greeks: Greeks | None = VALUES) -> None:
    quote = Quote(symbol, Decimal(bid), Decimal(ask), 10, 10, None, source_at=at, received_at=at, source="test")
    live.client().hset(wire.quotes_key("TSLA"), symbol, orjson.dumps(wire.quote_list(quote, at.isoformat())))
    if greeks is not None:
        live.client().hset(wire.greeks_key("TSLA"), symbol, orjson.dumps(wire.greeks_list(greeks)))


def kept(key: str, name: str) -> dict[str, Any]:
    raw = live.client().hget(key, name)
    assert isinstance(raw, bytes)
    return orjson.loads(raw)  # type: ignore[no-any-return] # JSON


class Ears:
    """Hears what is published on the live channel."""

    def __init__(self) -> None:
        self._pubsub = live.client().pubsub(ignore_subscribe_messages=True)
        self._pubsub.subscribe(live.CHANNEL)
        self._pubsub.get_message(timeout=1.0)

    def heard(self) -> list[dict[str, Any]]:
        messages = []
        while (message := self._pubsub.get_message(timeout=0.05)) is not None:
            messages.append(orjson.loads(message["data"]))
        return messages

    def close(self) -> None:
        self._pubsub.close()


@pytest.fixture
def ears() -> Iterator[Ears]:
    ears = Ears()
    yield ears
    ears.close()


def test_a_position_is_valued_at_the_middle_with_its_day_and_its_greeks(short_put: Order) -> None:
    quoted("2.40", "2.60")

    Monitor().look(NOW)

    row = kept(POSITIONS_KEY, f"gen:{PUT}")
    assert (row["qty"], row["avg_px"], row["mark"], row["is_stale"]) == (-2, "3.00", "2.50", False)
    assert (row["market_value"], row["unrealised"], row["day_pnl"]) == ("-500.00", "100.00", "99.35")
    assert (row["delta"], row["gamma"], row["theta"], row["vega"]) == (60.0, -2.0, 40.0, -20.0)
    assert (row["description"], row["underlying"], row["kind"]) == ("TSLA 6 Mar 240 put", "TSLA", "OPTION")


def test_an_account_is_cash_and_positions(short_put: Order) -> None:
    quoted("2.40", "2.60")

    Monitor().look(NOW)

    row = kept(PNL_KEY, "gen")
    assert (row["cash"], row["equity"]) == ("100599.35", "100099.35")
    assert (row["unrealised"], row["realised"], row["fees"], row["day_pnl"]) == ("100.00", "0.00", "0.65", "99.35")
    assert (row["net_delta"], row["net_theta"]) == (60.0, 40.0)
    assert (row["deployed"], row["deployed_ratio"]) == ("48000.00", "0.479524")
    assert (row["drawdown"], row["breaches"]) == ("0.00", 0)


def test_only_what_changed_is_said_again(short_put: Order, ears: Ears) -> None:
    quoted("2.40", "2.60")
    monitor = Monitor()
    monitor.look(NOW)
    first = ears.heard()

    monitor.look(NOW + timedelta(seconds=1))
    nothing = ears.heard()
    quoted("2.30", "2.50", at=NOW + timedelta(seconds=2))
    monitor.look(NOW + timedelta(seconds=2))
    second = ears.heard()

    assert [(m["stream"], m["account"]) for m in first] == [("positions", "gen"), ("pnl", "gen")]
    assert nothing == []
    assert [m["data"].get("mark") for m in second if m["stream"] == "positions"] == ["2.40"]


def test_a_fill_is_seen_at_the_next_look_once_the_books_are_said_to_have_changed(short_put: Order) -> None:
    quoted("2.40", "2.60")
    monitor = Monitor()
    monitor.look(NOW)
    account = short_put.account
    closing = make_sent_order(
        make_ticket(account, [leg(side=Side.BUY, effect=PositionEffect.CLOSE)], quantity=2), account, origin="close"
    )
    apply_reports("paper", [fill(closing, leg_fill("e2", 2, "2.50", side=Side.BUY))], now=NOW)

    monitor.look(NOW + timedelta(seconds=1))
    before = kept(POSITIONS_KEY, f"gen:{PUT}")["qty"]
    monitor.books_changed()
    monitor.look(NOW + timedelta(seconds=1))

    row = kept(POSITIONS_KEY, f"gen:{PUT}")
    assert (before, row["qty"], row["realised"], row["day_pnl"]) == (-2, 0, "100.00", "98.70")
    assert kept(PNL_KEY, "gen")["deployed"] == "0.00"


def test_without_a_market_the_last_good_mark_stands_and_says_so(short_put: Order) -> None:
    quoted("2.40", "2.60")
    Monitor().look(NOW)
    live.client().delete(wire.quotes_key("TSLA"), wire.greeks_key("TSLA"))

    Monitor().look(NOW + timedelta(seconds=1))

    row = kept(POSITIONS_KEY, f"gen:{PUT}")
    assert (row["mark"], row["is_stale"], row["delta"]) == ("2.50", True, None)
    assert kept(PNL_KEY, "gen")["net_delta"] is None


@pytest.mark.parametrize(("age", "is_stale"), [(59.9, False), (60.0, False), (60.1, True)])
def test_a_quote_that_nobody_vouches_for_still_marks_and_says_so(
    short_put: Order, age: float, *, is_stale: bool
) -> None:
    quoted("2.40", "2.60")

    Monitor().look(NOW + timedelta(seconds=age))

    row = kept(POSITIONS_KEY, f"gen:{PUT}")
    assert (row["mark"], row["is_stale"]) == ("2.50", is_stale)


def test_what_was_never_marked_leaves_the_equity_unknown_and_breaches_its_limits(short_put: Order) -> None:
    Monitor().look(NOW)

    row = kept(PNL_KEY, "gen")
    assert (row["equity"], row["day_pnl"], row["drawdown"], row["breaches"]) == (None, None, None, 2)
    assert kept(POSITIONS_KEY, f"gen:{PUT}")["market_value"] is None
    assert not EquityPoint.objects.exists()


def test_a_loss_beyond_the_days_limit_is_a_breach_and_a_drawdown(short_put: Order) -> None:
    quoted("3.00", "3.02")
    monitor = Monitor()
    monitor.look(NOW)

    quoted("15.50", "15.60", at=NOW + timedelta(seconds=1))
    monitor.look(NOW + timedelta(seconds=1))

    row = kept(PNL_KEY, "gen")
    assert (row["equity"], row["day_pnl"], row["breaches"]) == ("97489.35", "-2510.65", 1)
    assert row["drawdown"] == "0.025106"


def test_the_equity_curve_has_a_point_a_minute_and_the_sessions_last(short_put: Order) -> None:
    quoted("2.40", "2.60")
    monitor = Monitor()
    for seconds in (0, 20, 60, 61):
        monitor.look(NOW + timedelta(seconds=seconds))
    quoted("2.00", "2.20", at=CLOSE)
    monitor.look(CLOSE + timedelta(seconds=1))

    points = EquityPoint.objects.order_by("at").values_list("at", "equity", "is_close")
    assert list(points) == [
        (NOW, Decimal("100099.35"), False),
        (NOW + timedelta(minutes=1), Decimal("100099.35"), False),
        (CLOSE, Decimal("100179.35"), True),
    ]
    assert ClosingMark.objects.get().px == Decimal("2.10")


def test_the_next_days_pnl_counts_from_the_close(short_put: Order) -> None:
    quoted("2.40", "2.60")
    monitor = Monitor()
    monitor.look(NOW)
    monitor.look(CLOSE)
    quoted("1.90", "2.10", at=NEXT_DAY)

    monitor.look(NEXT_DAY)

    assert kept(POSITIONS_KEY, f"gen:{PUT}")["day_pnl"] == "100.00"
    assert kept(PNL_KEY, "gen")["day_pnl"] == "100.00"


def test_an_assignment_moves_the_day_from_the_option_to_the_shares(short_put: Order) -> None:
    quoted("2.40", "2.60")
    quoted("238.00", "238.02", symbol=SHARE, greeks=None)
    apply_reports("paper", [assignment(short_put.account, -2, 200, "240")], now=NOW)

    Monitor().look(NOW)

    option, shares = kept(POSITIONS_KEY, f"gen:{PUT}"), kept(POSITIONS_KEY, f"gen:{SHARE}")
    assert (option["qty"], option["realised"], option["day_pnl"]) == (0, "600.00", "599.35")
    assert (shares["qty"], shares["unrealised"], shares["day_pnl"], shares["delta"]) == (
        200,
        "-398.00",
        "-398.00",
        200.0,
    )
    assert kept(PNL_KEY, "gen")["day_pnl"] == "201.35"


def test_a_position_that_is_closed_and_of_yesterday_leaves_the_list(short_put: Order) -> None:
    quoted("2.40", "2.60")
    monitor = Monitor()
    monitor.look(NOW)
    apply_reports("paper", [expiry(short_put.account, -2)], now=NOW)
    live.client().hset(POSITIONS_KEY, "left:over", orjson.dumps({"symbol": "X", "mark": None}))

    monitor.look(NEXT_DAY)

    assert live.client().hlen(POSITIONS_KEY) == 0


def test_deposits_are_neither_gain_nor_drawdown(short_put: Order) -> None:
    quoted("3.00", "3.00")
    monitor = Monitor()
    monitor.look(NOW)
    deposit(short_put.account, Decimal(50_000), NOW, "More")
    deposit(short_put.account, Decimal(-20_000), NOW, "Less")
    monitor.books_changed()

    monitor.look(NOW + timedelta(minutes=1))

    row = kept(PNL_KEY, "gen")
    assert (row["equity"], row["drawdown"], row["day_pnl"]) == ("129999.35", "0.000005", "-0.65")


def test_without_a_feed_there_is_no_time_and_nothing_is_said(short_put: Order) -> None:
    live.client().delete(wire.CLOCK_KEY)

    with pytest.raises(UnavailableError):
        Monitor().look(NOW)

    assert not live.client().exists(PNL_KEY)


class Stumbling(Monitor):
    """Fails at its first look as a lost server would make it, and stops the loop at its third."""

    def __init__(self, stopping: Event, error: Exception) -> None:
        super().__init__()
        self.looks = 0
        self.forgotten = 0
        self._stopping = stopping
        self._error = error

    def look(self, now: datetime) -> list[Any]:
        self.looks += 1
        if self.looks == 1:
            raise self._error
        self._stopping.set()
        return []

    def forget(self) -> None:
        self.forgotten = getattr(self, "forgotten", 0) + 1
        super().forget()


@pytest.mark.parametrize("error", [redis.ConnectionError("gone"), UnavailableError("no feed")])
def test_the_loop_outlives_what_it_needs_and_begins_anew(error: Exception) -> None:
    stopping = Event()
    monitor = Stumbling(stopping, error)

    keep_going(monitor, now=lambda: NOW, stopping=stopping)

    assert monitor.looks == 2
    assert monitor.forgotten == 1
