"""A broker's quotes as the desk's market, from the TWS test server to Redis."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from allcore.kernel.clock import new_york_date, utc_now
from allcore.kernel.instruments import OptionContract, Right
from brokers.models import Connection
from brokers.registry import NoQuotesError, quote_feed_for
from marketdata.domain.feeds import BadFeedError, BrokerFeed, parse
from marketdata.domain.live import nearest
from marketdata.models import Instrument
from marketdata.selectors import clock, depths, quotes
from marketdata.selectors.chains import greeks
from marketdata.services import live, run
from marketdata.services.feed import Feed
from tests.brokers.servers.tws.server import TwsServer
from tests.builders import market

PATIENCE = 30.0
TODAY = new_york_date(utc_now())
EXPIRY = TODAY + timedelta(days=14)


def put(strike: int, expiry: date = EXPIRY) -> OptionContract:
    return OptionContract("TSLA", expiry, Right.PUT, Decimal(strike))


PUT, FAR = put(250).symbol, put(250, EXPIRY + timedelta(days=60)).symbol


class Gateway:
    """The test server, in a loop of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.server = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(PATIENCE)

    async def _open(self) -> TwsServer:
        server = TwsServer.make()
        server.exchange.show("TSLA", "249.90", "250.10")
        server.exchange.show(PUT, "8.10", "8.30")
        server.exchange.show(FAR, "18.10", "18.30")
        await server.port.open()
        return server

    def do(self, act: Callable[[], object]) -> None:
        async def work() -> None:
            act()

        asyncio.run_coroutine_threadsafe(work(), self._loop).result(PATIENCE)

    def drop(self) -> None:
        asyncio.run_coroutine_threadsafe(self.server.port.drop(), self._loop).result(PATIENCE)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self.server.port.close(), self._loop).result(PATIENCE)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()


@pytest.fixture
def gateway(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    monkeypatch.setattr(live, "BACK_OFF_FIRST", 0.05)
    market.clear()
    gateway = Gateway()
    settings = {"port": gateway.server.port.number, "simulated": True}
    Connection.objects.create(name="ib", broker="ibkr", environment="PAPER", settings=settings)
    yield gateway
    gateway.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")
    market.clear()


@pytest.fixture
def feed(gateway: Gateway) -> Iterator[Feed]:
    feed = run.open_feed("broker:ib,underlyings=TSLA", utc_now())
    assert feed is not None
    yield feed
    feed.stop(utc_now())


def until(feed: Feed, holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        feed.tick(utc_now())
        assert time.monotonic() < deadline, what
        time.sleep(0.05)  # the line lives in another thread


def bid(symbol: str) -> Decimal | None:
    shown = quotes.latest([symbol]).get(symbol)
    return None if shown is None else shown.bid


def test_what_the_gateway_shows_are_the_desks_quotes_with_greeks(gateway: Gateway, feed: Feed) -> None:
    until(feed, lambda: PUT in greeks([PUT]), "the option is valued")

    shown = quotes.latest(["TSLA", PUT])
    assert (shown[PUT].bid, shown[PUT].ask, shown[PUT].source) == (Decimal("8.1"), Decimal("8.3"), "LIVE/ib")
    assert shown["TSLA"].mid == Decimal(250)
    assert shown[PUT].age(utc_now()) < 5
    assert -0.6 < greeks([PUT])[PUT].delta < -0.4
    assert clock.source() == "LIVE"
    assert Instrument.objects.get(symbol=PUT).is_simulated is False
    gateway.do(lambda: gateway.server.exchange.show(PUT, "8.20", "8.40"))
    until(feed, lambda: bid(PUT) == Decimal("8.2"), "the market moves")


def test_a_book_that_somebody_looks_at_comes_from_the_gateway_level_by_level(gateway: Gateway, feed: Feed) -> None:
    until(feed, lambda: bid(PUT) is not None, "it is quoted")
    gateway.do(
        lambda: gateway.server.show_depth(PUT, ((("8.10", 5, "CBOE"), ("8.05", 7, "PHLX")), (("8.30", 3, "ISE"),)))
    )

    def levels() -> list[tuple[str, int, str]]:
        bids = depths.depth(PUT, now=utc_now())["bids"]
        assert isinstance(bids, list)
        return [(level["price"], level["size"], level["maker"]) for level in bids]

    until(feed, lambda: len(levels()) == 2, "the book is there")
    assert levels() == [("8.1", 5, "CBOE"), ("8.05", 7, "PHLX")]


def test_what_expires_too_late_is_not_asked_for(feed: Feed) -> None:
    until(feed, lambda: bid(PUT) is not None, "the near one is quoted")

    assert bid(FAR) is None


def test_the_exchanges_clock_is_the_systems(feed: Feed) -> None:
    now = utc_now()

    feed.tick(now)

    assert clock.exchange_now(now) == now


def test_a_quote_that_stands_still_is_vouched_for_while_the_line_lives(feed: Feed) -> None:
    until(feed, lambda: bid(PUT) is not None, "it is quoted")
    first = quotes.latest([PUT])[PUT].received_at

    until(feed, lambda: quotes.latest([PUT])[PUT].received_at > first, "it is vouched for again")

    assert quotes.latest([PUT])[PUT].source_at <= first


def test_a_silent_line_vouches_for_nothing(gateway: Gateway, feed: Feed) -> None:
    until(feed, lambda: bid(PUT) is not None, "it is quoted")
    gateway.server.deaf_to[49] = 1000  # it does not tell the time any more
    market_of = feed._source
    assert isinstance(market_of, live.LiveMarket)

    until(feed, lambda: not market_of.vouches(utc_now()), "it is silent for too long")
    last = quotes.latest([PUT])[PUT].received_at
    for _ in range(3):
        feed.tick(utc_now() + timedelta(seconds=1))

    assert quotes.latest([PUT])[PUT].received_at == last


@pytest.mark.parametrize("code", [1100, 1101, 2103])
def test_after_a_loss_behind_the_gateway_everything_is_asked_for_anew(gateway: Gateway, feed: Feed, code: int) -> None:
    until(feed, lambda: bid(PUT) is not None, "it is quoted")
    asked = gateway.server.heard[1]

    gateway.do(lambda: gateway.server.broadcast(code))

    until(feed, lambda: gateway.server.heard[1] >= asked + 2, "both are asked for again")
    gateway.do(lambda: gateway.server.exchange.show(PUT, "8.00", "8.20"))
    until(feed, lambda: bid(PUT) == Decimal(8), "the market goes on")


def test_what_stood_before_a_line_was_lost_is_not_vouched_for_after(gateway: Gateway, feed: Feed) -> None:
    until(feed, lambda: bid(PUT) is not None, "it is quoted")
    gateway.server.deaf_to[1] = 1000  # of the new line it quotes nothing

    gateway.drop()
    until(feed, lambda: "TSLA" not in feed._standing, "the loss is noticed")
    last = quotes.latest(["TSLA"])["TSLA"].received_at
    until(feed, lambda: feed._source.vouches(utc_now()), "the line is back")  # type: ignore[attr-defined]  # it is live
    for _ in range(3):
        feed.tick(utc_now() + timedelta(seconds=1))

    assert quotes.latest(["TSLA"])["TSLA"].received_at == last


@pytest.mark.django_db(transaction=True)
def test_a_broker_without_quotes_feeds_nothing() -> None:
    Connection.objects.create(name="paper", broker="paper", environment="PAPER")

    with pytest.raises(NoQuotesError):
        quote_feed_for("paper")


@pytest.mark.django_db
def test_a_desk_that_knows_no_underlyings_must_be_told_some() -> None:
    with pytest.raises(BadFeedError, match="knows none"):
        run.open_feed("broker:ib", utc_now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")


def test_the_setting_names_the_connection_and_what_is_quoted() -> None:
    assert parse("broker:ib") == BrokerFeed("ib")
    assert parse("broker:ib,underlyings=tsla/AAPL,strikes=3,days=7,rate=0.05") == BrokerFeed(
        "ib", ("TSLA", "AAPL"), 3, 7, 0.05
    )


@pytest.mark.parametrize(
    "spec", ["broker", "broker:", "broker:strikes=3", "broker:ib,strikes=0", "broker:ib,rate=9", "broker:ib,speed=2"]
)
def test_a_setting_that_cannot_be_meant_is_refused(spec: str) -> None:
    with pytest.raises(BadFeedError):
        parse(spec)


def test_the_lines_are_spent_on_what_is_near_the_money_and_soon() -> None:
    later = EXPIRY + timedelta(days=7)
    listed = [put(strike, day) for day in (later, EXPIRY) for strike in range(200, 301, 10)]
    gone = put(250, TODAY - timedelta(days=1))

    chosen = nearest([gone, *listed], Decimal(251), today=TODAY, strikes=2, most=5)

    assert [(c.expiry, int(c.strike)) for c in chosen] == [
        (EXPIRY, 250), (EXPIRY, 260), (EXPIRY, 240), (EXPIRY, 270), (later, 250)
    ]  # fmt: skip
