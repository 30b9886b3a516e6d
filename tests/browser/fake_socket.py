"""The desk's socket as a page meets it, spoken by hand; and a clock that stands still until it is told to go on."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.sync_api import Page, WebSocketRoute

NOW = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)  # Wednesday, 10:00 in New York
Row = dict[str, Any]


class FakeSocket:
    """Answers subscriptions with `rows`, and sends what a test says."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.now = NOW
        self.rows: dict[str, list[Row]] = {}
        self.asked: list[Row] = []
        self.is_away = False
        self._seq: dict[str, int] = {}
        self._socket: WebSocketRoute | None = None
        page.clock.set_fixed_time(NOW)
        page.route_web_socket(re.compile(r"/ws/desk/"), self._open)

    def _open(self, socket: WebSocketRoute) -> None:
        if self.is_away:
            socket.close(code=1012, reason="restart")
            return
        self._socket, self._seq = socket, {}
        socket.on_message(self._hear)

    def _hear(self, text: str | bytes) -> None:
        message = json.loads(text)
        self.asked.append(message)
        streams = message["streams"] if message["type"] == "subscribe" else [message["stream"]]
        for stream in streams:
            if stream == "system":
                self.beat()
            else:
                self.send(stream, "snapshot", self.rows.get(stream, []))

    def send(self, stream: str, kind: str, data: object, *, skip: int = 0) -> None:
        """Send a message; `skip` leaves a gap before it."""
        assert self._socket is not None, "the page has not connected"
        self._seq[stream] = self._seq.get(stream, 0) + 1 + skip
        frame = {"stream": stream, "seq": self._seq[stream], "type": kind, "data": data}
        self._socket.send(json.dumps(frame))

    def beat(self, *, live: bool = True, **facts: object) -> None:
        """Send the heartbeat."""
        usual: Row = {
            "system_time": self.now.isoformat(),
            "exchange_time": self.now.isoformat(),
            "phase": "OPEN",
            "closes_at": None,
            "source": "SIMULATED",
            "data_age": 0.4,
            "mode": "paper",
            "connections": [{"name": "paper", "environment": "PAPER", "state": "UP", "is_paused": False}],
            "kill": {"level": 0, "levels": [], "file_level": 0, "releases": []},
            "live": live,
        }
        self.send("system", "beat", usual | facts)

    def pass_time(self, **length: float) -> None:
        """Let the clock of page and server go on."""
        self.now += timedelta(**length)
        self.page.clock.set_fixed_time(self.now)

    def drop(self, *, stays_away: bool = False) -> None:
        """Close the connection, as a restart of the desk does; one that stays away takes no new one."""
        self.is_away = stays_away
        self._close(1012, "restart")

    def sign_out(self) -> None:
        """Close the connection, as the end of the session does."""
        self._close(4401, "signed out")

    def _close(self, code: int, reason: str) -> None:
        assert self._socket is not None
        self._socket.close(code=code, reason=reason)
