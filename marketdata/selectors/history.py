"""What prices have been."""

from datetime import UTC, date, datetime, time, timedelta

from allcore.kernel.clock import NEW_YORK, new_york_date
from marketdata.domain.bars import DailyBar, MinuteBar
from marketdata.models import Bar


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


def minute_bars(symbol: str, since: datetime, until: datetime) -> list[MinuteBar]:
    """Return the minutes that began from `since` up to, not at, `until`, oldest first."""
    rows = Bar.objects.filter(
        instrument__symbol=symbol, interval=Bar.Interval.MINUTE, start_at__gte=since, start_at__lt=until
    ).order_by("start_at")
    return [MinuteBar(symbol, r.start_at, r.open, r.high, r.low, r.close, r.volume) for r in rows]
