"""European option values under Black, Scholes and Merton with a continuous dividend yield, a whole chain at a time.

Units: years as calendar days / 365; rates, yields and volatilities a year as fractions; prices per share.
Source: Haug, The Complete Guide to Option Pricing Formulas, 1998, chapter 1.
"""

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from allcore.kernel import calendar
from allcore.kernel.clock import seconds_between

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SECONDS_A_YEAR = 365 * 86_400.0
LEAST_SECONDS = 60.0  # an option in its last minute still has a delta
DAYS_A_YEAR = 365.0
POINTS = 100.0
ROOT_TWO_PI = float(np.sqrt(2 * np.pi))


@dataclass(frozen=True, slots=True)
class Terms:
    """What is known of each option before its volatility; all arrays have one shape."""

    is_call: Flags
    spot: Floats
    strike: Floats
    years: Floats
    rate: Floats
    dividend: Floats

    @property
    def sign(self) -> Floats:
        """+1 for a call, -1 for a put."""
        return np.where(self.is_call, 1.0, -1.0)

    @property
    def spot_paid(self) -> Floats:
        """The spot less the dividends that the holder of the option does not get."""
        return self.spot * np.exp(-self.dividend * self.years)

    @property
    def strike_paid(self) -> Floats:
        """The strike's value today."""
        return self.strike * np.exp(-self.rate * self.years)

    @property
    def least(self) -> Floats:
        """The price below which no volatility leads."""
        return np.maximum(self.sign * (self.spot_paid - self.strike_paid), 0.0)

    @property
    def most(self) -> Floats:
        """The price that no volatility reaches."""
        return np.where(self.is_call, self.spot_paid, self.strike_paid)


@dataclass(frozen=True, slots=True)
class RawGreeks:
    """Price and sensitivities per 1.00 of volatility and rate and per year, as text books have them."""

    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    rho: Floats


@dataclass(frozen=True, slots=True)
class SecondOrder:
    """How the Greeks move, per 1.00 of volatility and per year that passes.

    Vanna: delta by volatility; charm: delta by time; vomma: vega by volatility; speed: gamma by spot; zomma: gamma by
    volatility; color: gamma by time.
    """

    vanna: Floats
    charm: Floats
    vomma: Floats
    speed: Floats
    zomma: Floats
    color: Floats


def terms(
    *, is_call: ArrayLike, spot: ArrayLike, strike: ArrayLike, years: ArrayLike, rate: ArrayLike, dividend: ArrayLike
) -> Terms:
    """Return the options' terms, scalars stretched to the shape of the rest."""
    flags, *numbers = np.broadcast_arrays(is_call, spot, strike, years, rate, dividend)
    return Terms(flags.astype(np.bool_), *(n.astype(np.float64) for n in numbers))


def years_between(at: datetime, expires_at: datetime) -> float:
    """Return the years left, never less than a minute."""
    return max(seconds_between(at, expires_at), LEAST_SECONDS) / SECONDS_A_YEAR


def expires_at(expiry: date) -> datetime:
    """Return when an option that expires on the New York date stops trading: its session's close, in UTC."""
    session = calendar.session_on(expiry) or calendar.previous_session(expiry)
    return session.closes_at


def years_to_expiry(at: datetime, expiry: date) -> float:
    """Return the years to the close of the option's last session, never less than a minute."""
    return years_between(at, expires_at(expiry))


def _d1_d2(t: Terms, volatility: Floats) -> tuple[Floats, Floats, Floats]:
    total = volatility * np.sqrt(t.years)
    moneyness = np.log(t.spot_paid / t.strike_paid)
    certain = np.where(moneyness == 0.0, 0.0, np.copysign(np.inf, moneyness))
    alive = total > 0.0
    d1 = np.where(alive, moneyness / np.where(alive, total, 1.0) + total / 2, certain)
    return d1, np.where(alive, d1 - total, certain), total


def price(t: Terms, volatility: ArrayLike) -> Floats:
    """Return the options' prices; without time or volatility, what exercise would be worth."""
    d1, d2, _ = _d1_d2(t, np.asarray(volatility, dtype=np.float64))
    value: Floats = t.sign * (t.spot_paid * ndtr(t.sign * d1) - t.strike_paid * ndtr(t.sign * d2))
    return np.maximum(value, 0.0)


def raw_greeks(t: Terms, volatility: ArrayLike) -> RawGreeks:
    """Return price, delta, gamma, vega, theta and rho; finite also where time or volatility is nought."""
    vol = np.asarray(volatility, dtype=np.float64)
    d1, d2, total = _d1_d2(t, vol)
    sign, spot, strike = t.sign, t.spot_paid, t.strike_paid
    density = np.where(total > 0.0, np.exp(-0.5 * np.square(np.where(total > 0.0, d1, 0.0))) / ROOT_TWO_PI, 0.0)
    root = np.sqrt(t.years)
    in_money, exercised = ndtr(sign * d1), ndtr(sign * d2)
    decay = -spot * density * vol / np.where(root > 0.0, 2 * root, 1.0)
    return RawGreeks(
        price=np.maximum(sign * (spot * in_money - strike * exercised), 0.0),
        delta=sign * in_money * np.exp(-t.dividend * t.years),
        gamma=density * np.exp(-t.dividend * t.years) / np.where(total > 0.0, t.spot * total, 1.0),
        vega=spot * density * root,
        theta=decay + sign * (t.dividend * spot * in_money - t.rate * strike * exercised),
        rho=sign * strike * t.years * exercised,
    )


def second_order(t: Terms, volatility: ArrayLike) -> SecondOrder:
    """Return how delta, vega and gamma move on; nought where time or volatility is nought.

    Source: Haug, 2nd edition, 2007, chapter 2. Calls and puts differ in charm alone.
    """
    vol = np.asarray(volatility, dtype=np.float64)
    d1, d2, total = _d1_d2(t, vol)
    alive = total > 0.0
    sigma, years, width = (np.where(alive, x, 1.0) for x in (vol, t.years, total))
    d1, d2 = np.where(alive, d1, 0.0), np.where(alive, d2, 0.0)
    density = np.where(alive, np.exp(-0.5 * np.square(d1)) / ROOT_TWO_PI, 0.0)
    held = np.exp(-t.dividend * t.years)
    gamma = held * density / (t.spot * width)
    vega = t.spot * held * density * np.sqrt(years)
    turn = (t.rate - t.dividend) / width - d2 / (2 * years)
    return SecondOrder(
        vanna=-held * density * d2 / sigma,
        charm=held * (t.sign * t.dividend * ndtr(t.sign * d1) * alive - density * turn),
        vomma=vega * d1 * d2 / sigma,
        speed=-gamma / t.spot * (d1 / width + 1),
        zomma=gamma * (d1 * d2 - 1) / sigma,
        color=_color(t, (d1, d2, width, years), gamma),
    )


def _color(t: Terms, at: tuple[Floats, Floats, Floats, Floats], gamma: Floats) -> Floats:
    d1, d2, width, years = at
    pull = 2 * (t.rate - t.dividend) * years - d2 * width
    return gamma / (2 * years) * (2 * t.dividend * years + 1 + pull / width * d1)


def desk_greeks(t: Terms, volatility: ArrayLike) -> RawGreeks:
    """Return the same in a trader's units: theta a calendar day, vega a volatility point, rho a rate point."""
    raw = raw_greeks(t, volatility)
    return RawGreeks(
        price=raw.price,
        delta=raw.delta,
        gamma=raw.gamma,
        vega=raw.vega / POINTS,
        theta=raw.theta / DAYS_A_YEAR,
        rho=raw.rho / POINTS,
    )


def desk_second_order(t: Terms, volatility: ArrayLike) -> SecondOrder:
    """Return the second order by a volatility point and a calendar day; vomma of the desk's vega."""
    raw = second_order(t, volatility)
    return SecondOrder(
        vanna=raw.vanna / POINTS,
        charm=raw.charm / DAYS_A_YEAR,
        vomma=raw.vomma / POINTS**2,
        speed=raw.speed,
        zomma=raw.zomma / POINTS,
        color=raw.color / DAYS_A_YEAR,
    )
