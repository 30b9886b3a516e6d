"""An assignment or exercise under the two conventions. They differ in where the premium shows, never in the total.

Source: IRS Publication 550 for the tax basis; brokers' platforms for the trading convention, which is the one stored.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Delivery:
    """`contracts` signed as the position was, opened at `premium` a share; `shares` (signed) move at `strike`."""

    contracts: int
    premium: Decimal
    shares: int
    strike: Decimal
    multiplier: int = 100

    @property
    def cash(self) -> Decimal:
        """Dollars received for the shares, below zero if paid."""
        return -self.shares * self.strike


@dataclass(frozen=True, slots=True)
class Convention:
    """What the option realises in dollars, and the price a share that the shares are booked at."""

    option_realised: Decimal
    share_px: Decimal


def trading_convention(delivery: Delivery) -> Convention:
    """Return the premium realised, the shares at the strike."""
    return Convention(-delivery.contracts * delivery.premium * delivery.multiplier, delivery.strike)


def tax_convention(delivery: Delivery) -> Convention:
    """Return the premium folded into the shares: nothing is realised until they are sold."""
    realised = trading_convention(delivery).option_realised
    return Convention(Decimal(0), delivery.strike - realised / delivery.shares)
