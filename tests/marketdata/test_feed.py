"""The feed keeps Redis and PostgreSQL in step with its source."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import orjson
import pytest

from allcore import live
from allcore.kernel.clock import ExchangeClock
from marketdata.domain import wire
from marketdata.domain.bars import DailyBar
from marketdata.models import Bar, FeedState, Instrument
from marketdata.selectors import chains, clock, history, quotes
from marketdata.services.feed import Feed
from tests.builders import market
from tests.marketdata.feeds import CALL, LATER, PUT, OneShare

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
OPEN = datetime(2026, 6, 10, 13, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_redis() -> None:
    market.clear()


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def begun(source: OneShare, *, speed: float = 1.0, pause: float = 300.0) -> Feed:
    feed = Feed(source, ExchangeClock(NOW, source.starts_at, speed), spec="test", pause=pause)
    feed.begin(NOW)
    return feed


def test_a_beginning_feed_stores_instruments_and_history_and_shows_everything() -> None:
    begun(OneShare(market.START)).tick(NOW)

    put = Instrument.objects.get(symbol=PUT)
    assert (put.expiry, put.strike, put.right, put.multiplier) == (date(2026, 6, 12), 250, "P", 100)
    assert put.underlying is not None
    assert put.underlying.symbol == "TSLA"
    assert [bar.day for bar in history.daily_bars("TSLA", 5, date(2026, 6, 10))] == [date(2026, 6, 9)]
    assert quotes.latest(["TSLA"])["TSLA"].bid == Decimal("249.98")
    assert chains.open_interest([PUT]) == {PUT: 900}
    assert clock.exchange_now(NOW) == market.START
    assert clock.source() == "SIMULATED"


def test_every_quoted_option_is_valued_at_its_strikes_own_volatility() -> None:
    begun(OneShare(market.START)).tick(NOW)

    values = chains.greeks([PUT, CALL])

    assert values[PUT].iv == values[CALL].iv
    assert values[PUT].delta == pytest.approx(values[CALL].delta - 1, abs=1e-4)
    assert -0.6 < values[PUT].delta < -0.4
    assert values[PUT].price == pytest.approx(4.15, abs=0.12)


def test_a_quote_that_stands_still_is_vouched_for_each_second() -> None:
    feed = begun(OneShare(market.START))
    feed.tick(NOW)

    feed.tick(NOW + seconds(1))

    standing = quotes.latest([PUT])[PUT]
    assert standing.received_at == NOW + seconds(1)
    assert standing.source_at == OPEN


def test_between_two_full_seconds_only_what_changed_is_written() -> None:
    source = OneShare(market.START)
    feed = begun(source)
    feed.tick(NOW)
    source.prices["TSLA"] = ("251.00", "251.04")

    feed.tick(NOW + seconds(0.25))

    now = quotes.latest(["TSLA", PUT])
    assert (now["TSLA"].bid, now["TSLA"].received_at) == (Decimal("251.00"), NOW + seconds(0.25))
    assert now[PUT].received_at == NOW


def test_each_batch_is_told_on_the_channel() -> None:
    feed = begun(OneShare(market.START))
    with live.client().pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe(wire.QUOTES_CHANNEL)
        listener.get_message(timeout=1)

        feed.tick(NOW)

        heard = listener.get_message(timeout=1)
    assert heard is not None
    batch = orjson.loads(heard["data"])
    assert {symbol for symbol, _ in batch} == {"TSLA", PUT, CALL, LATER}
    assert wire.quote_from(PUT, dict(batch)[PUT]) == quotes.latest([PUT])[PUT]


def test_an_option_that_cannot_be_valued_any_more_loses_its_model_values() -> None:
    source = OneShare(market.START)
    feed = begun(source)
    feed.tick(NOW)
    source.prices |= {PUT: (None, None), CALL: (None, None)}

    feed.tick(NOW + seconds(1))

    assert set(chains.greeks([PUT, CALL, LATER])) == {LATER}


def test_a_redis_that_lost_everything_is_whole_again_a_second_later() -> None:
    feed = begun(OneShare(market.START))
    feed.tick(NOW)
    market.clear()

    feed.tick(NOW + seconds(31))

    assert set(quotes.latest(["TSLA", PUT, CALL, LATER])) == {"TSLA", PUT, CALL, LATER}
    assert set(chains.greeks([PUT])) == {PUT}
    assert chains.open_interest([PUT]) == {PUT: 900}
    assert live.client().exists(wire.CLOCK_KEY)


def test_the_clock_is_told_no_further_than_its_lease() -> None:
    begun(OneShare(market.START)).tick(NOW)

    assert clock.exchange_now(NOW + seconds(4)) == market.START + seconds(4)
    assert clock.exchange_now(NOW + seconds(60)) == market.START + seconds(5)


def test_after_an_outage_the_clock_goes_on_from_its_lease_and_not_from_the_wall() -> None:
    feed = begun(OneShare(market.START))
    feed.tick(NOW)

    feed.tick(NOW + seconds(3600))

    assert clock.exchange_now(NOW + seconds(3600)) == market.START + seconds(5)
    assert clock.exchange_now(NOW + seconds(3601)) == market.START + seconds(6)


def test_a_stopped_feed_leaves_the_clock_exactly_where_it_was() -> None:
    feed = begun(OneShare(market.START))
    feed.tick(NOW)

    feed.stop(NOW + seconds(2))

    row = FeedState.objects.get()
    assert row.stops_at == market.START + seconds(2)
    assert row.checkpoint == {"prices": 4}
    assert clock.exchange_now(NOW + seconds(99)) == market.START + seconds(2)


def test_a_price_shown_at_a_minutes_very_end_belongs_to_that_minute() -> None:
    source = OneShare(market.START)
    feed = begun(source)
    middles = {1: "250", 20: "251", 60: "249", 61: "252"}
    for second in range(62):
        if middle := middles.get(second):
            source.prices["TSLA"] = (middle, middle)
        feed.tick(NOW + seconds(second))

    feed.stop(NOW + seconds(61))

    bars = history.minute_bars("TSLA", market.START, market.START + seconds(120))
    assert [(bar.start_at, bar.open, bar.high, bar.low, bar.close) for bar in bars] == [
        (market.START, 250, 251, 249, 249),
        (market.START + seconds(60), 252, 252, 252, 252),
    ]
    assert not Bar.objects.exclude(instrument__symbol="TSLA").exists()


def closing(source: OneShare) -> Feed:
    """A feed that is two seconds before its Friday's close."""
    feed = begun(source, pause=2.0)
    feed.tick(NOW)
    return feed


@pytest.fixture
def friday() -> OneShare:
    source = OneShare(datetime(2026, 6, 12, 19, 59, 58, tzinfo=UTC))
    source.reopens = datetime(2026, 6, 15, 13, 30, tzinfo=UTC)
    return source


def test_the_close_makes_the_days_bar_of_its_minutes(friday: OneShare) -> None:
    feed = closing(friday)
    friday.prices["TSLA"] = ("253.98", "254.02")
    feed.tick(NOW + seconds(1))

    feed.tick(NOW + seconds(2))

    day = history.daily_bars("TSLA", 1, date(2026, 6, 12))[0]
    assert (day.day, day.open, day.high, day.close) == (date(2026, 6, 12), 250, 254, 254)


def test_an_official_bar_is_taken_before_the_feeds_own(friday: OneShare) -> None:
    first, high, low, last = (Decimal(n) for n in (240, 260, 239, 255))
    friday.official = [DailyBar("TSLA", date(2026, 6, 12), first, high, low, last, volume=5)]
    feed = closing(friday)

    feed.tick(NOW + seconds(2))

    assert history.daily_bars("TSLA", 1, date(2026, 6, 12))[0].close == 255


def test_after_the_pause_it_is_five_minutes_to_the_next_open(friday: OneShare) -> None:
    feed = closing(friday)
    feed.tick(NOW + seconds(2))

    feed.tick(NOW + seconds(4))
    feed.tick(NOW + seconds(5))

    assert clock.exchange_now(NOW + seconds(5)) == datetime(2026, 6, 15, 13, 25, 1, tzinfo=UTC)


def test_expired_options_are_listed_and_quoted_no_more(friday: OneShare) -> None:
    feed = closing(friday)
    for count in range(2, 7):
        feed.tick(NOW + seconds(count))

    active = Instrument.objects.filter(kind="OPTION", is_active=True).values_list("symbol", flat=True)
    assert set(active) == {LATER}
    assert Instrument.objects.filter(symbol=PUT, is_active=False).exists()
    assert set(quotes.latest([PUT, CALL, LATER])) == {LATER}
    assert chains.greeks([PUT]) == {}
    assert chains.open_interest([CALL]) == {}


def test_a_market_that_begins_anew_deactivates_what_another_source_listed() -> None:
    market.instrument("GOOG  151231C00750000")

    begun(OneShare(market.START))

    assert not Instrument.objects.get(symbol="GOOG  151231C00750000").is_active
