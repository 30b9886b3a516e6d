"""Portfolio margin: the worst of ten moves of the underlying, everything revalued.

Source: FINRA Rule 4210(g) and the OCC's TIMS: ten equidistant points of the range; volatilities stay with their
strikes; never less than 37.5 cents a share of each contract. Offsets between underlyings are not given here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import numpy as np

from allcore.kernel.money import ZERO, from_float
from marketdata.domain import pricing
from risk.domain.margin import tree
from risk.domain.margin.terms import Kind, MarginLeg, Underlying, UnderlyingClass

RANGES: dict[UnderlyingClass, tuple[float, float]] = {  # down, up
    UnderlyingClass.EQUITY: (0.15, 0.15),
    UnderlyingClass.NARROW_INDEX: (0.15, 0.15),
    UnderlyingClass.BROAD_INDEX: (0.10, 0.10),
    UnderlyingClass.HIGH_CAP_BROAD_INDEX: (0.08, 0.06),
}
POINTS_A_SIDE = 5
LEAST_A_SHARE = Decimal("0.375")
AMERICAN = frozenset({UnderlyingClass.EQUITY})


@dataclass(frozen=True, slots=True)
class Stress:
    """A leg and its time: `years` left; `volatility` a year, None to imply it from the leg's price."""

    leg: MarginLeg
    years: float = 0.0
    volatility: float | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """The riskless rate and the underlying's dividend yield, a year."""

    rate: float
    dividend: float = 0.0


def moves(underlying: Underlying) -> tuple[float, ...]:
    """Return the ten moves as fractions of the price."""
    down, up = RANGES[underlying.klass]
    factor = float(underlying.leverage)
    sides = [n / POINTS_A_SIDE * factor for n in range(1, POINTS_A_SIDE + 1)]
    return (*(max(-down * n, -1.0) for n in reversed(sides)), *(up * n for n in sides))


def requirement(stresses: Sequence[Stress], underlying: Underlying, rates: Rates) -> Decimal | None:
    """Return the dollars asked for; None if an option's price implies no volatility, so that it cannot be valued."""
    spot = float(underlying.price)
    spots = np.array([spot, *(spot * (1 + move) for move in moves(underlying))])
    total = np.zeros(len(spots))
    for stress in stresses:
        unit = _values(stress, spots, underlying, rates)
        if unit is None:
            return None
        total += stress.leg.qty * stress.leg.multiplier * unit
    worst = max(float(-(total[1:] - total[0]).min()), 0.0)
    return max(from_float(worst), least(stress.leg for stress in stresses))


def least(legs: Iterable[MarginLeg]) -> Decimal:
    """Return the floor: so much a contract, long or short."""
    return sum((abs(leg.qty) * leg.multiplier * LEAST_A_SHARE for leg in legs if leg.kind is not Kind.STOCK), ZERO)


def years_to(expiry: date, at: datetime) -> float:
    """Return the years left at `at`, as the desk's models count them."""
    return pricing.years_to_expiry(at, expiry)


def _values(stress: Stress, spots: tree.Floats, underlying: Underlying, rates: Rates) -> tree.Floats | None:
    leg = stress.leg
    if leg.kind is Kind.STOCK:
        return spots
    option = tree.Option(
        is_call=leg.kind is Kind.CALL,
        strike=float(leg.strike),
        years=stress.years,
        rate=rates.rate,
        dividend=rates.dividend,
        is_american=underlying.klass in AMERICAN,
    )
    volatility = stress.volatility
    if volatility is None:
        volatility = tree.implied(option, float(spots[0]), float(leg.price))
    return None if volatility is None else tree.values(option, np.maximum(spots, 1e-6), volatility)
