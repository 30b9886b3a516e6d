"""The day's P&L explained: what moved, times how much the position minded, and what is left over.

Source: a second-order Taylor expansion at the Greeks of each step's beginning (PX of the P&L cases); a step begins at
the session before's close and at each trade, so that the quantity is constant within it. The total is not estimated:
it is what the marks and trades say, and the residual is what the terms do not explain of it. All in whole cents.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal

from allcore.kernel.clock import seconds_between
from allcore.kernel.money import ZERO, from_float, to_cents
from trading.domain.books.positions import DayTrade

SECONDS_A_DAY = 86_400.0
POINTS = 100.0
ALARM_DOLLARS = Decimal(25)
ALARM_SHARE = Decimal("0.05")


@dataclass(frozen=True, slots=True)
class Point:
    """The market of one instrument at one moment, a share: mark, what moves it, and how much.

    Units: `theta` a calendar day, `vega` and `rho` a point, `vanna` and `volga` for a volatility of 1.00. What is None
    was not known, and explains nothing of the step that begins here.
    """

    at: datetime
    px: Decimal
    spot: float | None = None
    iv: float | None = None
    rate: float | None = None
    delta: float | None = None
    gamma: float | None = None
    theta: float | None = None
    vega: float | None = None
    rho: float | None = None
    vanna: float | None = None
    volga: float | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """Dollars to the cent that sum to `total`; `events` are dividends, deliveries, expiries and splits."""

    delta: Decimal = ZERO
    gamma: Decimal = ZERO
    vega: Decimal = ZERO
    theta: Decimal = ZERO
    rho: Decimal = ZERO
    vanna: Decimal = ZERO
    volga: Decimal = ZERO
    trading: Decimal = ZERO
    fees: Decimal = ZERO
    events: Decimal = ZERO
    residual: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """The day's P&L."""
        return sum((getattr(self, name) for name in TERMS), self.residual)

    @property
    def is_alarming(self) -> bool:
        """Whether the residual is more than 25 dollars and 5 % of all that moved: model or books are off."""
        moved = sum((abs(getattr(self, name)) for name in TERMS), ZERO)
        return abs(self.residual) > max(ALARM_DOLLARS, ALARM_SHARE * moved)

    def __add__(self, other: "Explained") -> "Explained":
        """Return both together, term by term: parts sum to the whole to the cent."""
        return Explained(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


TERMS = tuple(f.name for f in fields(Explained) if f.name != "residual")
NOTHING = Explained()


@dataclass(frozen=True, slots=True)
class Held:
    """A position's day: what it began with, its trades (each with its time), other cash, and shares in one contract."""

    start_qty: int
    trades: tuple[DayTrade, ...]
    income: Decimal
    multiplier: int


def explain(held: Held, points: Sequence[Point]) -> Explained:
    """Return the day from the first point to the last, oldest first; a trade belongs to the first point not before it.

    With a position overnight, the first point is the close before.
    """
    qty, size = held.start_qty, held.multiplier
    moved = dict.fromkeys(MODELLED, 0.0)
    total = trading = events = ZERO
    waiting = sorted(held.trades, key=_when)
    for n, point in enumerate(points):
        if n:
            total += qty * (point.px - points[n - 1].px) * size
            for name, value in _terms(points[n - 1], point).items():
                moved[name] += qty * size * value
        is_last = n == len(points) - 1
        while waiting and (n or not held.start_qty or is_last) and (is_last or _is_by(waiting[0], point)):
            trade = waiting.pop(0)
            gain = trade.qty * (point.px - trade.px) * size
            trading, events = (trading, events + gain) if trade.is_event else (trading + gain, events)
            qty += trade.qty
    fees = -sum((trade.fee for trade in held.trades), ZERO)
    known = {name: from_float(value) for name, value in moved.items()}
    known |= {"trading": to_cents(trading), "fees": to_cents(fees), "events": to_cents(events + held.income)}
    whole = to_cents(total + trading + fees + events + held.income)
    return Explained(**known, residual=whole - sum(known.values(), ZERO))


def together(parts: Iterable[Explained]) -> Explained:
    """Return the sum of the parts."""
    return sum(parts, NOTHING)


def _when(trade: DayTrade) -> tuple[bool, float]:
    return trade.at is not None, 0.0 if trade.at is None else trade.at.timestamp()


def _is_by(trade: DayTrade, point: Point) -> bool:
    return trade.at is None or trade.at <= point.at


MODELLED = ("delta", "gamma", "vega", "theta", "rho", "vanna", "volga")


def _terms(start: Point, end: Point) -> dict[str, float]:
    """Return what one share made of the step by each term; of what is not known at either end, nothing."""
    spot = _moved(start.spot, end.spot)
    vol = _moved(start.iv, end.iv)
    rate = _moved(start.rate, end.rate)
    days = seconds_between(start.at, end.at) / SECONDS_A_DAY
    return {
        "delta": (start.delta or 0.0) * spot,
        "gamma": 0.5 * (start.gamma or 0.0) * spot * spot,
        "vega": (start.vega or 0.0) * vol * POINTS,
        "theta": (start.theta or 0.0) * days,
        "rho": (start.rho or 0.0) * rate * POINTS,
        "vanna": (start.vanna or 0.0) * spot * vol,
        "volga": 0.5 * (start.volga or 0.0) * vol * vol,
    }


def _moved(start: float | None, end: float | None) -> float:
    return 0.0 if start is None or end is None else end - start
