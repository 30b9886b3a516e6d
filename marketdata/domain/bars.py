"""Bars: daily history, and minutes built from quotes as they come."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class DailyBar:
    """One session's prices in dollars a share (an index: points); `day` is New York's."""

    symbol: str
    day: date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int = 0


@dataclass(frozen=True, slots=True)
class MinuteBar:
    """The prices of the minute that began at `start_at` (UTC); `volume` is what was traded in it."""

    symbol: str
    start_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int = 0


@dataclass(frozen=True, slots=True)
class Print:
    """A price seen at a moment; `day_volume` is the session's volume so far."""

    symbol: str
    at: datetime
    price: Decimal
    day_volume: int = 0


class MinuteBars:
    """Minutes under construction, one a symbol; a minute is complete when a later one begins."""

    def __init__(self) -> None:
        self._open: dict[str, MinuteBar] = {}
        self._volume: dict[str, int] = {}

    def resume(self, bar: MinuteBar) -> None:
        """Go on with a minute that was stored unfinished."""
        self._open[bar.symbol] = bar

    def add(self, seen: Print) -> MinuteBar | None:
        """Take a price, and return the minute that it completes, if it does."""
        start = seen.at.replace(second=0, microsecond=0)
        traded = max(seen.day_volume - self._volume.get(seen.symbol, seen.day_volume), 0)
        self._volume[seen.symbol] = seen.day_volume
        current = self._open.get(seen.symbol)
        if current is None or current.start_at < start:
            self._open[seen.symbol] = MinuteBar(
                seen.symbol, start, seen.price, seen.price, seen.price, seen.price, traded
            )
            return current
        self._open[seen.symbol] = replace(
            current,
            high=max(current.high, seen.price),
            low=min(current.low, seen.price),
            close=seen.price,
            volume=current.volume + traded,
        )
        return None

    def finish(self) -> list[MinuteBar]:
        """Return the unfinished minutes and forget them: the session or the process ends."""
        bars = list(self._open.values())
        self._open.clear()
        return bars


def day_of(symbol: str, day: date, minutes: list[MinuteBar]) -> DailyBar | None:
    """Return the day's bar made of its minutes, oldest first, or None without any."""
    if not minutes:
        return None
    return DailyBar(
        symbol=symbol,
        day=day,
        open=minutes[0].open,
        high=max(bar.high for bar in minutes),
        low=min(bar.low for bar in minutes),
        close=minutes[-1].close,
        volume=sum(bar.volume for bar in minutes),
    )
