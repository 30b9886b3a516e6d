"""The library's objects as the adapter's values: numbers that are not set are None."""

from decimal import Decimal, InvalidOperation
from typing import Any

from brokers.ibkr.errors import ContradictionError
from brokers.ibkr.news import Names, OrderNews
from brokers.ibkr.times import read_time

UNSET = 1e300  # the library's numbers above this are not set


def number_of(value: Any) -> Decimal | None:
    """Return the library's number as a decimal, or None if it is not set."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < Decimal(UNSET) else None


def whole_of(value: Any) -> int:
    """Return a quantity; a part of a share is refused, since cut off it would read as an execution taken back."""
    number = number_of(value)
    if number is None or number != int(number):
        raise ContradictionError(f"The gateway traded {value}, and the desk counts in whole shares and contracts.")
    return int(number)


def order_news(contract: Any, order: Any, state: Any, *, is_completed: bool = False) -> OrderNews:
    """Return the order as it stands, or as it ended."""
    closed_at, filled = None, number_of(order.filledQuantity) if is_completed else None
    if is_completed:
        try:
            closed_at = read_time(state.completedTime)
        except ContradictionError:
            closed_at = None  # then it counts as recent: told rather than left out
    return OrderNews(
        names=Names(int(order.orderId), int(order.clientId), int(order.permId), order.orderRef),
        account=order.account,
        status=state.status,
        contract=contract,
        quantity=int(order.totalQuantity),
        limit_price=number_of(order.lmtPrice),
        aux_price=number_of(order.auxPrice),
        is_completed=is_completed,
        filled=int(filled or 0),
        closed_at=closed_at,
        text=getattr(state, "completedStatus", ""),
        conditions=len(order.conditions),
    )
