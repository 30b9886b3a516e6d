"""Run a broker's test server beside a desk, as `make run BROKER=ibkr-sim` does.

It trades against the desk's own quotes, has the accounts and takes the credentials that the desk wrote down for it, and
remembers its book over a restart.
"""

import argparse
import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from tests.brokers.servers.control import Server, serve_control
from tests.brokers.servers.etrade.oauth import Token
from tests.brokers.servers.etrade.server import EtradeServer
from tests.brokers.servers.exchange import Exchange
from tests.brokers.servers.faults import Clock
from tests.brokers.servers.kept import keep
from tests.brokers.servers.schwab.server import LEAVE, SchwabServer
from tests.brokers.servers.tda.server import LEAVE as TDA_LEAVE
from tests.brokers.servers.tda.server import TdaServer
from tests.brokers.servers.tws.feed import follow
from tests.brokers.servers.tws.server import TwsServer


class Listening(Protocol):
    """A port."""

    async def open(self, number: int = 0) -> int: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Told:
    """What the desk wrote down."""

    accounts: Mapping[str, Decimal]
    credentials: Mapping[str, str]

    @classmethod
    def read(cls, file: Path) -> "Told":
        found = json.loads(file.read_text(encoding="utf-8"))
        return cls({number: Decimal(cash) for number, cash in found["accounts"].items()}, found["credentials"])


def tws(told: Told) -> TwsServer:
    clock = Clock()
    return TwsServer(Exchange(clock, accounts=dict(told.accounts)), clock=clock)


def schwab(told: Told) -> SchwabServer:
    """Return the server; the leave it was told of lasts for a week from now."""
    server = SchwabServer.make(accounts=told.accounts)
    server.grants.app_key = told.credentials["app_key"]
    server.grants.app_secret = told.credentials["app_secret"]
    server.grants.refreshes[told.credentials["refresh_token"]] = server.clock() + LEAVE
    return server


def etrade(told: Told) -> EtradeServer:
    """Return the server; the token it was told of ends at New York's midnight, as each does there."""
    server, login = EtradeServer.make(accounts=told.accounts), told.credentials
    provider, now = server.provider, server.clock()
    provider.consumer_key, provider.consumer_secret = login["consumer_key"], login["consumer_secret"]
    provider.accesses[login["access_token"]] = Token(login["access_token"], login["access_secret"], now, now)
    return server


def tda(told: Told) -> TdaServer:
    """Return the server; the leave it was told of lasts for ninety days from now, as it did."""
    server = TdaServer.make(accounts=told.accounts)
    server.grants.app_key = told.credentials["app_key"]
    server.grants.refreshes[told.credentials["refresh_token"]] = server.clock() + TDA_LEAVE
    return server


SERVERS: dict[str, Callable[[Told], Server]] = {
    "ibkr-sim": tws,
    "schwab-sim": schwab,
    "etrade-sim": etrade,
    "tda-sim": tda,
}


def asked() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog="beside", description=__doc__)
    parser.add_argument("name", choices=sorted(SERVERS))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--control", type=int, default=0, help="a port for JSON lines that order faults; 0: any")
    parser.add_argument("--feed", required=True, help="the desk's Redis")
    parser.add_argument("--told", type=Path, required=True, help="accounts and credentials, as JSON")
    parser.add_argument("--kept", type=Path, help="where the server remembers its book; without it, it does not")
    return parser.parse_args()


async def run(wanted: argparse.Namespace) -> None:
    """Serve until stopped."""
    server = SERVERS[wanted.name](Told.read(wanted.told))
    if wanted.kept is not None:
        keep(server, wanted.kept)
    control = await serve_control(server, wanted.control)
    port: Listening = server.port  # type: ignore[attr-defined]  # every server has one
    number = await port.open(wanted.port)
    print(f"{wanted.name} on 127.0.0.1:{number}, control on {control.number}", flush=True)  # noqa: T201 for a person
    try:
        await follow(server.exchange, wanted.feed)
    finally:
        await port.close()
        await control.close()


if __name__ == "__main__":
    asyncio.run(run(asked()))
