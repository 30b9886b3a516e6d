"""What margin is computed from. Money is dollars, prices per share, quantities signed: long above zero."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.money import ZERO


class Kind(StrEnum):
    """What a leg is."""

    CALL = "CALL"
    PUT = "PUT"
    STOCK = "STOCK"


class UnderlyingClass(StrEnum):
    """How wide the rules think the underlying moves."""

    EQUITY = "equity"
    NARROW_INDEX = "narrow_index"
    BROAD_INDEX = "broad_index"
    HIGH_CAP_BROAD_INDEX = "high_cap_broad_index"


@dataclass(frozen=True, slots=True)
class Underlying:
    """The underlying: its price, its class, and the leverage of a leveraged fund."""

    price: Decimal
    klass: UnderlyingClass = UnderlyingClass.EQUITY
    leverage: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class MarginLeg:
    """One position. `cover` is how many shares cover one contract, if not its multiplier (an index against a fund).

    `is_long_dated`: listed with more than nine months to run. Without expiries all options end together.
    """

    kind: Kind
    qty: int
    price: Decimal
    strike: Decimal = ZERO
    expiry: date = date.max
    multiplier: int = 100
    cover: int | None = None
    is_long_dated: bool = False

    @property
    def value(self) -> Decimal:
        """What the position is worth in dollars, signed."""
        return self.qty * self.multiplier * self.price

    @property
    def shares_to_cover(self) -> int:
        """The shares that stand for one contract."""
        return self.multiplier if self.cover is None else self.cover

    def in_the_money(self, price: Decimal) -> Decimal:
        """Return what exercise is worth a share."""
        return max(price - self.strike if self.kind is Kind.CALL else self.strike - price, ZERO)

    def out_of_the_money(self, price: Decimal) -> Decimal:
        """Return by how much the price must move a share before exercise is worth something."""
        return max(self.strike - price if self.kind is Kind.CALL else price - self.strike, ZERO)


def stock(qty: int, price: Decimal) -> MarginLeg:
    """Return a position in shares."""
    return MarginLeg(Kind.STOCK, qty, price, multiplier=1)
