"""What passes on the lines to a broker, and when: noted where asyncio gives a socket bytes and takes them from it."""

import threading
import time
from asyncio import selector_events
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unittest.mock import patch

from allcore.kernel.reports import BookReport, ExecutionReport
from brokers.ports import Session
from trading.services import claim, settle

Transport = selector_events._SelectorSocketTransport  # type: ignore[attr-defined]  # noqa: SLF001 where the bytes pass
# An order's first bytes, by broker: the gateway's message 3, and posts to an address of orders.
IS_ORDER: dict[str, Callable[[bytes], bool]] = {
    "ibkr": lambda data: data[4:6] == b"3\0",
    "schwab": lambda data: data.startswith(b"POST ") and b"/orders" in data[:200],
    "etrade": lambda data: data.startswith(b"POST ") and b"/orders/preview" in data[:200],
}


@dataclass
class Moments:
    """Of the order that is on its way; one is, at a time."""

    port: int
    is_order: Callable[[bytes], bool]
    claimed: float = 0.0
    sent: float = 0.0
    read: float = 0.0  # whenever the broker last said anything
    news: float = 0.0  # when it had last said anything as the fill was told
    settled: float = 0.0
    orders: list[float] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Forget the last one."""
        self.claimed = self.sent = self.news = self.settled = 0.0
        self.done.clear()


class Watch:
    """Notes the moments from where the bytes, the claim and the commit pass."""

    def __init__(self, moments: Moments) -> None:
        self._moments = moments
        self._write, self._read = Transport.write, Transport._read_ready__data_received  # noqa: SLF001 as above
        self._take, self._apply = claim.claim_batch, settle.apply_reports

    def _is_ours(self, transport: Any) -> bool:
        peer = transport.get_extra_info("peername")
        return bool(peer) and peer[1] == self._moments.port

    def writes(self, transport: Any, data: bytes) -> None:
        self._write(transport, data)
        if self._is_ours(transport) and self._moments.is_order(bytes(data)):
            now = time.perf_counter()
            self._moments.orders.append(now)
            self._moments.sent = self._moments.sent or now

    def reads(self, transport: Any) -> None:
        if self._is_ours(transport):
            self._moments.read = time.perf_counter()
        self._read(transport)

    def takes(self, *args: Any, **named: Any) -> claim.Claimed:
        claimed = self._take(*args, **named)
        if claimed.outbounds:
            self._moments.claimed = time.perf_counter()
        return claimed

    def applies(self, connection: str, reports: Sequence[ExecutionReport | BookReport], *, now: datetime) -> None:
        self._apply(connection, reports, now=now)
        if any(isinstance(report, ExecutionReport) and report.fills for report in reports):
            self._moments.settled = time.perf_counter()
            self._moments.done.set()


@contextmanager
def watched(moments: Moments) -> Iterator[None]:
    """Note the moments meanwhile."""
    watch = Watch(moments)
    with (
        # Functions, since a bound method would not be given the transport.
        patch.object(Transport, "write", lambda transport, data: watch.writes(transport, data)),  # noqa: PLW0108
        patch.object(Transport, "_read_ready__data_received", lambda transport: watch.reads(transport)),  # noqa: PLW0108
        patch.object(claim, "claim_batch", watch.takes),
        patch.object(settle, "apply_reports", watch.applies),
    ):
        yield


class Stamped:
    """A session that notes when the broker had last said anything as it told a fill."""

    def __init__(self, inner: Session, moments: Moments) -> None:
        self._inner = inner
        self._moments = moments

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def events(self) -> AsyncIterator[ExecutionReport | BookReport]:
        """Yield what the broker says."""
        async for report in self._inner.events():
            if isinstance(report, ExecutionReport) and report.fills:
                self._moments.news = self._moments.read
            yield report
