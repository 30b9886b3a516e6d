"""How the prices move.

Each step is made from the seed and the step's number alone, so the road does not depend on who walks it.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.random import Generator, Philox

from allcore.kernel import calendar
from allcore.kernel.calendar import Session
from marketdata.domain.pricing import Floats
from marketdata.domain.simulator import hours, world

STEP = timedelta(milliseconds=250)
COUNT = len(world.NAMES)
DRAWS = 2 * COUNT + 1
LIVE_STREAM = 2  # stream 1 makes the history


@dataclass(frozen=True, slots=True)
class State:
    """The market at a moment of the exchange's clock, after `steps` steps from its start."""

    seed: int
    at: datetime
    steps: int
    log_spot: Floats
    log_volatility: Floats

    @property
    def spots(self) -> Floats:
        """Prices in dollars, in the order of the world's names."""
        return np.exp(self.log_spot)


def stream(seed: int, branch: int, number: int = 0) -> Generator:
    """Return the random numbers that belong to one step of one branch."""
    return Generator(Philox(key=[seed, branch], counter=[0, number, 0, 0]))


def moved(state: State, variance: float, to: datetime) -> State:
    """Return the market at `to`, one step of `variance` years on."""
    draws = stream(state.seed, LIVE_STREAM, state.steps).standard_normal(DRAWS)
    prices = world.FACTORS @ draws[:COUNT]
    return replace(
        state,
        at=to,
        steps=state.steps + 1,
        log_spot=state.log_spot + returns(state.log_volatility, prices, variance),
        log_volatility=state.log_volatility + volatility_change(state.log_volatility, prices, draws[COUNT:], variance),
    )


def returns(log_volatility: Floats, shocks: Floats, variance: float) -> Floats:
    """Return the log returns that correlated unit shocks make."""
    volatility = np.exp(log_volatility)
    change: Floats = volatility * np.sqrt(variance) * shocks - 0.5 * volatility**2 * variance
    return change


def volatility_change(log_volatility: Floats, price_shocks: Floats, draws: Floats, variance: float) -> Floats:
    """Return how log-volatility moves: against prices, partly together, back to its mean."""
    shared = world.SHARED_VOLATILITY
    own = shared * draws[0] + np.sqrt(1 - shared**2) * draws[1:]
    shocks = world.LEVERAGE * price_shocks + np.sqrt(1 - world.LEVERAGE**2) * own
    pull = world.REVERSION * (world.MEAN_LOG_VOLATILITY - log_volatility) * variance
    change: Floats = pull + world.VOLATILITY_OF_VOLATILITY * np.sqrt(variance) * shocks
    return change


def advance(state: State, to: datetime) -> State:
    """Return the market at the last step not after `to`; between sessions it stands at the close."""
    while True:
        session = hours.last_started(state.at)
        if state.at < session.closes_at:
            state = _within(state, session, min(to, session.closes_at))
        opening = calendar.next_session(session.day).opens_at
        if state.at < session.closes_at or to < opening:
            return state
        state = moved(state, hours.OVERNIGHT, opening)


def _within(state: State, session: Session, to: datetime) -> State:
    variance = hours.variance_of(session, STEP)
    while state.at + STEP <= to:
        state = moved(state, variance, state.at + STEP)
    return state
