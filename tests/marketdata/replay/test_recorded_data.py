"""The desk on real quotes: GOOG options, 23 to 28 December 2015."""

import os
import shutil
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from allcore.kernel.instruments import TickRule
from allcore.kernel.quotes import Quality, Quote
from marketdata.domain.feeds import BadFeedError
from marketdata.domain.replay.market import ReplayMarket
from marketdata.domain.replay.recording import Recording
from marketdata.domain.sources import Moment
from marketdata.services import recordings

DATA = Path(os.environ.get("ALLUSE_DATA", Path(__file__).parents[4] / "shared" / "data"))
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
recorded = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"recorded quotes are not at {DATA}; set ALLUSE_DATA to where they are"
)


@pytest.fixture(scope="module")
def recording() -> Recording:
    return recordings.read(str(DATA))


def played(recording: Recording, start: datetime, at: datetime) -> dict[str, Quote]:
    market = ReplayMarket(recording, start)
    return {quote.symbol: quote for quote in market.advance(Moment(at, NOW))}


@recorded
def test_wednesdays_share_price_is_made_of_options_and_meets_the_recorded_trades(recording: Recording) -> None:
    start = datetime(2015, 12, 23, 14, 35, tzinfo=UTC)
    market = ReplayMarket(recording, start)
    misses = []
    for minute in range(0, 380, 5):
        shown = {quote.symbol: quote for quote in market.advance(Moment(start + timedelta(minutes=minute), NOW))}
        goog = shown.get("GOOG")
        if goog is not None and goog.bid is not None and goog.ask is not None and goog.last is not None:
            misses.append(max(goog.bid - goog.last, goog.last - goog.ask, Decimal(0)))

    assert len(misses) > 40
    assert sorted(misses)[len(misses) * 9 // 10] <= Decimal("0.50")


@recorded
def test_thursday_is_a_short_session_and_the_weekly_expiry(recording: Recording) -> None:
    noon = datetime(2015, 12, 24, 17, 0, tzinfo=UTC)
    quotes = played(recording, datetime(2015, 12, 24, 14, 35, tzinfo=UTC), noon)

    goog = quotes["GOOG"]
    assert (goog.source, goog.quality) == ("replay", Quality.GOOD)
    assert Decimal(745) < (goog.mid or 0) < Decimal(752)
    expiring = [q for s, q in quotes.items() if s.startswith("GOOG  151224") and q.quality is Quality.GOOD]
    assert len(expiring) > 60
    late = played(recording, datetime(2015, 12, 24, 14, 35, tzinfo=UTC), datetime(2015, 12, 24, 23, 0, tzinfo=UTC))
    assert max(q.source_at for q in late.values()) <= datetime(2015, 12, 24, 18, 0, tzinfo=UTC)


@recorded
def test_the_recordings_sessions_listings_and_history_are_whole(recording: Recording) -> None:
    market = ReplayMarket(recording, None)

    options = [listing for listing in market.listings() if listing.contract is not None]
    assert len(options) == 2192
    assert {listing.tick_rule for listing in options} == {TickRule.NICKEL}
    assert market.reopens_after(datetime(2015, 12, 24, 18, 0, tzinfo=UTC)) == datetime(2015, 12, 28, 14, 30, tzinfo=UTC)
    history = market.history()
    for symbol in ("GOOG", "SPY", "QQQ", "VIX"):
        days = [bar.day for bar in history if bar.symbol == symbol]
        assert len(days) >= 252
        assert days[-1] == date(2015, 12, 22)


@recorded
def test_a_directory_that_lacks_a_file_is_refused_by_the_files_name(tmp_path: Path) -> None:
    shutil.copy(DATA / recordings.INDEX_DAYS, tmp_path)

    with pytest.raises(BadFeedError, match="lacks opt_minute_quote_goog"):
        recordings.read(str(tmp_path))


def test_a_directory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFeedError, match="no directory"):
        recordings.read(str(tmp_path / "gone"))


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    for name in recordings.FILES:
        (tmp_path / name).write_text("nothing")

    with pytest.raises(BadFeedError, match="cannot be read"):
        recordings.read(str(tmp_path))
