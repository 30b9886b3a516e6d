"""The sessions before the start, made backwards from it: the last close is where the scenario begins."""

from datetime import date

import numpy as np

from allcore.kernel import calendar
from marketdata.domain.bars import DailyBar
from marketdata.domain.pricing import Floats
from marketdata.domain.simulator import hours, world
from marketdata.domain.simulator.dynamics import COUNT, stream
from marketdata.domain.sources import cents

STREAM = 1
STEPS_A_SESSION = 26  # a quarter of an hour each
DAY = 1 / hours.SESSIONS_A_YEAR


def sessions_before(day: date, count: int) -> list[date]:
    """Return the last `count` sessions before the day, oldest first."""
    days = []
    for _ in range(count):
        day = calendar.previous_session(day).day
        days.append(day)
    return days[::-1]


def daily_bars(seed: int, start_day: date) -> list[DailyBar]:
    """Return the bars of every name and the volatility index for the sessions before `start_day`, oldest first."""
    days = sessions_before(start_day, world.HISTORY_SESSIONS)
    generator = stream(seed, STREAM)
    log_volatility = _volatility_back(generator.standard_normal((len(days), COUNT + 1)))
    paths = _price_paths(log_volatility, generator.standard_normal((len(days), STEPS_A_SESSION + 1, COUNT)))
    turnover = np.exp(0.25 * generator.standard_normal((len(days), COUNT)))
    bars = []
    for n, day in enumerate(days):
        bars += [
            _bar(name.symbol, day, np.exp(paths[n, 1:, i]), int(name.day_volume * turnover[n, i]))
            for i, name in enumerate(world.NAMES)
        ]
        bars.append(_index_bar(day, log_volatility[max(n - 1, 0)], log_volatility[n]))
    return bars


def _volatility_back(draws: Floats) -> Floats:
    """Log-volatility after each session. The process looks the same in both directions, so it is run from its end."""
    shared = world.SHARED_VOLATILITY
    shocks = shared * draws[:, :1] + np.sqrt(1 - shared**2) * draws[:, 1:]
    path = [world.START_LOG_VOLATILITY]
    for shock in shocks[:-1]:
        pull = world.REVERSION * (world.MEAN_LOG_VOLATILITY - path[-1]) * DAY
        path.append(path[-1] + pull + world.VOLATILITY_OF_VOLATILITY * np.sqrt(DAY) * shock)
    return np.array(path[::-1])


def _price_paths(log_volatility: Floats, draws: Floats) -> Floats:
    """Log prices of shape (sessions, previous close + open + steps, names); the last is the start's."""
    volatility = np.exp(log_volatility)[:, None, :]
    variance = np.full((1, STEPS_A_SESSION + 1, 1), hours.IN_SESSION / STEPS_A_SESSION)
    variance[:, 0, :] = hours.OVERNIGHT
    moves = volatility * np.sqrt(variance) * (draws @ world.FACTORS.T) - 0.5 * volatility**2 * variance
    moves[-world.UPTREND_SESSIONS :] += (
        world.UPTREND * volatility[-world.UPTREND_SESSIONS :] * np.sqrt(DAY) * variance / DAY
    )
    closes = np.cumsum(moves.sum(axis=1), axis=0)
    closes += world.START_LOG_SPOT - closes[-1]
    before = np.vstack([closes[0] - moves[0].sum(axis=0), closes[:-1]])
    within = before[:, None, :] + np.cumsum(moves, axis=1)
    return np.concatenate([before[:, None, :], within], axis=1)


def _bar(symbol: str, day: date, prices: Floats, volume: int) -> DailyBar:
    seen = np.rint(prices * 100).astype(int)
    return DailyBar(
        symbol,
        day,
        cents(int(seen[0])),
        cents(int(seen.max())),
        cents(int(seen.min())),
        cents(int(seen[-1])),
        volume,
    )


def _index_bar(day: date, before: Floats, after: Floats) -> DailyBar:
    first, last = (round(100 * world.vix(levels)) for levels in (before, after))
    return DailyBar(world.VIX, day, cents(first), cents(max(first, last)), cents(min(first, last)), cents(last))
