"""Options on shares that pay known dividends in dollars, and whether a call is exercised for one.

Escrowed: what moves is the spot less the present value of the dividends that fall due before the option ends.
Source: Hull, Options, Futures and Other Derivatives, 5th edition, 12.12 (European) and 18.3 (trees).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from allcore.kernel.errors import InvalidInputError
from marketdata.domain import pricing

STEPS = 500


class DividendInputError(InvalidInputError):
    """Dividends or an option that cannot be meant as they stand."""

    code = "DIVIDEND_INPUT"


@dataclass(frozen=True, slots=True)
class Dividend:
    """Dollars a share that go to who holds it before the moment, so many years from now."""

    years: float
    amount: float


@dataclass(frozen=True, slots=True)
class Option:
    """An option on a share without a dividend yield; rate and volatility a year."""

    is_call: bool
    spot: float
    strike: float
    years: float
    rate: float
    volatility: float

    @property
    def sign(self) -> float:
        """+1 for a call, -1 for a put."""
        return 1.0 if self.is_call else -1.0


def present_value(dividends: Sequence[Dividend], *, since: float | None = None, until: float, rate: float) -> float:
    """Return what the dividends after `since` and up to `until` are worth at `since`, or now if that is None.

    Raises DividendInputError where an amount is below nought or missing.
    """
    if any(not (np.isfinite(d.amount) and np.isfinite(d.years) and d.amount >= 0) for d in dividends):
        raise DividendInputError("A dividend is so many dollars, not below nought, at a moment that is known.")
    at = 0.0 if since is None else since
    due = [d for d in dividends if d.years <= until and (since is None or d.years > since) and d.years >= 0]
    return float(sum(d.amount * np.exp(-rate * (d.years - at)) for d in due))


def european(option: Option, dividends: Sequence[Dividend]) -> float:
    """Return the European price. Raises DividendInputError as `present_value`, or if the dividends exceed the spot."""
    moving = _moving(option, dividends)
    terms = pricing.terms(
        is_call=[option.is_call],
        spot=moving,
        strike=option.strike,
        years=option.years,
        rate=option.rate,
        dividend=0.0,
    )
    return float(pricing.price(terms, option.volatility)[0])


def american(option: Option, dividends: Sequence[Dividend], *, steps: int = STEPS) -> float:
    """Return the American price on a tree of what moves, exercised against the whole spot.

    Raises DividendInputError as `european`.
    """
    moving, dt = _moving(option, dividends), option.years / steps
    if dt <= 0 or option.volatility <= 0:
        return max(european(option, dividends), option.sign * (option.spot - option.strike), 0.0)
    up = float(np.exp(option.volatility * np.sqrt(dt)))
    chance = (np.exp(option.rate * dt) - 1 / up) / (up - 1 / up)
    if not 0 < chance < 1:
        raise DividendInputError(f"A tree of {steps} steps is too coarse for so little volatility.", steps=steps)
    prices = moving * up ** np.arange(-steps, steps + 1, 2.0)
    worth = np.maximum(option.sign * (prices - option.strike), 0.0)
    for step in range(steps - 1, -1, -1):
        prices = prices[:-1] * up
        worth = np.exp(-option.rate * dt) * (chance * worth[1:] + (1 - chance) * worth[:-1])
        whole = prices + present_value(dividends, since=step * dt, until=option.years, rate=option.rate)
        worth = np.maximum(worth, option.sign * (whole - option.strike))
    return float(worth[0])


@dataclass(frozen=True, slots=True)
class EarlyExercise:
    """Why a call is exercised for a dividend, or not; all in dollars a share."""

    dividend: float
    put: float  # of the same strike: what exercise gives away
    interest: float  # on the strike, which exercise pays early

    @property
    def is_expected(self) -> bool:
        """Whether the dividend is more than exercise costs."""
        return self.dividend > self.put + self.interest


def early_exercise(option: Option, dividend: float) -> EarlyExercise:
    """Return what the holder of a call weighs on the day before the dividend.

    Source: no arbitrage; exercised only if D > P(K, T) + K (1 - e^-rT). A put is never exercised for a dividend.
    """
    if not option.is_call:
        raise DividendInputError("Only a call is exercised for a dividend.")
    put = european(replace(option, is_call=False), [Dividend(0.0, dividend)])
    return EarlyExercise(dividend, put, option.strike * -float(np.expm1(-option.rate * option.years)))


def _moving(option: Option, dividends: Sequence[Dividend]) -> float:
    moving = option.spot - present_value(dividends, until=option.years, rate=option.rate)
    if moving <= 0:
        raise DividendInputError(f"The dividends are worth more than the share, was {option.spot:g}.")
    return moving
