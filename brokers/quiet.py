"""Hours in which a broker is expected to be away: resets and weekends, as tables that a trader can check."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time

from allcore.kernel.clock import new_york

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)


@dataclass(frozen=True, slots=True)
class QuietWindow:
    """From `starts` until just before `ends` (None: midnight), New York, on each of the days; none passes midnight."""

    days: frozenset[int]
    starts: time
    ends: time | None
    why: str

    def holds(self, there: datetime) -> bool:
        """Return whether the New York moment is inside."""
        clock = there.time()
        return there.weekday() in self.days and self.starts <= clock and (self.ends is None or clock < self.ends)

    @property
    def sentence(self) -> str:
        """Say what goes on, and until when."""
        until = "midnight" if self.ends is None else f"{self.ends:%H:%M}"
        return f"{self.why} until {until} New York"


def window_at(windows: Sequence[QuietWindow], now: datetime) -> QuietWindow | None:
    """Return the window that holds at the moment, or None."""
    there = new_york(now)
    return next((window for window in windows if window.holds(there)), None)
