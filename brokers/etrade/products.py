"""What is traded, in E*TRADE's fields: a symbol, and for an option its date, strike and side apart."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from allcore.kernel.instruments import InvalidSymbolError, OptionContract, Right
from brokers.etrade.lists import needed, part

RIGHTS = {"CALL": Right.CALL, "PUT": Right.PUT}
CALL_PUT = {right: word for word, right in RIGHTS.items()}
ROOT = 6  # characters of an osiKey, filled up with "-"


def option_named(symbol: str) -> OptionContract | None:
    """Return the option that the symbol names, or None for a share."""
    try:
        return OptionContract.parse(symbol)
    except InvalidSymbolError:
        return None


def product_of(symbol: str) -> dict[str, object]:
    """Return the product as an order names it."""
    option = option_named(symbol)
    if option is None:
        return {"securityType": "EQ", "symbol": symbol}
    return {
        "securityType": "OPTN",
        "symbol": option.root,
        "callPut": CALL_PUT[option.right],
        "expiryYear": option.expiry.year,
        "expiryMonth": option.expiry.month,
        "expiryDay": option.expiry.day,
        "strikePrice": option.strike,
    }


def symbol_of(row: Mapping[str, Any]) -> str:
    """Return the symbol of an instrument or position: by its osiKey (`SPY---261218C00600000`) where there is one.

    Raises:
        LookupError, TypeError, ValueError, InvalidInputError: it has not the form it should have.
    """
    product = needed(row, "Product")
    key = str(row.get("osiKey") or (part(product, "productId") or {}).get("symbol") or "")
    if product["securityType"] != "OPTN":
        return str(product["symbol"])
    if len(key) > ROOT and option_named(name := f"{key[:ROOT].rstrip('-'):<6}{key[ROOT:]}") is not None:
        return name
    year = int(product["expiryYear"])
    expiry = date(year if year > 99 else 2000 + year, int(product["expiryMonth"]), int(product["expiryDay"]))
    strike = Decimal(str(product["strikePrice"]))
    return OptionContract(str(product["symbol"]), expiry, RIGHTS[product["callPut"]], strike).symbol
