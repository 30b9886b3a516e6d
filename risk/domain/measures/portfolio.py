"""A book's measures in dollars, from what each of its instruments does when the world moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from risk.domain.measures import backtest, delta_gamma, stress, tails
from risk.domain.measures.backtest import Backtest
from risk.domain.measures.history import BACKTESTED, LEAST, WINDOW, Joint
from risk.domain.measures.numbers import Floats
from risk.domain.measures.revaluation import Instruments, Shock, scaled, unit_pnl
from risk.domain.measures.tails import Tail

CONFIDENCES = (0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Sensitivities:
    """Of one share of each instrument, in the desk's units. Shape: instruments."""

    delta: Floats
    gamma: Floats
    theta: Floats
    vega: Floats
    vanna: Floats
    charm: Floats
    vomma: Floats
    spot: Floats


@dataclass(frozen=True, slots=True)
class Exposure:
    """In dollars: of delta, what it gains with a per cent, value a volatility point and a calendar day.

    And the second order: what delta gains with a volatility point and with a day, vega with a volatility point.
    """

    delta: float
    gamma_a_percent: float
    vega_a_point: float
    theta_a_day: float
    vanna_a_point: float
    charm_a_day: float
    vomma_a_point: float


@dataclass(frozen=True, slots=True)
class History:
    """The days of the past, what names did, and by what all volatilities are scaled, None where that is not known."""

    joint: Joint
    volatility: Floats | None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What one share of each instrument gains. Shapes: instruments x days; x moves x points; x NAMED; x GAPS."""

    days: Floats
    grid: Floats
    named: Floats
    gaps: Floats


@dataclass(frozen=True, slots=True)
class Risk:
    """The tails of a book over the horizon, in dollars; `parametric` are the values at risk by delta and gamma."""

    first: date
    last: date
    tails: tuple[Tail, ...]
    parametric: tuple[float, ...]
    backtest: Backtest | None


@dataclass(frozen=True, slots=True)
class Stressed:
    """A book's stress in dollars; `grid` moves x points, the worst cell by its places, the worst gap of one name."""

    grid: Floats
    worst: tuple[int, int]
    named: Floats
    gap: tuple[str, float, float] | None  # name, move, gain


def outcomes(book: Instruments, names: Sequence[str], history: History, *, days: float) -> Outcomes:
    """Return what each instrument gains in the past's days over a horizon of so many calendar days, and under stress.

    An instrument whose name has no history gains NaN on those days: it cannot be told.
    """
    joint = history.joint
    table = np.full((len(names), len(joint.days)), np.nan)
    for n, name in enumerate(names):
        if name in joint.names:
            table[n] = joint.of(name)
    factors = np.ones(len(joint.days)) if history.volatility is None else history.volatility
    shock = Shock(table[book.owner], scaled(book, factors[None, :]), days=days)
    return Outcomes(unit_pnl(book, shock), stress.grid(book), stress.named(book), stress.gaps(book))


def exposure(shares: Floats, each: Sensitivities) -> Exposure:
    """Return the book's net Greeks."""
    return Exposure(
        delta=float(shares @ (each.delta * each.spot)),
        gamma_a_percent=float(shares @ (each.gamma * each.spot**2)) / 100,
        vega_a_point=float(shares @ each.vega),
        theta_a_day=float(shares @ each.theta),
        vanna_a_point=float(shares @ (each.vanna * each.spot)),
        charm_a_day=float(shares @ (each.charm * each.spot)),
        vomma_a_point=float(shares @ each.vomma),
    )


def risk(shares: Floats, gains: Outcomes, history: History, *, by_greeks: Sequence[float]) -> Risk | None:
    """Return the tails of what the book held now would have gained on the days of the past.

    None where the days are too few, or a name that is held has none.
    """
    held = shares != 0
    pnl = shares[held] @ gains.days[held]
    if pnl.size < LEAST or np.isnan(pnl).any():
        return None
    is_judged = pnl.size >= LEAST + BACKTESTED
    recent = history.joint.days[-WINDOW:]
    return Risk(
        first=recent[0],
        last=recent[-1],
        tails=tuple(tails.historical(pnl[-WINDOW:], level) for level in CONFIDENCES),
        parametric=tuple(by_greeks),
        backtest=backtest.rolling(pnl, CONFIDENCES[0], window=LEAST) if is_judged else None,
    )


def by_greeks(
    shares: Floats, book: Instruments, each: Sensitivities, names: Sequence[str], joint: Joint
) -> list[float]:
    """Return the values at risk by delta and gamma, with covariances that weigh recent days more."""
    places = [n for n, name in enumerate(names) if name in joint.names]
    if not places or not joint.days:
        return []
    delta = np.zeros(len(names))
    gamma = np.zeros(len(names))
    np.add.at(delta, book.owner, shares * each.delta * each.spot)
    np.add.at(gamma, book.owner, shares * each.gamma * each.spot**2)
    columns = [joint.names.index(names[n]) for n in places]
    covariance = tails.ewma_covariance(joint.moves[-WINDOW:][:, columns])
    found = delta_gamma.moments(delta[places], gamma[places], covariance)
    return [delta_gamma.value_at_risk(found, level) for level in CONFIDENCES]


def stressed(shares: Floats, book: Instruments, gains: Outcomes, names: Sequence[str]) -> Stressed:
    """Return the book's stress."""
    grid = np.tensordot(shares, gains.grid, axes=1)
    worst = np.unravel_index(int(grid.argmin()), grid.shape)
    each = np.zeros((len(names), len(stress.GAPS)))
    np.add.at(each, book.owner, shares[:, None] * gains.gaps)
    gap = None
    if each.size:
        name, move = np.unravel_index(int(each.argmin()), each.shape)
        gap = (names[int(name)], stress.GAPS[int(move)], float(each.min()))
    return Stressed(grid, (int(worst[0]), int(worst[1])), shares @ gains.named, gap)
