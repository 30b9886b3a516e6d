"""What the feed writes is what the desk reads."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import override_settings

from allcore import live
from allcore.kernel.errors import UnavailableError
from allcore.kernel.quotes import Quality
from marketdata.models import FeedState
from marketdata.selectors import chains, clock, quotes
from tests.builders import market

PUT = "TSLA  260612P00250000"


@pytest.fixture(autouse=True)
def empty_redis() -> None:
    market.clear()


def test_a_quote_is_read_as_it_was_written() -> None:
    written = market.quote(PUT, "4.15", "4.25", size=7, last="4.20", volume=12)
    market.write_quotes([written])

    found = quotes.latest([PUT])

    assert found == {PUT: written}


def test_missing_sides_stay_missing_and_zero_stays_a_price() -> None:
    market.write_quotes([market.quote("VIX", None, None, last="16.02"), market.quote(PUT, "0", "0.01")])

    found = quotes.latest(["VIX", PUT])

    assert found["VIX"].bid is None
    assert found["VIX"].quality is Quality.EMPTY
    assert found[PUT].bid == Decimal(0)


def test_symbols_without_a_quote_are_left_out() -> None:
    market.write_quotes([market.quote("TSLA", 250, "250.04")])

    assert set(quotes.latest(["TSLA", PUT, "NVDA"])) == {"TSLA"}
    assert quotes.latest([]) == {}


def test_greeks_and_open_interest_are_read_as_they_were_written() -> None:
    values = market.greeks(delta=-0.489, iv=0.6)
    market.write_greeks({PUT: values}, open_interest=0)

    assert chains.greeks([PUT, "NVDA  260612P00129000"]) == {PUT: values}
    assert chains.open_interest([PUT]) == {PUT: 0}


def test_the_exchange_clock_is_read_from_redis() -> None:
    kept = market.write_clock(speed=60.0, source="REPLAY")

    assert clock.exchange_clock() == kept
    assert clock.exchange_now(kept.system_anchor + timedelta(seconds=1)) == market.START + timedelta(minutes=1)
    assert clock.source() == "REPLAY"


@pytest.mark.django_db
def test_without_redis_the_clock_is_the_feeds_row() -> None:
    FeedState.objects.create(
        name=FeedState.DESK,
        spec="sim",
        source="SIMULATED",
        system_anchor_at=market.START,
        exchange_anchor_at=market.START,
        rate=0.045,
        beat_at=market.START,
    )

    assert clock.exchange_now(market.START + timedelta(seconds=5)) == market.START + timedelta(seconds=5)
    assert clock.rate() == 0.045
    assert clock.data_age(market.START + timedelta(seconds=3)) == 3.0


@pytest.mark.django_db
def test_before_any_feed_has_run_the_exchange_has_no_time() -> None:
    with pytest.raises(clock.NoFeedError):
        clock.exchange_clock()


def test_a_redis_that_is_away_makes_quotes_unavailable() -> None:
    live.client.cache_clear()
    try:
        with override_settings(REDIS_URL="redis://127.0.0.1:1/0"), pytest.raises(UnavailableError):
            quotes.latest(["TSLA"])
    finally:
        live.client.cache_clear()
