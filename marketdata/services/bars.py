"""Writing bars; the same bar written twice is one bar."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from allcore.kernel import calendar
from allcore.kernel.calendar import Session
from marketdata.domain.bars import DailyBar, MinuteBar, day_of
from marketdata.models import Bar, Instrument
from marketdata.selectors import history

BATCH = 2000
PRICES = ("open", "high", "low", "close", "volume")


def _ids(symbols: Iterable[str]) -> dict[str, int]:
    return dict(Instrument.objects.filter(symbol__in=set(symbols)).values_list("symbol", "id"))


def _write(rows: list[Bar]) -> None:
    Bar.objects.bulk_create(
        rows,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["instrument", "interval", "start_at"],
        update_fields=PRICES,
    )


def store_days(bars: Sequence[DailyBar]) -> None:
    """Store daily bars of known instruments; a day without a session is left out."""
    ids = _ids(bar.symbol for bar in bars)
    sessions = {day: calendar.session_on(day) for day in {bar.day for bar in bars}}
    _write(
        [
            _row(bar, ids[bar.symbol], Bar.Interval.DAY, session.opens_at)
            for bar in bars
            if bar.symbol in ids and (session := sessions[bar.day]) is not None
        ]
    )


def store_minutes(bars: Sequence[MinuteBar]) -> None:
    """Store minute bars of known instruments."""
    ids = _ids(bar.symbol for bar in bars)
    _write([_row(b, ids[b.symbol], Bar.Interval.MINUTE, b.start_at) for b in bars if b.symbol in ids])


def _row(bar: DailyBar | MinuteBar, instrument: int, interval: Bar.Interval, start_at: datetime) -> Bar:
    return Bar(
        instrument_id=instrument,
        interval=interval,
        start_at=start_at,
        open=bar.open,
        high=bar.high,
        low=bar.low,
        close=bar.close,
        volume=bar.volume,
    )


def close_day(session: Session, symbols: Iterable[str], official: Sequence[DailyBar]) -> None:
    """Store the session's daily bars: the official ones, and of the other symbols what their minutes add up to."""
    missing = set(symbols) - {bar.symbol for bar in official}
    made = [
        bar
        for symbol in sorted(missing)
        if (bar := day_of(symbol, session.day, history.minute_bars(symbol, session.opens_at, session.closes_at)))
    ]
    store_days([*official, *made])


def forget_from(moment: datetime) -> None:
    """Delete the bars that began at the moment or later: another run of a market that starts anew made them."""
    Bar.objects.filter(start_at__gte=moment).delete()
