"""The simulated market as JSON values, exact to the last bit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from marketdata.domain.simulator.dynamics import State
from marketdata.domain.simulator.ladder import Ladder, Ladders


@dataclass(frozen=True, slots=True)
class Saved:
    """The market now, and as it was when the day's options were listed: strikes and open interest hang on that."""

    now: State
    listed: State
    listed_on: date
    ladders: Ladders


def write_checkpoint(saved: Saved) -> dict[str, object]:
    """Return what `read_checkpoint` makes the same market of."""
    return {
        "seed": saved.now.seed,
        "now": _state_out(saved.now),
        "listed": _state_out(saved.listed),
        "listed_on": saved.listed_on.isoformat(),
        "ladders": [
            [symbol, expiry.isoformat(), rungs.low, rungs.high, rungs.fine_low, rungs.fine_high]
            for (symbol, expiry), rungs in saved.ladders.items()
        ],
    }


def read_checkpoint(data: Mapping[str, Any]) -> Saved:
    """Return what was written."""
    seed = int(data["seed"])
    return Saved(
        now=_state_in(seed, data["now"]),
        listed=_state_in(seed, data["listed"]),
        listed_on=date.fromisoformat(data["listed_on"]),
        ladders={(symbol, date.fromisoformat(expiry)): Ladder(*rungs) for symbol, expiry, *rungs in data["ladders"]},
    )


def _state_out(state: State) -> dict[str, object]:
    return {
        "at": state.at.isoformat(),
        "steps": state.steps,
        "log_spot": state.log_spot.tolist(),
        "log_volatility": state.log_volatility.tolist(),
    }


def _state_in(seed: int, data: Mapping[str, Any]) -> State:
    return State(
        seed=seed,
        at=datetime.fromisoformat(data["at"]),
        steps=int(data["steps"]),
        log_spot=np.array(data["log_spot"], dtype=np.float64),
        log_volatility=np.array(data["log_volatility"], dtype=np.float64),
    )
