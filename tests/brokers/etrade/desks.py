"""A desk at E*TRADE, on the test server."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from allcore.kernel.reports import BookReport, ExecutionReport, ReportKind
from brokers.etrade import open_session
from brokers.ports import Bucket, Lane, Plumbing, Session
from tests.brokers.servers.contract import Habits
from tests.brokers.servers.etrade.server import EtradeServer
from tests.brokers.servers.exchange import Exchange
from tests.brokers.servers.faults import Faults
from tests.brokers.servers.keys import MemoryKeys
from tests.brokers.servers.pacer import LocalPacer
from tests.brokers.servers.secrets import MemorySecrets
from tests.builders.paper import LOW_PUT, PATIENCE, PUT


@dataclass
class OpenPacer(LocalPacer):
    """Writes down and never waits: E*TRADE's two calls a second would make every test a slow one."""

    async def take(self, bucket: Bucket, *, lane: Lane, weight: int = 1) -> None:
        self.taken.append((bucket.name, lane))


@dataclass
class HastyPacer(LocalPacer):
    """Waits for its turn as in life, in a world twenty times as quick."""

    async def take(self, bucket: Bucket, *, lane: Lane, weight: int = 1) -> None:
        await super().take(replace(bucket, rate=bucket.rate * 20), lane=lane, weight=weight)


@dataclass
class EtradeDesk:
    """One connection and its client."""

    server: EtradeServer
    environment: str = "PAPER"
    connection: str = "etrade"
    account: str = "823145980"
    habits: Habits = field(default_factory=lambda: Habits(awaits_answers=True))
    rejection: tuple[str, str] = ("1037", "You do not have enough available cash to enter this order.")
    keys: MemoryKeys = field(default_factory=MemoryKeys)
    pacer: LocalPacer = field(default_factory=OpenPacer)
    secrets: MemorySecrets = field(default_factory=MemorySecrets)
    clock: Callable[[], datetime] | None = None
    session: Session = field(init=False)

    @property
    def exchange(self) -> Exchange:
        return self.server.exchange

    @property
    def faults(self) -> Faults:
        return self.server.faults

    def now(self) -> datetime:
        return self.server.clock()

    def plumbing(self) -> Plumbing:
        return Plumbing(
            connection=self.connection,
            environment=self.environment,
            settings={"base_url": self.server.port.url, "answer_seconds": 2.0},
            clock=self.clock or self.server.clock,
            keys=self.keys,
            secrets=self.secrets,
            pacer=self.pacer,
        )

    async def start(self) -> None:
        self.session = open_session(self.plumbing())
        await self.session.connect()
        self._events = self.session.events()

    async def show(self, symbol: str, bid: str, ask: str, *, size: int = 10) -> None:
        self.exchange.show(symbol, bid, ask, size=size)

    async def hear(self, kind: ReportKind | None = None) -> ExecutionReport:
        async with asyncio.timeout(PATIENCE):
            event = await anext(self._events)
        assert isinstance(event, ExecutionReport), event
        assert kind is None or event.kind is kind, event
        return event

    async def quiet(self) -> None:
        await self.settle()
        queue = self.session._events  # type: ignore[attr-defined]
        left = [queue.get_nowait() for _ in range(queue.qsize())]
        assert [event for event in left if isinstance(event, ExecutionReport | BookReport)] == []

    async def restart(self) -> None:
        await self.session.close()
        await self.start()

    async def cut(self) -> None:
        await self.server.port.close()

    async def reconnect(self) -> None:
        await self.session.close()
        if self.server.port.is_closed:
            await self.server.port.open()
        await self.start()

    async def fail_next_query(self) -> None:
        self.server.failing_reads = 3

    async def settle(self) -> None:
        """Let what is under way arrive: two looks, one of which may have been on its way already."""
        if not self.server.port.is_closed:
            for _ in range(2):
                await self.session._look()  # type: ignore[attr-defined]

    async def close(self) -> None:
        await self.session.close()
        await self.server.port.close()


async def opened() -> EtradeDesk:
    """Return a started desk, with the contract's quotes shown."""
    server = EtradeServer.make()
    server.exchange.show(PUT, "4.10", "4.20")
    server.exchange.show(LOW_PUT, "1.00", "1.05")
    await server.port.open()
    desk = EtradeDesk(server)
    leave = server.provider.leave()
    desk.secrets.values = {
        "consumer_key": server.provider.consumer_key,
        "consumer_secret": server.provider.consumer_secret,
        "access_token": leave.key,
        "access_secret": leave.secret,
    }
    await desk.start()
    return desk
