"""The chance that a structure ends with a profit, if the underlying's price is lognormal.

The price on the first expiry has the given volatility, and grows at the riskless rate less the dividend yield: what
option prices imply, not a forecast. Fat tails and skew are left out, so far strikes look safer than they are.
Source: Hull, Options, Futures and Other Derivatives, chapter 15 (the lognormal property of stock prices).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt

from scipy.special import ndtr

BEYOND = 1.5  # past the last break-even, and below the first, any price shows the sign


@dataclass(frozen=True, slots=True)
class Lognormal:
    """The price's law: `years` to the first expiry; volatility, rate and yield a year."""

    spot: float
    volatility: float
    years: float
    rate: float
    dividend: float = 0.0

    def below(self, price: float) -> float:
        """Return the chance that the price ends below."""
        total = self.volatility * sqrt(self.years)
        if price <= 0:
            return 0.0
        drift = (self.rate - self.dividend - self.volatility**2 / 2) * self.years
        if total <= 0:
            return 1.0 if self.spot * exp(drift) < price else 0.0
        return float(ndtr((log(price / self.spot) - drift) / total))


def of_profit(law: Lognormal, break_evens: Sequence[float], result: Callable[[float], float]) -> float:
    """Return the chance of a result above nought; `result` gives it at a price, its sign turns at `break_evens`."""
    turns = [0.0, *sorted(price for price in break_evens if price > 0)]
    total = 0.0
    for place, low in enumerate(turns):
        is_last = place + 1 == len(turns)
        high = max(low, law.spot) * BEYOND if is_last else turns[place + 1]
        if result((low + high) / 2 if not is_last else high) > 0:
            total += (1.0 if is_last else law.below(high)) - law.below(low)
    return min(max(total, 0.0), 1.0)
