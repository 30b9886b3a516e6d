"""What a margin account must keep: its excess over maintenance, and what is sold if there is none. Values in and out.

Long shares lend all but a quarter of their value, short ones take their value and a part of it; cash behind short puts
and spreads is kept aside as at entry, and long options lend nothing.

Source: FINRA Rule 4210(c): 25 % of long shares; of short ones 30 % or 5 dollars a share, whichever is more, and below
5 dollars a share 100 % or 2.50 dollars.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from allcore.kernel.instruments import Right
from brokers.paper.books import AccountBook
from brokers.paper.contracts import OPTION_MULTIPLIER, option_named
from brokers.paper.funds import demand_of

LONG = Decimal("0.25")
CHEAP = Decimal(5)  # dollars a share
SHORT, SHORT_LEAST = Decimal("0.30"), Decimal(5)
CHEAP_SHORT, CHEAP_SHORT_LEAST = Decimal(1), Decimal("2.50")

PriceOf = Callable[[str], Decimal | None]


@dataclass(frozen=True, slots=True)
class Sale:
    """Shares to get rid of: signed quantity to trade, above zero to buy back."""

    symbol: str
    qty: int


def shares_of(book: AccountBook) -> dict[str, int]:
    """Return the account's shares, signed."""
    return {symbol: held.qty for symbol, held in sorted(book.holdings.items()) if option_named(symbol) is None}


def kept_of_a_share(price: Decimal, *, is_long: bool) -> Decimal:
    """Return the dollars to keep for one share."""
    if is_long:
        return LONG * price
    ratio, least = (CHEAP_SHORT, CHEAP_SHORT_LEAST) if price < CHEAP else (SHORT, SHORT_LEAST)
    return max(ratio * price, least)


def excess(book: AccountBook, price_of: PriceOf) -> Decimal | None:
    """Return what the account has beyond its maintenance, below zero if it lacks it; None while a price is missing."""
    total = book.cash - demand_of({symbol: held.qty for symbol, held in book.holdings.items()}).cash
    for symbol, qty in shares_of(book).items():
        price = price_of(symbol)
        if price is None:
            return None
        total += qty * price - abs(qty) * kept_of_a_share(price, is_long=qty > 0)
    return total


def sales(book: AccountBook, lacking: Decimal, price_of: PriceOf) -> tuple[Sale, ...]:
    """Return the least that makes up for so many dollars, the most valuable position first.

    Shares under short calls stay: without them the calls would be bare.
    """
    priced = [(symbol, qty, px) for symbol, qty in shares_of(book).items() if (px := price_of(symbol)) is not None]
    found: list[Sale] = []
    for symbol, qty, px in sorted(priced, key=lambda one: (-abs(one[1]) * one[2], one[0])):
        frees = kept_of_a_share(px, is_long=qty > 0)
        most = max(qty - _bound(book, symbol), 0) if qty > 0 else -qty
        needed = int((lacking / frees).to_integral_value(rounding=ROUND_CEILING)) if lacking > 0 and frees else 0
        if units := min(most, needed):
            found.append(Sale(symbol, -units if qty > 0 else units))
            lacking -= units * frees
    return tuple(found)


def _bound(book: AccountBook, symbol: str) -> int:
    options = [(o, held.qty) for name, held in book.holdings.items() if (o := option_named(name)) is not None]
    return sum(
        -qty * OPTION_MULTIPLIER
        for option, qty in options
        if qty < 0 and option.right is Right.CALL and book.underlying_of(option.symbol) == symbol
    )
