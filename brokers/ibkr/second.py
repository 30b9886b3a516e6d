"""How many messages one line has sent within the last second. Pure.

The shared bucket spaces the messages as they are asked for; between that and the wire an order is written down, and
what was spaced may leave in a heap. The gateway counts at its end, so what counts here is when they leave.
"""

from collections import deque
from dataclasses import dataclass, field

SPAN = 1.0


@dataclass(slots=True)
class Second:
    """A rolling second in which at most `most` messages leave; `now` is any clock that only goes on."""

    most: int
    _left: deque[float] = field(default_factory=deque)

    def wait(self, count: int, now: float, *, reserved: int = 0) -> float:
        """Return how long until `count` more may leave and `reserved` are still free; 0: now."""
        while self._left and self._left[0] <= now - SPAN:
            self._left.popleft()
        beyond = len(self._left) + count + reserved - self.most
        if beyond <= 0 or not self._left:
            return 0.0
        return self._left[min(beyond, len(self._left)) - 1] + SPAN - now

    def note(self, count: int, now: float) -> None:
        """Count them as leaving."""
        self._left.extend([now] * count)
