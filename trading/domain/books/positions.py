"""A position is the sum of its lots; what it is worth follows from a mark."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from trading.domain.books.lots import Lot

AVERAGE_STEP = Decimal("0.00000001")  # as stored; the lots stay exact


@dataclass(frozen=True, slots=True)
class Holding:
    """Signed quantity and what it cost, per share times quantity."""

    qty: int
    cost: Decimal

    @property
    def avg_px(self) -> Decimal | None:
        """Average price per share of what is open, to eight places."""
        return (self.cost / self.qty).quantize(AVERAGE_STEP, rounding=ROUND_HALF_EVEN) if self.qty else None


def holding(lots: Sequence[Lot]) -> Holding:
    """Return what the lots are together."""
    return Holding(sum(lot.qty for lot in lots), sum((lot.cost for lot in lots), Decimal(0)))


def market_value(qty: int, mark: Decimal, multiplier: int) -> Decimal:
    """Return dollars: below zero for a short."""
    return qty * mark * multiplier


def unrealised(held: Holding, mark: Decimal, multiplier: int) -> Decimal:
    """Return dollars, before fees."""
    return (held.qty * mark - held.cost) * multiplier


@dataclass(frozen=True, slots=True)
class DayTrade:
    """A trade of the day: signed quantity, price per share, fee in dollars.

    `is_event`: a delivery, an expiry, a split (whose new shares come at nothing). `at` is on the exchange's clock.
    """

    qty: int
    px: Decimal
    fee: Decimal = Decimal(0)
    at: datetime | None = None
    is_event: bool = False


def day_pnl(
    *,
    start_qty: int,
    previous_close: Decimal | None,
    trades: Iterable[DayTrade],
    mark: Decimal | None,
    multiplier: int,
    income: Decimal = Decimal(0),
) -> Decimal | None:
    """Return the day's dollars with fees and income: held against the previous close, traded against its price.

    None if a price that counts is missing: a flat position needs no mark, and none held overnight no previous close.
    """
    done = list(trades)
    end_qty = start_qty + sum(trade.qty for trade in done)
    if (end_qty and mark is None) or (start_qty and previous_close is None):
        return None
    now = Decimal(0) if mark is None else mark
    before = Decimal(0) if previous_close is None else previous_close
    flows = sum((trade.qty * trade.px for trade in done), Decimal(0))
    fees = sum((trade.fee for trade in done), Decimal(0))
    return (end_qty * now - start_qty * before - flows) * multiplier - fees + income
