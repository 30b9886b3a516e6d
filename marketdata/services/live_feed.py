"""The feed of a live market: its clock is the system's, and what the line does not vouch for grows old."""

from datetime import datetime

from allcore.kernel.clock import ExchangeClock
from marketdata.services import publish
from marketdata.services.feed import Feed
from marketdata.services.live import LiveMarket


class LiveFeed(Feed):
    """One broker's market on its way to the desk."""

    def __init__(self, source: LiveMarket, clock: ExchangeClock, *, spec: str) -> None:
        super().__init__(source, clock, spec=spec, pause=0.0)
        self._live = source
        self._edition = -1

    def begin(self, now: datetime) -> None:
        """Start with nothing: there is no telling what the market did before."""
        publish.clear()
        self._live.begin()

    def stop(self, now: datetime) -> None:
        """Hang up, and store the unfinished minutes."""
        self._live.close()
        super().stop(now)

    def _move_clock(self, now: datetime) -> datetime:
        self._clock = ExchangeClock(now, now, 1.0)
        return now

    def _take_stock(self) -> None:
        if self._live.forgets:
            self._live.forgets = False
            self._standing.clear()
        if self._live.edition != self._edition:
            self._edition, self._listed_on = self._live.edition, None

    def _vouches(self, now: datetime) -> bool:
        return self._live.vouches(now)
