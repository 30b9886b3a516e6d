"""TD Ameritrade's names of instruments: `SPY_121826C600` is the OCC's `SPY   261218C00600000`."""

import re
from datetime import datetime
from decimal import Decimal

from allcore.kernel.instruments import InvalidSymbolError, OptionContract, Right

OPTION = re.compile(
    r"^(?P<root>[A-Z][A-Z0-9]{0,5})_(?P<mdy>\d{6})(?P<right>[CP])(?P<strike>\d{1,5}(\.\d{1,3})?|\.\d{1,3})$"
)


def contract_of(symbol: str) -> OptionContract:
    """Read an option's name.

    Raises:
        InvalidSymbolError: it is none of TD Ameritrade's.
    """
    match = OPTION.match(symbol)
    if match is None:
        raise InvalidSymbolError(f"Not a TD Ameritrade option symbol: {symbol!r}.")
    try:
        expiry = datetime.strptime(match["mdy"], "%m%d%y").date()  # noqa: DTZ007 a date has no zone
    except ValueError:
        raise InvalidSymbolError(f"Not a date in option symbol {symbol!r}.") from None
    return OptionContract(match["root"], expiry, Right(match["right"]), Decimal(match["strike"]))


def to_occ(symbol: str) -> str:
    """Return an option's OCC symbol; any other name stays as it is.

    Raises:
        InvalidSymbolError: it looks like an option and is none.
    """
    return contract_of(symbol).symbol if "_" in symbol else symbol


def from_occ(symbol: str) -> str:
    """Return TD Ameritrade's name for an OCC symbol; any other name stays as it is."""
    try:
        option = OptionContract.parse(symbol)
    except InvalidSymbolError:
        return symbol
    return f"{option.root}_{option.expiry:%m%d%y}{option.right}{_plain(option.strike)}"


def _plain(strike: Decimal) -> str:
    """Return the strike without zeros that say nothing: 600, 252.5."""
    text = f"{strike:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
