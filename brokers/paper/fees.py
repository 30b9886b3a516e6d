"""What a fill costs: a table by the date from which each row holds."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from allcore.kernel.errors import InvalidInputError
from allcore.kernel.money import ZERO, to_cents


class NoFeesError(InvalidInputError):
    """The schedule says nothing about the day."""

    code = "NO_FEES"


@dataclass(frozen=True, slots=True)
class FeeRow:
    """Dollars: a contract, a share, and the least for an order in shares. Assignment and exercise are free."""

    effective_from: date
    option_contract: Decimal
    stock_share: Decimal
    stock_min: Decimal


DEFAULT_SCHEDULE = (FeeRow(date(1970, 1, 1), Decimal("0.65"), Decimal("0.005"), Decimal("1.00")),)


def row_on(schedule: tuple[FeeRow, ...], day: date) -> FeeRow:
    """Return the row in force on the day.

    Raises:
        NoFeesError: the schedule begins later.
    """
    rows = [row for row in schedule if row.effective_from <= day]
    if not rows:
        raise NoFeesError(f"No fees are known for {day}.", day=day)
    return max(rows, key=lambda row: row.effective_from)


def fill_fee(row: FeeRow, *, is_option: bool, before: int, filled: int) -> Decimal:
    """Return the fee of `filled` more of one leg after `before`: however an order is cut up, it costs the same."""
    return _order_fee(row, before + filled, is_option=is_option) - _order_fee(row, before, is_option=is_option)


def _order_fee(row: FeeRow, qty: int, *, is_option: bool) -> Decimal:
    if qty == 0:
        return ZERO
    return row.option_contract * qty if is_option else to_cents(max(row.stock_share * qty, row.stock_min))
