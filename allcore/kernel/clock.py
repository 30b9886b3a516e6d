"""Two clocks. The system's tells when we did something; the exchange's tells what day the market has.

They are the same in live trading. A replay or a simulation runs the exchange's apart, at another date and speed.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


def utc_now() -> datetime:
    """Return the system's time. Only shells call this; pure code is given `now`."""
    return datetime.now(UTC)  # noqa: TID251 the one place that reads the clock


@dataclass(frozen=True, slots=True)
class ExchangeClock:
    """Maps the system's time to the exchange's: `exchange_anchor` was shown at `system_anchor`.

    `stops_at` holds the clock still (a paused or ended replay) once it is reached.
    """

    system_anchor: datetime
    exchange_anchor: datetime
    speed: float = 1.0
    stops_at: datetime | None = None

    def at(self, system_time: datetime) -> datetime:
        """Return the exchange's time (UTC) at a system time."""
        shown = self.exchange_anchor + (system_time - self.system_anchor) * self.speed
        return shown if self.stops_at is None else min(shown, self.stops_at)

    @property
    def is_system(self) -> bool:
        """Whether it shows the system's own time, as in live trading."""
        return (self.exchange_anchor, self.speed, self.stops_at) == (self.system_anchor, 1.0, None)

    def system_at(self, exchange_time: datetime) -> datetime:
        """Return the system's time at which the exchange's clock shows `exchange_time`."""
        return self.system_anchor + (exchange_time - self.exchange_anchor) / self.speed


def new_york(moment: datetime) -> datetime:
    """Return the moment in New York's wall time."""
    return moment.astimezone(NEW_YORK)


def new_york_date(moment: datetime) -> date:
    """Return the date New York has at the moment."""
    return new_york(moment).date()


def seconds_between(earlier: datetime, later: datetime) -> float:
    """Return the seconds from `earlier` to `later`."""
    return (later - earlier) / timedelta(seconds=1)
