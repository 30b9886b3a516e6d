"""What is shown for shares, funds and the volatility index."""

from typing import NamedTuple

import numpy as np

from allcore.kernel.clock import new_york_date
from marketdata.domain.simulator import quoting, world
from marketdata.domain.simulator.board import uniform
from marketdata.domain.simulator.dynamics import State

LEAST_SIZE = 100
MORE_SIZE = 500
MARKS = np.arange(1, len(world.NAMES) + 1, dtype=np.uint64)


class Face(NamedTuple):
    """A quote in cents, -1 for none; a tuple, because thousands are compared each second."""

    symbol: str
    bid: int
    ask: int
    bid_size: int
    ask_size: int
    last: int
    volume: int


def faces(state: State) -> list[Face]:
    """Return the shares' quotes around their prices, and the index, which has a last and nothing else."""
    half_second = int(state.at.timestamp() * 2)
    wide, bids, asks, side = (uniform(MARKS, 4 * half_second + n) for n in range(4))
    day = new_york_date(state.at).toordinal()
    turnover = 0.7 + 0.6 * uniform(MARKS, day)
    done = quoting.traded_part(state.at)
    shown = []
    for n, (name, spot) in enumerate(zip(world.NAMES, state.spots.tolist(), strict=True)):
        width = name.spread + int(wide[n] < 0.3)
        bid = int(np.floor(spot * 100 - width / 2 + 0.5))
        sizes = (LEAST_SIZE + int(MORE_SIZE * bids[n]), LEAST_SIZE + int(MORE_SIZE * asks[n]))
        last = bid if side[n] < 0.5 else bid + width
        shown.append(Face(name.symbol, bid, bid + width, *sizes, last, int(name.day_volume * turnover[n] * done)))
    return [*shown, Face(world.VIX, -1, -1, 0, 0, round(100 * world.vix(state.log_volatility)), 0)]
