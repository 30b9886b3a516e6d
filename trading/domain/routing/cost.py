"""What an order is expected to cost at one place, and how likely it is to fill there."""

from dataclasses import dataclass
from decimal import Decimal

from allcore.kernel.orders import Side

PRIOR_WEIGHT = Decimal(20)  # how many of its own orders a place needs before it counts as much as all together
SECOND = Decimal(1000)  # in milliseconds


@dataclass(frozen=True, slots=True)
class Record:
    """How orders of one kind fared within thirty seconds."""

    fills: int
    misses: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected at one place: `price` and `mid` a share, `fee` dollars for the order."""

    price: Decimal
    fee: Decimal
    fill_probability: Decimal
    latency_ms: Decimal
    drift: Decimal  # dollars a share and second


@dataclass(frozen=True, slots=True)
class Cost:
    """The expected cost in dollars, and the parts it is the sum of."""

    trading: Decimal
    opportunity: Decimal
    latency: Decimal

    @property
    def total(self) -> Decimal:
        """The sum."""
        return self.trading + self.opportunity + self.latency


def fill_probability(own: Record, pool: Record) -> Decimal:
    """Return the mean of Beta(alpha + fills, beta + misses), whose prior is the pool's record; one half without any."""
    prior = Decimal(pool.fills + 1) / (pool.fills + pool.misses + 2)
    return (prior * PRIOR_WEIGHT + own.fills) / (PRIOR_WEIGHT + own.fills + own.misses)


def expected_cost(
    outlook: Outlook, *, side: Side, quantity: int, multiplier: int, mid: Decimal, opportunity: Decimal
) -> Cost:
    """Return E[cost] = p (side (px - mid) q m + fee) + (1 - p) opp q m + latency drift q m, in its three parts.

    `opportunity` is what a share costs that is not had. Source: orders and risk, 2.2.
    """
    shares = quantity * multiplier
    p = outlook.fill_probability
    return Cost(
        trading=p * (side.sign * (outlook.price - mid) * shares + outlook.fee),
        opportunity=(1 - p) * opportunity * shares,
        latency=outlook.latency_ms / SECOND * outlook.drift * shares,
    )
