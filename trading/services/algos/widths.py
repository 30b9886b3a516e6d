"""How wide a run's market usually is: the median of the last twenty minutes, sampled each five seconds."""

from collections import deque
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median_low

EVERY = timedelta(seconds=5)
SPAN = 240  # samples: twenty minutes
LEAST = 24  # two minutes, below which nothing is usual


class Widths:
    """The samples of one package."""

    def __init__(self) -> None:
        """Begin without any."""
        self._samples: deque[Decimal] = deque(maxlen=SPAN)
        self._next: datetime | None = None
        self.usual: Decimal | None = None

    def see(self, at: datetime, width: Decimal) -> None:
        """Take a sample, if it is time for one."""
        if self._next is not None and at < self._next:
            return
        self._next = at + EVERY
        self._samples.append(width)
        if len(self._samples) >= LEAST:
            self.usual = median_low(self._samples)
