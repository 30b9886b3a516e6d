"""When a connection is tried again: soon, then ever later, and slowly once its circuit has tripped."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zlib import crc32

from brokers.quiet import QuietWindow

FIRST, MOST = 0.5, 15.0  # seconds
SLOW = 60.0
QUIET = 30.0
TRIPS_AFTER = 5
WITHIN = timedelta(minutes=3)


class Cause(StrEnum):
    """Why a connection is not up."""

    FAILED = "FAILED"
    NEEDS_A_PERSON = "NEEDS_A_PERSON"  # trying again changes nothing


@dataclass(slots=True)
class Pace:
    """The back-off and the circuit breaker of one connection in one worker.

    `seed` spreads the tries of workers and connections that all fail at one moment: they would return as one herd.
    """

    seed: str
    is_tripped: bool = False
    _failures: deque[datetime] = field(default_factory=lambda: deque(maxlen=TRIPS_AFTER))
    _tries: int = 0
    _pause: float = 0.0

    @property
    def pause(self) -> float:
        """Seconds until the next try."""
        return self._pause

    def reset(self) -> None:
        """Forget the failures: the session came up, or a person said to try."""
        self.is_tripped, self._tries, self._pause = False, 0, 0.0
        self._failures.clear()

    def fell(self, text: str, cause: Cause, window: QuietWindow | None, now: datetime) -> str:
        """Hear that a try failed or a session ended, and return what is said of the connection."""
        self._tries += 1
        if cause is Cause.NEEDS_A_PERSON:
            self._pause = self._spread(SLOW)
            return f"Needs a person: {text}"
        if window is not None:  # what is expected is no failure, and the hours end by themselves
            self._pause = self._spread(QUIET)
            return f"Expected: {window.sentence}. {text}"
        self._failures.append(now)
        self.is_tripped = self.is_tripped or (len(self._failures) == TRIPS_AFTER and now - self._failures[0] <= WITHIN)
        if self.is_tripped:
            self._pause = self._spread(SLOW)
            return f"Tripped after {TRIPS_AFTER} failures, tried once a minute; Resume tries at once. {text}"
        self._pause = self._spread(min(FIRST * 2 ** (min(self._tries, 10) - 1), MOST))
        return text

    def _spread(self, seconds: float) -> float:
        """Return between half of it and all of it, other for each seed and try, and the same each time."""
        fraction = crc32(f"{self.seed}/{self._tries}".encode()) / 2**32
        return seconds * (0.5 + fraction / 2)
