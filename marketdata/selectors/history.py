"""What prices have been."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

from allcore.kernel.clock import NEW_YORK, new_york_date
from marketdata.domain.bars import DailyBar, MinuteBar
from marketdata.models import Bar

DAYS_A_YEAR, SESSIONS_A_YEAR, A_FORTNIGHT = 365, 252, 14


def _day_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), NEW_YORK).astimezone(UTC)


def daily_bars(symbol: str, count: int, until: date) -> list[DailyBar]:
    """Return the last `count` sessions' bars up to and including `until` (New York), oldest first, or as many as exist.

    A session's bar exists once the session has closed, so the day that is being traded is never among them.
    """
    rows = Bar.objects.filter(
        instrument__symbol=symbol, interval=Bar.Interval.DAY, start_at__lt=_day_after(until)
    ).order_by("-start_at")[:count]
    return [
        DailyBar(symbol, new_york_date(row.start_at), row.open, row.high, row.low, row.close, row.volume)
        for row in reversed(rows)
    ]


def daily_closes(symbols: Collection[str], count: int, until: date) -> dict[str, dict[date, float]]:
    """Return each symbol's closes by session, of about the last `count` sessions up to and including `until`.

    One statement. Floats: they are for models. A symbol without bars has none.
    """
    since = until - timedelta(days=count * DAYS_A_YEAR // SESSIONS_A_YEAR + A_FORTNIGHT)
    found: dict[str, dict[date, float]] = {symbol: {} for symbol in symbols}
    rows = Bar.objects.filter(
        instrument__symbol__in=list(symbols),
        interval=Bar.Interval.DAY,
        start_at__gte=_day_after(since),
        start_at__lt=_day_after(until),
    )
    for symbol, start_at, close in rows.values_list("instrument__symbol", "start_at", "close"):
        found[symbol][new_york_date(start_at)] = float(close)
    return found


def minute_bars(symbol: str, since: datetime, until: datetime) -> list[MinuteBar]:
    """Return the minutes that began from `since` up to, not at, `until`, oldest first."""
    rows = Bar.objects.filter(
        instrument__symbol=symbol, interval=Bar.Interval.MINUTE, start_at__gte=since, start_at__lt=until
    ).order_by("start_at")
    return [MinuteBar(symbol, r.start_at, r.open, r.high, r.low, r.close, r.volume) for r in rows]
