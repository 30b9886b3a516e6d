"""What market makers show for the options: a smile, and spreads that widen and sizes that shrink off the money."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from allcore.kernel.clock import new_york_date
from marketdata.domain import pricing
from marketdata.domain.pricing import Floats
from marketdata.domain.simulator import hours, world
from marketdata.domain.simulator.board import Board, Integers, uniform
from marketdata.domain.simulator.dynamics import State

COARSE_FROM = 300  # cents: from here prices step by five (TickRule.PENNY)
COARSE_TICK = 5
LEAST_WIDTH = 1.0  # cents
WIDTH = 0.012  # of the price
WIDENING = 0.6  # for each standard deviation beyond half of one
SIZE = 110.0
LEAST_SIZE = 6.0
SIZE_LASTS = 7  # seconds
TURNOVER = 0.35  # of open interest, a session
NEAR = 1.2  # standard deviations within which most contracts are open


@dataclass(frozen=True, slots=True)
class Faces:
    """Bids, asks (cents, -1 for none), sizes and the session's volume of each option of the board."""

    bid: Integers
    ask: Integers
    bid_size: Integers
    ask_size: Integers
    volume: Integers


@dataclass(frozen=True, slots=True)
class Surface:
    """Distance from the forward in standard deviations, and the option's terms and volatility."""

    distance: Floats
    terms: pricing.Terms
    volatility: Floats


DIVIDENDS: Floats = np.array([name.dividend_yield for name in world.NAMES])
INTEREST: Floats = np.array([name.interest for name in world.NAMES], dtype=np.float64)


def smile(distance: Floats) -> Floats:
    """Return the factor on the at-the-money volatility at a distance from the forward."""
    z = np.clip(distance, -world.WINGS_END, world.WINGS_END)
    factor: Floats = 1 + world.SKEW * z + world.CURVATURE * z**2
    return factor


def surface(board: Board, state: State, at: datetime) -> Surface:
    """Return every option's volatility, as one a calendar year so that text-book formulas hold."""
    years = np.array([pricing.years_to_expiry(at, expiry) for expiry in board.expiries])
    variance = np.array([hours.variance_until(at, expiry) for expiry in board.expiries])
    levels = np.array([world.implied_levels(state.log_volatility, v) for v in variance])
    t = pricing.terms(
        is_call=board.is_call,
        spot=state.spots[board.name],
        strike=board.strike,
        years=years[board.expiry],
        rate=world.RATE,
        dividend=DIVIDENDS[board.name],
    )
    deviation = levels[board.expiry, board.name] * np.sqrt(variance[board.expiry])
    distance = np.log(t.strike_paid / t.spot_paid) / deviation
    return Surface(distance, t, deviation * smile(distance) / np.sqrt(t.years))


def open_interest(board: Board, state: State, at: datetime) -> Integers:
    """Return the open contracts: most near the money and in the nearest weeks, more on round strikes."""
    distance = surface(board, state, at).distance
    day = new_york_date(at).toordinal()
    near = np.exp(-0.5 * (distance / NEAR) ** 2)
    week = 1.0 / (1.0 + 0.35 * board.expiry)
    round_strike = np.where(np.mod(board.strike, 10.0) == 0.0, 1.8, 1.0)
    lasting = 0.4 + 1.2 * uniform(board.mark, 0)
    daily = 0.95 + 0.10 * uniform(board.mark, day)
    return np.floor(INTEREST[board.name] * near * week * round_strike * lasting * daily).astype(np.int64)


def faces(board: Board, state: State, at: datetime, interest: Integers) -> Faces:
    """Return what is shown at the moment."""
    s = surface(board, state, at)
    fair = 100 * pricing.price(s.terms, s.volatility)
    away = np.maximum(np.abs(s.distance) - 0.5, 0.0)
    half = (LEAST_WIDTH + WIDTH * fair * (1 + WIDENING * np.minimum(away, 4.0))) / 2
    bid = _floor_to_tick(fair - half)
    ask = np.maximum(_ceil_to_tick(fair + half), 1)
    ask = np.where(ask <= bid, bid + np.where(bid < COARSE_FROM, 1, COARSE_TICK), ask)
    size = LEAST_SIZE + SIZE * np.exp(-0.5 * s.distance**2)
    epoch = (int(at.timestamp()) + (board.mark % np.uint64(SIZE_LASTS)).astype(np.int64)) // SIZE_LASTS
    bid_size = np.floor(size * (0.4 + 1.2 * uniform(board.mark, 2 * epoch))).astype(np.int64)
    ask_size = np.floor(size * (0.4 + 1.2 * uniform(board.mark, 2 * epoch + 1))).astype(np.int64)
    day = new_york_date(at).toordinal()
    total = TURNOVER * interest * (0.5 + uniform(board.mark, 10_000_000 + day))
    return Faces(
        bid=np.where(bid < 1, -1, bid),
        ask=ask,
        bid_size=np.where(bid < 1, 0, bid_size),
        ask_size=ask_size,
        volume=np.floor(total * traded_part(at)).astype(np.int64),
    )


def traded_part(at: datetime) -> float:
    """Return the part of a session's volume that is done: more in the morning than at noon."""
    done = 1.0 - hours.fraction_left(at)
    return 0.6 * done + 0.4 * (1.0 - (1.0 - done) ** 3)


def _tick(price: Floats) -> Integers:
    return np.where(price < COARSE_FROM, 1, COARSE_TICK)


def _floor_to_tick(price: Floats) -> Integers:
    tick = _tick(price)
    return (np.floor(price / tick) * tick).astype(np.int64)


def _ceil_to_tick(price: Floats) -> Integers:
    tick = _tick(price)
    return (np.ceil(price / tick) * tick).astype(np.int64)
