"""Schwab's numbers, times and names, read strictly."""

from datetime import datetime
from decimal import Decimal

from allcore.kernel.instruments import InvalidSymbolError, OptionContract


def whole(value: object) -> int:
    """Return a quantity, whichever of 2, 2.0 and "2" it comes as.

    Raises:
        ValueError: it is no whole number, or a negative one.
    """
    number = Decimal(str(value))
    if not number.is_finite() or number != number.to_integral_value() or number < 0:
        raise ValueError(f"a quantity of {value!r}")
    return int(number)


def is_option(symbol: str) -> bool:
    """Return whether the symbol is an option's."""
    try:
        OptionContract.parse(symbol)
    except InvalidSymbolError:
        return False
    return True


def moment(text: str) -> datetime:
    """Read a time of Schwab's, such as 2026-06-10T14:00:00+0000.

    Raises:
        ValueError: it has no time zone: such a time is not guessed at.
    """
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError(f"a time without a zone: {text!r}")
    return read
