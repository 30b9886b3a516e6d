"""What a structure is worth before its options end, by the model: on a date, at a volatility, over the price.

Units: dollars of one unit; volatilities, rates and yields a year as fractions.
Source: `marketdata.domain.pricing` (Black, Scholes and Merton), each leg with its own implied volatility.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray

from allcore.kernel.instruments import OptionContract, Right
from marketdata.domain import pricing
from trading.domain.structures.legs import Leg

Floats = NDArray[np.float64]
LEAST_IV = 0.01


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the model is told. `ivs` by OCC symbol; an option without one is worth its exercise alone.

    `shift` is added to every volatility: 0.05 is five points. Options that may be exercised at any time are never worth
    less than their exercise, as the European formula has it of what is deep in the money.
    """

    rate: float
    dividend: float = 0.0
    shift: float = 0.0
    ivs: dict[str, float] = field(default_factory=dict)
    is_american: bool = True

    def iv(self, contract: OptionContract) -> float | None:
        """Return the option's volatility under these assumptions."""
        known = self.ivs.get(contract.symbol)
        return None if known is None else max(known + self.shift, LEAST_IV)


@dataclass(frozen=True, slots=True)
class Sensitivities:
    """Sums over one unit: delta and gamma in shares, theta in dollars a day, vega and rho in dollars a point."""

    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float

    def as_dict(self) -> dict[str, float]:
        """Return the sums, rounded."""
        return {name: round(getattr(self, name), 4) + 0.0 for name in self.__dataclass_fields__}


def worth(legs: Sequence[Leg], prices: ArrayLike, at: datetime, assumed: Assumptions) -> Floats:
    """Return what one unit is worth at `at` with the underlying at each of `prices`."""
    where = np.asarray(prices, dtype=np.float64)
    total = np.zeros_like(where)
    for leg in legs:
        total += leg.shares * _unit(leg, where, at, assumed)
    return total


def sensitivities(legs: Sequence[Leg], spot: float, at: datetime, assumed: Assumptions) -> Sensitivities | None:
    """Return the structure's Greeks; None if an option has no volatility: a part is not passed off as the whole."""
    sums = np.zeros(5)
    for leg in legs:
        if leg.contract is None:
            sums[0] += leg.shares
            continue
        iv = assumed.iv(leg.contract)
        if iv is None:
            return None
        g = pricing.desk_greeks(_terms(leg.contract, np.array([spot]), at, assumed), iv)
        sums += leg.shares * np.array([float(x[0]) for x in (g.delta, g.gamma, g.theta, g.vega, g.rho)])
    return Sensitivities(*(float(value) for value in sums))


def ends_at(day: date) -> datetime:
    """Return when options of the date end."""
    return pricing.expires_at(day)


def _unit(leg: Leg, where: Floats, at: datetime, assumed: Assumptions) -> Floats:
    contract = leg.contract
    if contract is None:
        return where
    iv = assumed.iv(contract)
    sign = 1.0 if contract.right is Right.CALL else -1.0
    exercised: Floats = np.maximum(sign * (where - float(contract.strike)), 0.0)
    if iv is None or at >= ends_at(contract.expiry):
        return exercised
    kept = np.asarray(pricing.price(_terms(contract, np.maximum(where, 1e-6), at, assumed), iv), dtype=np.float64)
    return np.maximum(kept, exercised) if assumed.is_american else kept


def _terms(contract: OptionContract, where: Floats, at: datetime, assumed: Assumptions) -> pricing.Terms:
    return pricing.terms(
        is_call=contract.right is Right.CALL,
        spot=where,
        strike=float(contract.strike),
        years=pricing.years_to_expiry(at, contract.expiry),
        rate=assumed.rate,
        dividend=assumed.dividend,
    )
