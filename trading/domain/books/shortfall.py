"""Implementation shortfall: what a decision earned on paper, less what its execution earned.

Source: Perold (1988), split at arrival into delay, trading and opportunity; PT of the P&L cases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from allcore.kernel.money import ZERO

BASIS_POINTS = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class Decided:
    """An order as decided on: signed quantity, prices per share at the decision, at arrival, and at the close."""

    qty: int
    decision: Decimal
    arrival: Decimal
    close: Decimal
    multiplier: int = 100


@dataclass(frozen=True, slots=True)
class Shortfall:
    """Dollars that the execution cost, above zero for a loss."""

    delay: Decimal
    trading: Decimal
    opportunity: Decimal
    fees: Decimal
    paper: Decimal  # what the whole order was worth when it was decided on

    @property
    def total(self) -> Decimal:
        """Paper P&L less real P&L."""
        return self.delay + self.trading + self.opportunity + self.fees

    @property
    def bps(self) -> Decimal | None:
        """The total in basis points of the paper value; None of an order that was worth nothing."""
        return self.total / self.paper * BASIS_POINTS if self.paper else None


def shortfall(order: Decided, fills: Sequence[tuple[int, Decimal]], fees: Decimal) -> Shortfall:
    """Return the shortfall of an order with its fills, each a quantity above zero at a price per share."""
    side = 1 if order.qty > 0 else -1
    filled = sum(qty for qty, _ in fills)
    missing = abs(order.qty) - filled
    dollars = side * order.multiplier
    return Shortfall(
        delay=filled * (order.arrival - order.decision) * dollars,
        trading=sum((qty * (px - order.arrival) for qty, px in fills), ZERO) * dollars,
        opportunity=missing * (order.close - order.decision) * dollars,
        fees=fees,
        paper=abs(order.qty) * order.decision * order.multiplier,
    )
