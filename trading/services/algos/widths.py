"""How wide a run's market usually is: the median of the last twenty minutes, sampled each five seconds."""

from bisect import bisect_left, insort
from collections import deque
from datetime import datetime, timedelta
from decimal import Decimal

EVERY = timedelta(seconds=5)
SPAN = 240  # samples: twenty minutes
LEAST = 24  # two minutes, below which nothing is usual


class Widths:
    """The samples of one package, kept in order as well: the middle of them is there without a sort."""

    def __init__(self) -> None:
        """Begin without any."""
        self._samples: deque[Decimal] = deque()
        self._ordered: list[Decimal] = []
        self._next: datetime | None = None
        self.usual: Decimal | None = None

    def see(self, at: datetime, width: Decimal) -> None:
        """Take a sample, if it is time for one."""
        if self._next is not None and at < self._next:
            return
        self._next = at + EVERY
        self._samples.append(width)
        insort(self._ordered, width)
        if len(self._samples) > SPAN:
            del self._ordered[bisect_left(self._ordered, self._samples.popleft())]
        if len(self._samples) >= LEAST:
            self.usual = self._ordered[(len(self._ordered) - 1) // 2]  # the lower of two in the middle
