"""What is traded: shares, indices that are only looked at, and listed options under their OCC names."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.errors import InvalidInputError

MILLS = 1000
OCC = re.compile(r"^(?P<root>[A-Z][A-Z0-9]{0,5}) {0,5}(?P<ymd>\d{6})(?P<right>[CP])(?P<mills>\d{8})$")
OCC_LENGTH = 21
CENT_BELOW_3 = Decimal(3)
PENNY = Decimal("0.01")
NICKEL = Decimal("0.05")
DIME = Decimal("0.10")


class InvalidSymbolError(InvalidInputError):
    """The text is not the name of an instrument."""

    code = "INVALID_SYMBOL"


class Right(StrEnum):
    """What the option's holder may do."""

    CALL = "C"
    PUT = "P"


class InstrumentKind(StrEnum):
    """What kind of thing a symbol names. An INDEX is watched, never traded; interest is booked on CASH."""

    EQUITY = "EQUITY"
    ETF = "ETF"
    INDEX = "INDEX"
    OPTION = "OPTION"
    CASH = "CASH"


class TickRule(StrEnum):
    """Price steps (R-doc 1.8): PENNY is 0.01 below 3 and 0.05 from 3; NICKEL 0.05 and 0.10; CENT 0.01 everywhere."""

    CENT = "CENT"
    PENNY = "PENNY"
    NICKEL = "NICKEL"

    def tick_at(self, price: Decimal) -> Decimal:
        """Return the step at the price."""
        if self is TickRule.CENT:
            return PENNY
        below, above = (PENNY, NICKEL) if self is TickRule.PENNY else (NICKEL, DIME)
        return below if price < CENT_BELOW_3 else above


@dataclass(frozen=True, slots=True, order=True)
class OptionContract:
    """A listed option; `root` is its OCC root, `expiry` New York's date, `strike` in dollars, three places at most."""

    root: str
    expiry: date
    right: Right
    strike: Decimal

    def __post_init__(self) -> None:
        """Refuse what the 21-character name cannot hold, rather than round it."""
        mills = self.strike * MILLS
        if mills != mills.to_integral_value() or not 0 < mills < 10**8:
            raise InvalidSymbolError(f"A strike is between 0.001 and 99999.999, in mills, was {self.strike}.")
        if not re.fullmatch(r"[A-Z][A-Z0-9]{0,5}", self.root):
            raise InvalidSymbolError(f"An option's root is 1 to 6 capitals or digits, was {self.root!r}.")

    @property
    def symbol(self) -> str:
        """The 21-character OCC symbol."""
        return f"{self.root:<6}{self.expiry:%y%m%d}{self.right}{int(self.strike * MILLS):08d}"

    @classmethod
    def parse(cls, symbol: str) -> "OptionContract":
        """Read an OCC symbol, padded (21 characters) or compact.

        Raises:
            InvalidSymbolError: the text is no OCC symbol.
        """
        match = OCC.match(symbol)
        if match is None or (" " in symbol and len(symbol) != OCC_LENGTH):
            raise InvalidSymbolError(f"Not an OCC option symbol: {symbol!r}.")
        try:
            expiry = datetime.strptime(match["ymd"], "%y%m%d").date()  # noqa: DTZ007 a date has no zone
        except ValueError:
            raise InvalidSymbolError(f"Not a date in option symbol {symbol!r}.") from None
        return cls(match["root"], expiry, Right(match["right"]), Decimal(match["mills"]) / MILLS)

    def __str__(self) -> str:
        """Return the contract as a trader says it."""
        kind = "put" if self.right is Right.PUT else "call"
        return f"{self.root} {self.expiry.day} {self.expiry:%b} {self.strike.normalize():f} {kind}"
