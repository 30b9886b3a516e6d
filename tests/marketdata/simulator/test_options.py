"""The simulated option market: listed as an exchange lists, quoted as market makers quote."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from allcore.kernel.instruments import Right, TickRule
from allcore.kernel.money import is_on_tick
from allcore.kernel.quotes import Quality, Quote
from marketdata.domain.simulator import ladder, world
from marketdata.domain.simulator.board import uniform
from marketdata.domain.simulator.ladder import Ladder
from marketdata.domain.simulator.market import SimulatedMarket
from marketdata.domain.sources import Moment

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def shown(market: SimulatedMarket, at: datetime = world.START, now: datetime = NOW) -> dict[str, Quote]:
    return {quote.symbol: quote for quote in market.advance(Moment(at, now))}


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    return SimulatedMarket.begin(7, world.START)


@pytest.fixture(scope="module")
def quotes(market: SimulatedMarket) -> dict[str, Quote]:
    return shown(market)


def options(quotes: dict[str, Quote]) -> list[Quote]:
    return [quote for symbol, quote in quotes.items() if len(symbol) == 21]


def chain(quotes: dict[str, Quote], root: str, ymd: str, right: str) -> list[tuple[Decimal, Quote]]:
    """Quotes of one right and expiry by strike."""
    found = [(Decimal(s[13:]) / 1000, q) for s, q in quotes.items() if s.startswith(f"{root:<6}{ymd}{right}")]
    return sorted(found, key=lambda pair: pair[0])


def test_options_expire_on_each_weeks_last_session_for_six_weeks() -> None:
    assert ladder.expiries(date(2026, 6, 10)) == [
        date(2026, 6, 12),
        date(2026, 6, 18),  # Friday the 19th is Juneteenth
        date(2026, 6, 26),
        date(2026, 7, 2),  # Friday the 3rd is Independence Day, observed
        date(2026, 7, 10),
        date(2026, 7, 17),
    ]
    assert ladder.expiries(date(2026, 6, 13))[0] == date(2026, 6, 18)


def test_a_ladder_grows_with_the_price_and_never_shrinks() -> None:
    name = world.NAMES[0]
    monday = ladder.listed(date(2026, 6, 8), {name: 250.0}, {})

    tuesday = ladder.listed(date(2026, 6, 9), {name: 300.0}, monday)

    friday = (name.symbol, date(2026, 6, 12))
    assert (tuesday[friday].low, tuesday[friday].high) == (20_000, 36_000)


def test_strikes_are_whole_steps_and_finer_near_the_price() -> None:
    rungs = Ladder(low=19_800, high=20_600, fine_low=20_050, fine_high=20_250)

    assert rungs.strikes(250, 100) == [20_000, 20_100, 20_200, 20_250, 20_500]


def test_every_price_is_on_its_tick_and_every_bid_below_its_ask(quotes: dict[str, Quote]) -> None:
    for quote in options(quotes):
        assert quote.ask is not None
        assert is_on_tick(quote.ask, TickRule.PENNY.tick_at(quote.ask))
        assert quote.bid is None or is_on_tick(quote.bid, TickRule.PENNY.tick_at(quote.bid))
        assert quote.quality in {Quality.GOOD, Quality.ONE_SIDED}


def test_where_nobody_bids_there_is_no_bid_and_no_size(quotes: dict[str, Quote]) -> None:
    worthless = [quote for quote in options(quotes) if quote.bid is None]

    assert worthless
    assert all(quote.bid_size == 0 and quote.ask is not None and quote.ask_size > 0 for quote in worthless)


def test_spreads_widen_and_sizes_shrink_away_from_the_money(quotes: dict[str, Quote]) -> None:
    spot = quotes["TSLA"].mid
    assert spot is not None
    calls = [(k, q) for k, q in chain(quotes, "TSLA", "260612", "C") if q.width is not None]
    near = [q for k, q in calls if abs(k / spot - 1) < Decimal("0.03")]
    deep = [q for k, q in calls if k / spot < Decimal("0.88")]

    assert max(q.width or 0 for q in near) < min(q.width or 0 for q in deep)
    assert np.mean([q.bid_size for q in near]) > 2 * np.mean([q.bid_size for q in deep])


@pytest.mark.parametrize("root", [name.symbol for name in world.NAMES if name.has_options])
@pytest.mark.parametrize("ymd", ["260612", "260618", "260717"])
def test_nobody_can_earn_without_risk_across_strikes(quotes: dict[str, Quote], root: str, ymd: str) -> None:
    """Calls fall and puts rise with the strike, and no butterfly pays to hold, at the prices one would trade at."""
    calls, puts = (chain(quotes, root, ymd, right) for right in Right)

    for (_, lower), (_, higher) in pairwise(calls):
        assert (higher.bid or 0) < (lower.ask or 0)
    for (_, lower), (_, higher) in pairwise(puts):
        assert (lower.bid or 0) < (higher.ask or 0)
    for (k1, low), (k2, body), (k3, high) in zip(calls, calls[1:], calls[2:], strict=False):
        weight = (k3 - k2) / (k3 - k1)
        assert (body.bid or 0) <= weight * (low.ask or 0) + (1 - weight) * (high.ask or 0)


def test_a_call_less_its_put_is_the_forward_within_the_spreads(quotes: dict[str, Quote]) -> None:
    spot = quotes["MSFT"]
    assert spot.bid is not None
    assert spot.ask is not None
    for (strike, call), (_, put) in zip(
        chain(quotes, "MSFT", "260717", "C"), chain(quotes, "MSFT", "260717", "P"), strict=True
    ):
        carry = strike * (1 - Decimal(repr(float(np.exp(-world.RATE * 37.25 / 365)))))
        if call.bid is not None and put.bid is not None:
            assert (call.bid - (put.ask or 0)) < spot.ask - strike + carry
            assert ((call.ask or 0) - put.bid) > spot.bid - strike + carry - Decimal("0.40")  # the dividends


def test_a_thursdays_at_the_money_put_costs_what_the_worked_month_says() -> None:
    """Protocol 10 sells Tesla's 250 put at 4.17 with 1.25 sessions left; here a quarter of a session is the night."""
    thursday = datetime(2026, 6, 11, 19, 59, 59, tzinfo=UTC)
    market = SimulatedMarket.begin(7, world.START)
    quotes = shown(market, thursday)
    spot = float(quotes["TSLA"].mid or 0)

    price = min(chain(quotes, "TSLA", "260612", "P"), key=lambda pair: abs(float(pair[0]) - spot))[1]

    assert 0.010 * spot < float(price.ask or 0) < 0.023 * spot


def test_the_index_shows_a_last_and_nothing_to_trade(quotes: dict[str, Quote]) -> None:
    vix = quotes["VIX"]

    assert vix.quality is Quality.EMPTY
    assert Decimal(12) < (vix.last or 0) < Decimal(21)


def test_near_options_have_interest_and_volume_in_the_first_half_hour(
    market: SimulatedMarket, quotes: dict[str, Quote]
) -> None:
    interest = market.open_interest()
    spot = float(quotes["AAPL"].mid or 0)

    near = [q for k, q in chain(quotes, "AAPL", "260612", "P") if 0.96 * spot < k < spot]

    assert near
    assert all(interest[q.symbol] >= 100 and q.volume >= 10 for q in near)


def test_standing_still_changes_nothing() -> None:
    market = SimulatedMarket.begin(7, world.START)
    shown(market)

    assert shown(market, now=NOW + timedelta(seconds=1)) == {}


def test_a_resumed_market_shows_the_same_quotes() -> None:
    market = SimulatedMarket.begin(7, world.START)
    shown(market)
    again = SimulatedMarket.resume(market.checkpoint(), world.START)
    later = world.START + timedelta(seconds=30)

    shown(again)
    one, other = (shown(m, later, NOW + timedelta(seconds=30)) for m in (market, again))

    assert {s: (q.bid, q.ask, q.bid_size, q.ask_size, q.volume) for s, q in one.items()} == {
        s: (q.bid, q.ask, q.bid_size, q.ask_size, q.volume) for s, q in other.items()
    }
    assert market.open_interest() == again.open_interest()


def test_after_an_expiry_its_options_are_listed_no_more_and_a_new_week_is() -> None:
    market = SimulatedMarket.begin(7, datetime(2026, 6, 11, 13, 0, tzinfo=UTC))
    before = {listing.symbol[6:12] for listing in market.listings() if listing.contract is not None}

    market.advance(Moment(datetime(2026, 6, 15, 13, 25, tzinfo=UTC), NOW))
    after = {listing.symbol[6:12] for listing in market.listings() if listing.contract is not None}

    assert before - after == {"260612"}
    assert after - before == {"260724"}
    assert market.listed_on == date(2026, 6, 15)


def test_the_market_reopens_at_the_next_session() -> None:
    market = SimulatedMarket.begin(7, world.START)

    assert market.reopens_after(datetime(2026, 6, 18, 21, 0, tzinfo=UTC)) == datetime(2026, 6, 22, 13, 30, tzinfo=UTC)
    assert market.reopens_after(datetime(2026, 6, 10, 13, 0, tzinfo=UTC)) == datetime(2026, 6, 10, 13, 30, tzinfo=UTC)


def test_marked_fractions_spread_evenly() -> None:
    found = uniform(np.arange(10_000, dtype=np.uint64), 3)

    assert found.min() >= 0
    assert found.max() < 1
    np.testing.assert_allclose(np.histogram(found, bins=10, range=(0, 1))[0], 1000, atol=120)
