"""What the parts of one session work with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from allcore.kernel.reports import ExecutionReport
from brokers.ibkr.settings import IbkrSettings
from brokers.ibkr.tracks import Tracks
from brokers.ports import KeyBook

ALERTS_KEPT = 10

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Room:
    """One connection, its orders, and where its reports go."""

    connection: str
    client_id: int
    settings: IbkrSettings
    keys: KeyBook
    tracks: Tracks
    clock: Callable[[], datetime]
    tell: Callable[[ExecutionReport | Exception], None]
    accounts: tuple[str, ...] = ()  # that the desk uses; none: not known yet
    alerts: list[str] = field(default_factory=list)  # the last ones, for the Brokers page

    def alert(self, text: str) -> None:
        """Say what a person should look at; what was just said is not said again."""
        if text in self.alerts:
            return
        log.error("ibkr_alert", connection=self.connection, text=text)
        self.alerts = [*self.alerts[1 - ALERTS_KEPT :], text]
