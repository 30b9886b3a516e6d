"""What the parts of one session work with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from allcore.kernel.reports import ExecutionReport
from brokers.ibkr.settings import IbkrSettings
from brokers.ibkr.tracks import Tracks
from brokers.ports import KeyBook


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
