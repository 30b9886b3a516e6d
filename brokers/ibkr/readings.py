"""The library's objects as the adapter's values: numbers that are not set are None."""

from decimal import Decimal, InvalidOperation
from typing import Any

from allcore.kernel.errors import InvalidInputError
from brokers.ibkr.contracts import symbol_of
from brokers.ibkr.errors import ContradictionError, PartOfShareError
from brokers.ibkr.news import Names, OrderNews
from brokers.ibkr.times import read_time

UNSET = Decimal("1e37")  # what is not set is told as the largest double, or as the largest decimal (2 ** 127 - 1)
BOUGHT, SOLD = frozenset({"BOT", "BUY"}), frozenset({"SLD", "SELL"})


def number_of(value: Any) -> Decimal | None:
    """Return the library's number as a decimal, or None if it is not set."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < UNSET else None


def count_of(value: Any) -> int:
    """Return the whole part of a quantity; 0 if it is not set."""
    return int(number_of(value) or 0)


def price_of(value: Any) -> Decimal:
    """Return the price of an execution; one without a price is refused, since it would be booked for nothing."""
    price = number_of(value)
    if price is None:
        raise ContradictionError(f"The gateway tells an execution at the price {value!r}.")
    return price


def is_buy(side: str) -> bool:
    """Return whether an execution's side is a buy.

    Raises:
        ContradictionError: it is a word for neither.
    """
    if side not in BOUGHT and side not in SOLD:
        raise ContradictionError(f"The gateway tells an execution of the side {side!r}.")
    return side in BOUGHT


def name_of(contract: Any) -> str:
    """Return the desk's name of an instrument, or of one that it has no name for, the broker's; empty for a combo."""
    try:
        return symbol_of(contract)
    except InvalidInputError:
        return str(contract.localSymbol or f"{contract.secType} {contract.symbol}")


def whole_of(value: Any) -> int:
    """Return a quantity; a part of a share is refused, since cut off it would read as an execution taken back."""
    number = number_of(value)
    if number is None or number != int(number):
        raise PartOfShareError(f"The gateway traded {value}, and the desk counts in whole shares and contracts.")
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
        quantity=count_of(order.totalQuantity),
        limit_price=number_of(order.lmtPrice),
        aux_price=number_of(order.auxPrice),
        is_completed=is_completed,
        filled=int(filled or 0),
        closed_at=closed_at,
        text=getattr(state, "completedStatus", ""),
        conditions=len(order.conditions),
        order=order,
    )
