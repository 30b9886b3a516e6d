"""What can go wrong at any broker, as a test orders it. A server asks here before it answers."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from allcore.kernel.clock import utc_now

Message = TypeVar("Message")


class Lapse(StrEnum):
    """What happens to an order request after it was booked."""

    SILENT = "SILENT"  # booked, and nothing is ever said about it of itself
    DROP = "DROP"  # booked, and the line goes
    UNREAD = "UNREAD"  # not booked, and the line goes: it never arrived


@dataclass
class Clock:
    """The server's time, which a test may move."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def forward(self, **by: float) -> None:
        """Move on."""
        self.ahead += timedelta(**by)


@dataclass
class Faults:
    """Queues are used up one by one; switches stay until they are put back.

    `answers` are the next HTTP statuses (429, 500, 503), or "html" for an error page where JSON is due; `retry_after`
    goes with a 429. `duplicates` sends every event twice, `reorders` sends events of one batch in reverse, `delay`
    is in seconds, before every answer and event. `mute` events are never sent at all: only asking finds them.
    """

    lapses: deque[Lapse] = field(default_factory=deque)
    rejects: deque[tuple[str, str]] = field(default_factory=deque)  # code and text, in the broker's words
    answers: deque[int | str] = field(default_factory=deque)
    retry_after: float | None = None
    duplicates: bool = False
    reorders: bool = False
    mute: bool = False
    delay: float = 0.0

    def lapse(self) -> Lapse | None:
        """Return what befalls the order request at hand, once."""
        return self.lapses.popleft() if self.lapses else None

    def reject(self) -> tuple[str, str] | None:
        """Return why the order at hand is rejected, once."""
        return self.rejects.popleft() if self.rejects else None

    def answer(self) -> int | str | None:
        """Return the HTTP fault of the request at hand, once."""
        return self.answers.popleft() if self.answers else None

    def arranged(self, messages: list[Message]) -> list[Message]:
        """Return a batch of events as the faults would have it."""
        if self.mute:
            return []
        shown = [m for m in messages for _ in range(2 if self.duplicates else 1)]
        return shown[::-1] if self.reorders else shown
