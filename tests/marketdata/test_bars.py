"""Minutes made of prices, days made of minutes."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from marketdata.domain.bars import DailyBar, MinuteBar, MinuteBars, Print, day_of

TEN = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)


def seen(seconds: float, price: str, day_volume: int = 0) -> Print:
    return Print("TSLA", TEN + timedelta(seconds=seconds), Decimal(price), day_volume)


def bar(start: datetime, prices: str, volume: int = 0) -> MinuteBar:
    first, high, low, last = (Decimal(p) for p in prices.split())
    return MinuteBar("TSLA", start, first, high, low, last, volume)


def test_a_minute_is_complete_when_a_later_one_begins() -> None:
    minutes = MinuteBars()
    within = [
        minutes.add(seen(*s)) for s in ((1, "250", 100), (20, "251", 150), (40, "249", 180), (59.9, "250.5", 200))
    ]

    completed = minutes.add(seen(60, "252", 230))

    assert within == [None] * 4
    assert completed == bar(TEN, "250 251 249 250.5", volume=100)
    assert minutes.finish() == [bar(TEN + timedelta(minutes=1), "252 252 252 252", volume=30)]
    assert minutes.finish() == []


def test_a_minute_stored_unfinished_goes_on_where_it_stopped() -> None:
    minutes = MinuteBars()
    minutes.resume(bar(TEN, "250 255 249 251", volume=7))

    minutes.add(seen(30, "252"))

    assert minutes.finish() == [bar(TEN, "250 255 249 252", volume=7)]


def test_a_new_sessions_volume_starts_again_from_nothing() -> None:
    minutes = MinuteBars()
    minutes.add(seen(0, "250", 5_000_000))

    minutes.add(seen(86_400, "250", 10))

    assert minutes.finish()[0].volume == 0


def test_a_day_is_what_its_minutes_add_up_to() -> None:
    minutes = [bar(TEN, "250 251 249 250", 5), bar(TEN + timedelta(minutes=1), "250 253 250 252", 6)]

    day = day_of("TSLA", date(2026, 6, 10), minutes)

    first, high, low, last = (Decimal(p) for p in ("250", "253", "249", "252"))
    assert day == DailyBar("TSLA", date(2026, 6, 10), first, high, low, last, volume=11)
    assert day_of("TSLA", date(2026, 6, 10), []) is None
