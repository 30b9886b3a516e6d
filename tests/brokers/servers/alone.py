"""Run a REST broker's test server by itself: it prints, as one line of JSON, where it is and what it lets in."""

import argparse
import asyncio
import json
from collections.abc import Callable, Mapping
from decimal import Decimal

from tests.brokers.servers.control import Server, serve_control
from tests.brokers.servers.tws.feed import follow
from tests.brokers.servers.web import WebPort

Made = tuple[Server, WebPort, Mapping[str, str]]  # and the credentials that it takes


def serve(name: str, make: Callable[[dict[str, Decimal]], Made]) -> None:
    """Do what the command line asks for, until stopped."""
    parser = argparse.ArgumentParser(prog=name, description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0: any")
    parser.add_argument("--feed", default="", help="the desk's Redis; orders then trade against its quotes")
    parser.add_argument("--control", type=int, default=0, help="a port for JSON lines that order faults; 0: any")
    parser.add_argument("--account", action="append", default=[], help="repeat for several; digits")
    parser.add_argument("--cash", type=Decimal, default=Decimal(100_000))
    wanted = parser.parse_args()
    made = make(dict.fromkeys(wanted.account or ("10000001",), wanted.cash))
    asyncio.run(_serve(name, made, wanted))


async def _serve(name: str, made: Made, wanted: argparse.Namespace) -> None:
    server, port, credentials = made
    control = await serve_control(server, wanted.control)
    await port.open(wanted.port)
    told = {
        "server": name,
        "base_url": port.url,
        "control": control.number,
        "accounts": sorted(server.exchange.accounts),
        "credentials": dict(credentials),
    }
    print(json.dumps(told), flush=True)  # noqa: T201 for a person, or who seeds a desk
    try:
        if wanted.feed:
            await follow(server.exchange, wanted.feed)
        else:
            await asyncio.Event().wait()
    finally:
        await port.close()
        await control.close()
