"""What the sleeve is worth after the order, over the price of the underlying: at the next expiry and today.

Profit and loss in dollars, against what the positions cost, fees included.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from allcore.kernel.instruments import OptionContract, Right
from marketdata.domain import pricing

Floats = NDArray[np.float64]
POINTS = 61
SIGMAS = 4.0
LEAST_SPAN = 0.10
FAR = 100.0  # spots away: where a payoff's slope is its slope for ever
SLOPE = 1e-6


@dataclass(frozen=True, slots=True)
class Line:
    """A position after the order: `qty` signed, contracts or shares; `iv` a year, for an option."""

    contract: OptionContract | None
    qty: int
    multiplier: int
    iv: float | None


@dataclass(frozen=True, slots=True)
class Situation:
    """The market the payoff is drawn in. `sigma` is the volatility a year that marks one standard deviation."""

    spot: float
    sigma: float
    rate: float
    exchange_now: datetime


@dataclass(frozen=True, slots=True)
class Payoff:
    """The two curves with their marks; None for a profit or loss without end."""

    prices: list[float]
    at_expiry: list[float]
    today: list[float]
    break_evens: list[float]
    spot: float
    sigma_low: float
    sigma_high: float
    max_profit: float | None
    max_loss: float | None

    def as_dict(self) -> dict[str, object]:
        """Return the payoff as JSON values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def payoff(lines: Sequence[Line], cost: Decimal, situation: Situation) -> Payoff:
    """Return the payoff of the lines, which together cost `cost` dollars (below zero: they brought in)."""
    expiries = [line.contract.expiry for line in lines if line.contract is not None]
    horizon = min(expiries, default=None)
    sigma = situation.spot * situation.sigma * float(np.sqrt(_years(situation.exchange_now, horizon)))
    span = max(SIGMAS * sigma, situation.spot * LEAST_SPAN)
    strikes = [float(line.contract.strike) for line in lines if line.contract is not None]
    low = max(min([situation.spot - span, *(k * 0.98 for k in strikes)]), 0.01)
    prices = np.linspace(low, max([situation.spot + span, *(k * 1.02 for k in strikes)]), POINTS)

    def ending(at: Floats) -> Floats:
        return _value(lines, at, situation, horizon) - float(cost)

    at_expiry, today = ending(prices), _value(lines, prices, situation, None) - float(cost)
    # Kinks lie at strikes: with them in the grid, a straight line between points is the payoff itself.
    fine = np.unique(np.concatenate([prices, strikes, [1e-6, situation.spot * FAR]]))
    values = ending(fine)
    slope = float(ending(np.array([situation.spot * FAR * 2]))[0] - values[-1]) / (situation.spot * FAR)
    return Payoff(
        prices=_rounded(prices),
        at_expiry=_rounded(at_expiry),
        today=_rounded(today),
        break_evens=break_evens(fine[:-1], values[:-1]),
        spot=_round(situation.spot),
        sigma_low=_round(max(situation.spot - sigma, 0.0)),
        sigma_high=_round(situation.spot + sigma),
        max_profit=None if slope > SLOPE else _round(float(values.max())),
        max_loss=None if slope < -SLOPE else _round(float(values.min())),
    )


def break_evens(prices: Floats, values: Floats) -> list[float]:
    """Return where the curve crosses zero, by straight lines between its points."""
    signs = np.sign(values)
    crossings = np.nonzero(signs[:-1] * signs[1:] < 0)[0]
    share = values[crossings] / (values[crossings] - values[crossings + 1])
    found = prices[crossings] + share * (prices[crossings + 1] - prices[crossings])
    touched = prices[signs == 0] if np.any(signs) else prices[:0]
    # Where a curve runs along zero, only the ends of the stretch say something.
    ends = touched if len(touched) <= 2 else touched[[0, -1]]
    return sorted({_round(float(price)) for price in (*found, *ends)})


def _value(lines: Sequence[Line], prices: Floats, situation: Situation, horizon: date | None) -> Floats:
    """Return the lines' worth at the horizon, or now if it is None."""
    total = np.zeros_like(prices)
    for line in lines:
        total += line.qty * line.multiplier * _unit_value(line, prices, situation, horizon)
    return total


def _unit_value(line: Line, prices: Floats, situation: Situation, horizon: date | None) -> Floats:
    contract = line.contract
    if contract is None:
        return prices
    strike = float(contract.strike)
    exercised: Floats = np.maximum(strike - prices if contract.right is Right.PUT else prices - strike, 0.0)
    if contract.expiry == horizon:
        return exercised
    at = situation.exchange_now if horizon is None else pricing.expires_at(horizon)
    terms = pricing.terms(
        is_call=contract.right is Right.CALL,
        spot=prices,
        strike=strike,
        years=pricing.years_to_expiry(at, contract.expiry),
        rate=situation.rate,
        dividend=0.0,
    )
    # Without a volatility of its own it has that of the name: worth its exercise alone, a short one could not lose.
    volatility = situation.sigma if line.iv is None else line.iv
    return np.maximum(np.asarray(pricing.price(terms, volatility), dtype=np.float64), exercised)


def _years(exchange_now: datetime, horizon: date | None) -> float:
    return 1 / 252 if horizon is None else pricing.years_to_expiry(exchange_now, horizon)


def _rounded(values: Floats) -> list[float]:
    return [_round(float(value)) for value in values]


def _round(value: float) -> float:
    return round(value, 2) + 0.0  # a minus zero does not survive JSON in the database, and the hash would differ
