"""Which options are listed: six weeks of weekly expiries, strikes around the price. A ladder grows, never shrinks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain

from allcore.kernel import calendar
from marketdata.domain.simulator.world import Name

WEEKS = 6
REACH = 0.20  # of the price, on both sides
FINE_REACH = 0.08
FINE_EXPIRIES = 2  # the nearest have the finer steps, finer than an exchange may list them


@dataclass(frozen=True, slots=True)
class Ladder:
    """The strikes of one expiry in cents: every step from `low` to `high`, every fine step in the inner range."""

    low: int
    high: int
    fine_low: int
    fine_high: int

    def widened(self, other: "Ladder") -> "Ladder":
        """Return the ladder that holds both."""
        return Ladder(
            min(self.low, other.low),
            max(self.high, other.high),
            min(self.fine_low, other.fine_low) if self.has_fine and other.has_fine else self.fine_low or other.fine_low,
            max(self.fine_high, other.fine_high),
        )

    @property
    def has_fine(self) -> bool:
        """Whether there is an inner range."""
        return self.fine_high > 0

    def strikes(self, step: int, fine_step: int) -> list[int]:
        """Return the strikes in cents, lowest first."""
        coarse = range(_up(self.low, step), self.high + 1, step)
        fine = range(_up(self.fine_low, fine_step), self.fine_high + 1, fine_step) if self.has_fine else range(0)
        return sorted(set(chain(coarse, fine)))


Ladders = dict[tuple[str, date], Ladder]


def _up(value: int, step: int) -> int:
    return -(-value // step) * step


def expiries(day: date) -> list[date]:
    """Return the weekly expiries from the day on: the last session of each week, Thursday where Friday is a holiday."""
    weeks = (calendar.weekly_expiry(day + timedelta(weeks=n)) for n in range(WEEKS + 1))
    return [expiry for expiry in weeks if day <= expiry <= day + timedelta(weeks=WEEKS)]


def around(spot: float, *, fine: bool) -> Ladder:
    """Return the ladder that a price asks for."""
    price = spot * 100
    inner = (int(price * (1 - FINE_REACH)), int(price * (1 + FINE_REACH))) if fine else (0, 0)
    return Ladder(int(price * (1 - REACH)), int(price * (1 + REACH)), *inner)


def listed(day: date, spots: Mapping[Name, float], before: Ladders) -> Ladders:
    """Return what is listed on the day: yesterday's ladders that live on, widened, and the new week's."""
    ladders: Ladders = {}
    for name, spot in spots.items():
        for rank, expiry in enumerate(expiries(day)):
            wanted = around(spot, fine=rank < FINE_EXPIRIES)
            known = before.get((name.symbol, expiry))
            ladders[name.symbol, expiry] = wanted if known is None else known.widened(wanted)
    return ladders
