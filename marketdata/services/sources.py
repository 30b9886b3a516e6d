"""Opening the source that the FEED setting names, at its start or where it stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from marketdata.domain.feeds import ReplayFeed, SimulatedFeed
from marketdata.domain.replay.market import ReplayMarket
from marketdata.domain.simulator import world
from marketdata.domain.simulator.market import SimulatedMarket
from marketdata.domain.sources import Source
from marketdata.services import recordings


@dataclass(frozen=True, slots=True)
class Stopped:
    """Where a source stood: its own state, and the exchange's time."""

    checkpoint: Mapping[str, object]
    at: datetime


def open_source(spec: SimulatedFeed | ReplayFeed, stopped: Stopped | None) -> Source:
    """Return the source, ready to advance.

    Raises:
        BadFeedError: a recording is not where the setting says, or does not reach its start.
    """
    if isinstance(spec, SimulatedFeed):
        if stopped is not None:
            return SimulatedMarket.resume(stopped.checkpoint, stopped.at)
        return SimulatedMarket.begin(spec.seed, spec.start or world.START)
    return ReplayMarket(recordings.read(spec.path), stopped.at if stopped is not None else spec.start)
