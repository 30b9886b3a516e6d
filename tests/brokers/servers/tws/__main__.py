"""Run the TWS test server: `python -m tests.brokers.servers.tws --port 4002 [--feed redis://...] [--control 4003]`."""

import argparse
import asyncio
from decimal import Decimal

from tests.brokers.servers.control import serve_control
from tests.brokers.servers.tws.feed import follow
from tests.brokers.servers.tws.server import TwsServer


def asked() -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog="tws", description=__doc__)
    parser.add_argument("--port", type=int, default=4002)
    parser.add_argument("--feed", default="", help="the desk's Redis; orders then trade against its quotes")
    parser.add_argument("--control", type=int, default=0, help="a port for JSON lines that order faults; 0: any")
    parser.add_argument("--account", action="append", default=[], help="repeat for several; DU1 by default")
    parser.add_argument("--cash", type=Decimal, default=Decimal(100_000))
    parser.add_argument("--version", type=int, default=178)
    return parser.parse_args()


async def run(wanted: argparse.Namespace) -> None:
    """Serve until stopped."""
    server = TwsServer.make(wanted.account or ("DU1",), cash=wanted.cash, version=wanted.version)
    control = await serve_control(server, wanted.control)
    number = await server.port.open(wanted.port)
    print(f"TWS test server on 127.0.0.1:{number}, control on {control.number}", flush=True)  # noqa: T201 for a person
    try:
        async with asyncio.TaskGroup() as group:
            if wanted.feed:
                group.create_task(follow(server.exchange, wanted.feed))
            else:
                group.create_task(asyncio.Event().wait())
    finally:
        await server.port.close()
        await control.close()


if __name__ == "__main__":
    asyncio.run(run(asked()))
