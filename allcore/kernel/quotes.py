"""What the market shows for one instrument at one moment."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.clock import seconds_between

CLOCKS_DIFFER = 30.0  # seconds between two processes' clocks, at most


class Quality(StrEnum):
    """Whether a quote may be traded on. Only GOOD may."""

    GOOD = "GOOD"
    STALE = "STALE"
    CROSSED = "CROSSED"
    LOCKED = "LOCKED"
    ONE_SIDED = "ONE_SIDED"
    EMPTY = "EMPTY"
    HALTED = "HALTED"


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask, per share, sizes in contracts or shares.

    `source_at` is the exchange's time of the last change; `received_at` the system's time at which the source last
    vouched for it (a line that is alive vouches for a quote that stands still). `source` names the feed.
    """

    symbol: str
    bid: Decimal | None
    ask: Decimal | None
    bid_size: int
    ask_size: int
    last: Decimal | None
    source_at: datetime
    received_at: datetime
    source: str
    volume: int = 0
    is_halted: bool = False

    @property
    def quality(self) -> Quality:
        """What is wrong with the quote by itself; age is judged by who uses it."""
        if self.is_halted:
            return Quality.HALTED
        if self.bid is None or self.ask is None:
            return Quality.EMPTY if self.bid is None and self.ask is None else Quality.ONE_SIDED
        if self.bid > self.ask:
            return Quality.CROSSED
        return Quality.LOCKED if self.bid == self.ask else Quality.GOOD

    @property
    def mid(self) -> Decimal | None:
        """Half way between bid and ask, or None without both."""
        return None if self.bid is None or self.ask is None else (self.bid + self.ask) / 2

    @property
    def width(self) -> Decimal | None:
        """Ask less bid, or None without both."""
        return None if self.bid is None or self.ask is None else self.ask - self.bid

    def age(self, now: datetime) -> float:
        """Return the seconds since the source last vouched for it; `now` is the system's time.

        A time further ahead than clocks differ was told by a clock that has been set back since: it vouches for nothing
        now, and counts as so long ago.
        """
        seconds = seconds_between(self.received_at, now)
        return seconds if seconds >= -CLOCKS_DIFFER else -seconds


@dataclass(frozen=True, slots=True)
class Greeks:
    """Model values of one option, per share; `iv` a year, `theta` a calendar day, `vega` and `rho` a point."""

    price: float
    iv: float
    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float
