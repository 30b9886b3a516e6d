"""Opening the source that the FEED setting names, at its start or where it stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from allcore.kernel.instruments import InstrumentKind, TickRule
from brokers.registry import quote_feed_for
from marketdata.domain.feeds import BadFeedError, BrokerFeed, ReplayFeed, SimulatedFeed
from marketdata.domain.replay.market import ReplayMarket
from marketdata.domain.simulator import world
from marketdata.domain.simulator.market import SimulatedMarket
from marketdata.domain.sources import Listing, Source
from marketdata.models import Instrument
from marketdata.services import recordings
from marketdata.services.live import LiveMarket


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


def open_live(spec: BrokerFeed, now: datetime) -> LiveMarket:
    """Return the market that the connection shows, of the underlyings named, or of all that the desk knows.

    Raises:
        BadFeedError: none is named, and the desk knows none.
    """
    known = {row.symbol: row for row in Instrument.objects.exclude(kind=InstrumentKind.OPTION)}
    wanted = spec.underlyings or tuple(symbol for symbol, row in sorted(known.items()) if row.is_active)
    if not wanted:
        raise BadFeedError("names no underlyings, and the desk knows none", was=spec.connection)
    return LiveMarket(
        spec, [_listing(name, known.get(name)) for name in wanted], partial(quote_feed_for, spec.connection), now
    )


def _listing(symbol: str, row: Instrument | None) -> Listing:
    if row is None:
        return Listing(symbol, InstrumentKind.EQUITY)
    return Listing(
        symbol,
        InstrumentKind(row.kind),
        row.name,
        tick_rule=TickRule(row.tick_rule),
        dividend_yield=float(row.dividend_yield),
    )
