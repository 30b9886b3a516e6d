"""Positions and accounts at the marks of a moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from allcore.kernel.instruments import InstrumentKind, Right
from allcore.kernel.quotes import Greeks, Quote
from trading.domain.books.marks import Mark, mark, marked
from trading.domain.books.positions import DayTrade, day_pnl, market_value
from trading.domain.greeks import OF_A_SHARE

RATIO_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Line:
    """One account's position, and its day so far: what it began with, the previous close, the day's trades."""

    account: str
    instrument_id: int
    symbol: str
    underlying: str
    kind: InstrumentKind
    right: Right | None
    strike: Decimal | None
    expiry: date | None  # New York
    multiplier: int
    qty: int
    avg_px: Decimal | None
    realised: Decimal
    fees: Decimal
    start_qty: int = 0
    previous_close: Decimal | None = None
    trades: tuple[DayTrade, ...] = ()
    income: Decimal = Decimal(0)  # dividends and the like, ever
    day_income: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Valued:
    """A position at a mark. Money in dollars, None where a price is missing; Greeks of the whole position."""

    line: Line
    mark: Mark | None
    greeks: Greeks | None

    @property
    def market_value(self) -> Decimal | None:
        """Dollars, below zero for a short; a flat position is worth nothing, whatever the mark."""
        if not self.line.qty:
            return Decimal(0)
        return None if self.mark is None else market_value(self.line.qty, self.mark.px, self.line.multiplier)

    @property
    def unrealised(self) -> Decimal | None:
        """Dollars before fees."""
        if not self.line.qty or self.line.avg_px is None:
            return Decimal(0)
        return None if self.mark is None else self.line.qty * (self.mark.px - self.line.avg_px) * self.line.multiplier

    @property
    def day_pnl(self) -> Decimal | None:
        """Dollars after fees since the previous close."""
        return day_pnl(
            start_qty=self.line.start_qty,
            previous_close=self.line.previous_close,
            trades=self.line.trades,
            mark=None if self.mark is None else self.mark.px,
            multiplier=self.line.multiplier,
            income=self.line.day_income,
        )

    @property
    def shares(self) -> int:
        """What a Greek of one share is multiplied by."""
        return self.line.qty * self.line.multiplier


def value(line: Line, quote: Quote | None, greeks: Greeks | None, *, last: Decimal | None, is_old: bool) -> Valued:
    """Return the position at its mark. A quote that is old, or none, still marks and says so."""
    fresh = mark(quote, greeks, line.qty)
    found = marked(fresh, last)
    if found is not None and is_old:
        found = Mark(found.px, is_stale=True)
    return Valued(line, found, OF_A_SHARE if line.kind is not InstrumentKind.OPTION else greeks)


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Return the sum, or None if one of the amounts is not known."""
    known = list(amounts)
    return None if None in known else sum((a for a in known if a is not None), Decimal(0))


def ratio(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """Return the part's share of the whole, or None if either is not known or the whole is nothing."""
    if part is None or whole is None or whole <= 0:
        return None
    return (part / whole).quantize(RATIO_STEP, rounding=ROUND_HALF_EVEN)


def drawdown(pnl: Decimal | None, *, peak_pnl: Decimal, capital: Decimal) -> Decimal | None:
    """Return how far the account is below its best, of its equity then; deposits and withdrawals count as neither.

    `pnl` is equity less all that was put in, `capital` that; without flows it is 1 - E / max E.
    """
    if pnl is None:
        return None
    best = max(peak_pnl, pnl)
    return ratio(best - pnl, capital + best)
