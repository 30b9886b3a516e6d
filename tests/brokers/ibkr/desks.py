"""A desk at Interactive Brokers, on the TWS test server."""

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from allcore.kernel.reports import BookReport, ExecutionReport, ReportKind
from brokers.ibkr.errors import GatewayDownError
from brokers.ibkr.session import IbkrSession
from brokers.ports import Plumbing
from tests.brokers.servers.contract import Habits
from tests.brokers.servers.exchange import Exchange
from tests.brokers.servers.faults import Faults
from tests.brokers.servers.keys import MemoryKeys
from tests.brokers.servers.pacer import LocalPacer
from tests.brokers.servers.secrets import MemorySecrets
from tests.brokers.servers.tws.server import TwsServer
from tests.builders.paper import LOW_PUT, PATIENCE, PUT

QUICK: dict[str, object] = {"commission_seconds": 0.5, "doubt_seconds": 0.2, "answer_seconds": 5.0}


@dataclass
class IbkrDesk:
    """One connection and its client."""

    server: TwsServer
    settings: dict[str, object] = field(default_factory=dict)
    environment: str = "PAPER"
    connection: str = "ibkr"
    account: str = "DU1"
    habits: Habits = field(default_factory=lambda: Habits(awaits_answers=False))
    rejection: tuple[str, str] = ("201", "Order rejected - reason:CASH AVAILABLE: 0.00")
    keys: MemoryKeys = field(default_factory=MemoryKeys)
    pacer: LocalPacer = field(default_factory=LocalPacer)
    heard: list[ExecutionReport] = field(default_factory=list)
    session: IbkrSession = field(init=False)

    @property
    def exchange(self) -> Exchange:
        return self.server.exchange

    @property
    def faults(self) -> Faults:
        return self.server.faults

    def now(self) -> datetime:
        return self.server.clock()

    async def start(self) -> None:
        self.session = IbkrSession(
            Plumbing(
                connection=self.connection,
                environment=self.environment,
                settings={"port": self.server.port.number, "simulated": True, **QUICK, **self.settings},
                clock=self.server.clock,
                keys=self.keys,
                secrets=MemorySecrets(),
                pacer=self.pacer,
            )
        )
        await self.session.connect()
        self._events = self.session.events()

    async def show(self, symbol: str, bid: str, ask: str, *, size: int = 10) -> None:
        self.exchange.show(symbol, bid, ask, size=size)

    async def hear(self, kind: ReportKind | None = None) -> ExecutionReport:
        async with asyncio.timeout(PATIENCE):
            event = await anext(self._events)
        assert isinstance(event, ExecutionReport), event
        assert kind is None or event.kind is kind, event
        self.heard.append(event)
        return event

    async def quiet(self) -> None:
        await self.session.mass_status(self.now() - timedelta(days=1))
        await self.settle()
        left = [self.session._events.get_nowait() for _ in range(self.session._events.qsize())]
        assert [event for event in left if isinstance(event, ExecutionReport | BookReport)] == []

    async def restart(self) -> None:
        await self.session.close()
        await self._gone()
        await self.start()

    async def cut(self) -> None:
        await self.server.port.drop()
        await self._gone()

    async def reconnect(self) -> None:
        await self.restart()

    async def fail_next_query(self) -> None:
        self.session._settings = replace(self.session._settings, answer_seconds=0.1)
        assert self.session._gateway is not None
        self.session._gateway._settings = self.session._settings
        self.server.deaf_to[16] += 1

    async def settle(self) -> None:
        """Let both ends work through what is under way: a question and its answer pass behind it."""
        desk, gateway = self.session._desk, self.session._gateway
        assert gateway is not None
        with contextlib.suppress(GatewayDownError):
            await gateway.named("time", gateway.client.reqCurrentTime)
        while not desk.news.empty() or desk.doubts.is_asking:  # noqa: ASYNC110 worked off by a task
            await asyncio.sleep(0.001)

    async def close(self) -> None:
        await self.session.close()
        await self._gone()
        await self.server.port.close()

    async def _gone(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while self.server.lines:  # noqa: ASYNC110 the server's own task sees the line go
                await asyncio.sleep(0.001)


async def opened(version: int = 178, **settings: object) -> IbkrDesk:
    """Return a started desk, with the contract's quotes shown."""
    server = TwsServer.make(version=version)
    server.exchange.show(PUT, "4.10", "4.20")
    server.exchange.show(LOW_PUT, "1.00", "1.05")
    await server.port.open()
    desk = IbkrDesk(server, settings)
    await desk.start()
    return desk
