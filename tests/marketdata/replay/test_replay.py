"""A recording played back: nothing is known before its minute has ended."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from allcore.kernel.instruments import OptionContract, TickRule
from allcore.kernel.quotes import Quality, Quote
from marketdata.domain.bars import DailyBar
from marketdata.domain.feeds import BadFeedError
from marketdata.domain.replay.market import ReplayMarket
from marketdata.domain.replay.parity import Pair, implied_sides
from marketdata.domain.replay.recording import QuoteTape, Recording, TradeTape, epoch, money, tick_rule_of
from marketdata.domain.sources import Moment

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
WEDNESDAY = datetime(2015, 12, 23, 14, 30, tzinfo=UTC)
THURSDAY = datetime(2015, 12, 24, 14, 30, tzinfo=UTC)
MONDAY = datetime(2015, 12, 28, 14, 30, tzinfo=UTC)
CALL, PUT = "GOOG  151224C00750000", "GOOG  151224P00750000"
SYMBOLS = ("GOOG", CALL, PUT)
NAN = float("nan")

Row = tuple[datetime, str, float, float]
QUOTES: list[Row] = [
    (WEDNESDAY + timedelta(minutes=1), CALL, 4.0, 4.6),
    (WEDNESDAY + timedelta(minutes=1), PUT, 3.0, 3.4),
    (WEDNESDAY + timedelta(minutes=2), CALL, 4.2, NAN),
    (THURSDAY + timedelta(minutes=1), "GOOG", 748.4, 748.6),
    (THURSDAY + timedelta(minutes=3), PUT, 2.0, 2.4),
    (MONDAY + timedelta(minutes=1), "GOOG", 750.0, 750.5),
]


def recording(quotes: list[Row] = QUOTES) -> Recording:
    stamps = np.array([epoch(at) for at, *_ in quotes], dtype=np.int64)
    places = np.array([SYMBOLS.index(symbol) for _, symbol, *_ in quotes], dtype=np.int64)
    bid, ask = (np.array([row[n] for row in quotes]) for n in (2, 3))
    sizes = np.full(len(quotes), 10, dtype=np.int64)
    trade = np.array([epoch(WEDNESDAY + timedelta(minutes=3))], dtype=np.int64)
    prices = [(Decimal(p), Decimal(p), Decimal(p), Decimal(p)) for p in (747, 749)]
    return Recording(
        underlying="GOOG",
        contracts=(OptionContract.parse(CALL), OptionContract.parse(PUT)),
        quotes=QuoteTape(SYMBOLS, stamps, places, bid, ask, sizes, sizes),
        trades=TradeTape(trade, np.array([0]), np.array([750.1]), np.array([300])),
        days=[
            DailyBar("GOOG", date(2015, 12, 22), *prices[0], volume=1),
            DailyBar("GOOG", date(2015, 12, 23), *prices[1], volume=1),
            DailyBar("VIX", date(2015, 12, 22), *prices[0]),
        ],
        interest={date(2015, 12, 23): {CALL: 500}, date(2015, 12, 24): {CALL: 400}},
    )


def shown(market: ReplayMarket, at: datetime) -> dict[str, Quote]:
    return {quote.symbol: quote for quote in market.advance(Moment(at, NOW))}


def test_a_quote_is_known_when_its_minute_has_ended_and_not_before() -> None:
    market = ReplayMarket(recording(), WEDNESDAY)

    before = shown(market, WEDNESDAY + timedelta(seconds=59))
    at = shown(market, WEDNESDAY + timedelta(seconds=60))

    assert CALL not in before
    assert (at[CALL].bid, at[CALL].ask) == (Decimal("4.00"), Decimal("4.60"))
    assert at[CALL].source_at == WEDNESDAY + timedelta(minutes=1)


def test_a_side_that_was_not_recorded_stands() -> None:
    market = ReplayMarket(recording(), WEDNESDAY)
    shown(market, WEDNESDAY + timedelta(seconds=90))

    changed = shown(market, WEDNESDAY + timedelta(seconds=120))

    assert (changed[CALL].bid, changed[CALL].ask) == (Decimal("4.20"), Decimal("4.60"))
    assert PUT not in changed


def test_a_jump_of_many_minutes_shows_where_things_stand_at_its_end() -> None:
    changed = shown(ReplayMarket(recording(), WEDNESDAY), WEDNESDAY + timedelta(minutes=30))

    assert changed[CALL].bid == Decimal("4.20")
    assert changed["GOOG"].volume == 300
    assert changed["GOOG"].last == Decimal("750.10")


def test_an_underlying_that_was_not_recorded_shows_what_its_options_make() -> None:
    changed = shown(ReplayMarket(recording(), WEDNESDAY), WEDNESDAY + timedelta(minutes=1))

    goog = changed["GOOG"]
    assert (goog.bid, goog.ask) == (Decimal("750.59"), Decimal("751.60"))
    assert goog.source == "replay-parity"


def test_an_underlying_that_was_recorded_is_never_made_up() -> None:
    market = ReplayMarket(recording(), THURSDAY)

    first = shown(market, THURSDAY + timedelta(minutes=1))
    later = shown(market, THURSDAY + timedelta(minutes=3))

    assert (first["GOOG"].bid, first["GOOG"].source) == (Decimal("748.40"), "replay")
    assert "GOOG" not in later


def test_yesterdays_quotes_are_nobodys_offer_today() -> None:
    market = ReplayMarket(recording(), WEDNESDAY)
    shown(market, WEDNESDAY + timedelta(minutes=5))

    morning = shown(market, THURSDAY)

    assert {morning[s].quality for s in (CALL, PUT)} == {Quality.EMPTY}
    assert morning[CALL].bid_size == 0


def test_before_the_open_yesterdays_quotes_are_left_alone() -> None:
    market = ReplayMarket(recording(), WEDNESDAY)
    shown(market, WEDNESDAY + timedelta(minutes=5))

    assert shown(market, THURSDAY - timedelta(minutes=5)) == {}


def test_what_has_daily_closes_alone_shows_the_last_one_and_no_sides() -> None:
    changed = shown(ReplayMarket(recording(), WEDNESDAY), WEDNESDAY)

    assert (changed["VIX"].last, changed["VIX"].quality) == (Decimal(747), Quality.EMPTY)
    assert changed["VIX"].source_at == datetime(2015, 12, 22, 21, 0, tzinfo=UTC)


def test_history_ends_before_the_start_and_a_days_own_bar_is_official_after_it() -> None:
    market = ReplayMarket(recording(), WEDNESDAY)

    assert {bar.day for bar in market.history()} == {date(2015, 12, 22)}
    assert [bar.close for bar in market.official_bars(date(2015, 12, 23))] == [749]


def test_the_recording_jumps_over_christmas_and_ends() -> None:
    market = ReplayMarket(recording(), WEDNESDAY)

    assert market.reopens_after(datetime(2015, 12, 24, 18, 0, tzinfo=UTC)) == MONDAY
    assert market.reopens_after(MONDAY) is None


def test_expired_options_are_listed_no_more() -> None:
    market = ReplayMarket(recording(), WEDNESDAY)
    shown(market, MONDAY)

    assert [listing.symbol for listing in market.listings()] == ["GOOG", "VIX"]
    assert market.listed_on == date(2015, 12, 28)


def test_open_interest_is_the_last_mornings() -> None:
    market = ReplayMarket(recording(), WEDNESDAY)
    first = dict(market.open_interest())

    shown(market, MONDAY)

    assert (first, dict(market.open_interest())) == ({CALL: 500}, {CALL: 400})


@pytest.mark.parametrize("start", [WEDNESDAY - timedelta(seconds=1), datetime(2015, 12, 28, 21, 0, tzinfo=UTC), NOW])
def test_a_start_outside_of_the_recording_is_refused(start: datetime) -> None:
    with pytest.raises(BadFeedError, match="from 2015-12-23 to 2015-12-28"):
        ReplayMarket(recording(), start)


def test_a_recording_starts_five_minutes_after_its_first_open_unless_told_otherwise() -> None:
    assert ReplayMarket(recording(), None).starts_at == WEDNESDAY + timedelta(minutes=5)


def test_parity_makes_no_price_of_options_that_contradict_each_other() -> None:
    crossed = {"C": (Decimal(5), Decimal("5.1")), "P": (Decimal(1), Decimal("1.1")), "D": (Decimal(9), Decimal("9.1"))}
    pairs = (Pair(Decimal(750), "C", "P"), Pair(Decimal(751), "D", "P"))

    assert implied_sides(pairs, crossed, near=Decimal(750), discount=1.0) is None


def test_parity_leaves_out_strikes_too_far_away_and_sides_that_are_missing() -> None:
    sides = {"C": (Decimal(5), None), "P": (Decimal(1), Decimal("1.1"))}

    assert implied_sides((Pair(Decimal(750), "C", "P"),), sides, near=Decimal(750), discount=1.0) is None
    assert implied_sides((Pair(Decimal(850), "C", "P"),), sides, near=Decimal(750), discount=1.0) is None


@pytest.mark.parametrize(
    ("prices", "rule"),
    [
        ([0.05, 2.95, 3.10, 157.40, NAN], TickRule.NICKEL),
        ([0.01, 2.99, 3.05], TickRule.PENNY),
        ([0.01, 3.01], TickRule.CENT),
    ],
)
def test_the_tick_rule_is_the_coarsest_that_all_prices_keep(prices: list[float], rule: TickRule) -> None:
    assert tick_rule_of(np.array(prices)) is rule


def test_recorded_prices_become_exact_cents() -> None:
    assert money(157.4) == Decimal("157.40")
    assert money(NAN) is None
