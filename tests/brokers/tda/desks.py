"""A desk at TD Ameritrade, on the test server."""

from dataclasses import dataclass

from brokers.tda import open_session
from tests.brokers.schwab.desks import SchwabDesk
from tests.brokers.servers.tda.server import TdaServer
from tests.builders.paper import LOW_PUT, PUT


@dataclass
class TdaDesk(SchwabDesk):
    """One connection and its client."""

    server: TdaServer
    connection: str = "tda"

    async def start(self) -> None:
        self.session = open_session(self.plumbing())
        await self.session.connect()
        self._events = self.session.events()


async def opened() -> TdaDesk:
    """Return a started desk, with the contract's quotes shown."""
    server = TdaServer.make()
    server.exchange.show(PUT, "4.10", "4.20")
    server.exchange.show(LOW_PUT, "1.00", "1.05")
    await server.port.open()
    desk = TdaDesk(server)
    desk.secrets.values = {"app_key": server.grants.app_key, "refresh_token": server.grants.leave()}
    await desk.start()
    return desk
