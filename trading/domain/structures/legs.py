"""The legs of one unit of a structure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.money import ZERO
from allcore.kernel.tickets import OrderTicket
from risk.domain.lines import contract_of


@dataclass(frozen=True, slots=True)
class Leg:
    """`qty` contracts or shares of one unit, long above zero. `contract` None: shares, whose multiplier is 1."""

    contract: OptionContract | None
    qty: int
    multiplier: int = 100
    price: Decimal | None = None  # per share, paid or received

    @property
    def shares(self) -> int:
        """The shares that the leg moves when it is exercised, signed."""
        return self.qty * self.multiplier

    @property
    def expiry(self) -> date | None:
        """New York's date of expiry, None of shares."""
        return None if self.contract is None else self.contract.expiry

    def at_expiry(self, price: Decimal) -> Decimal:
        """Return what the leg is worth in dollars, shares at `price`, on the day the option ends."""
        return self.shares * intrinsic(self.contract, price)


def intrinsic(contract: OptionContract | None, price: Decimal) -> Decimal:
    """Return what exercise is worth a share; of shares, their price."""
    if contract is None:
        return price
    gap = price - contract.strike
    return max(gap if contract.right is Right.CALL else -gap, ZERO)


def legs_of(ticket: OrderTicket) -> tuple[Leg, ...]:
    """Return the legs of one unit of the ticket, unpriced."""
    return tuple(Leg(contract_of(leg.symbol), leg.side.sign * leg.ratio, leg.multiplier) for leg in ticket.legs)


def expiries(legs: Iterable[Leg]) -> tuple[date, ...]:
    """Return the dates on which legs end, nearest first."""
    return tuple(sorted({leg.expiry for leg in legs if leg.expiry is not None}))


def cost(legs: Iterable[Leg]) -> Decimal | None:
    """Return what one unit costs in dollars at the legs' prices (below zero: it brings in); None if one has none."""
    total = ZERO
    for leg in legs:
        if leg.price is None:
            return None
        total += leg.shares * leg.price
    return total
