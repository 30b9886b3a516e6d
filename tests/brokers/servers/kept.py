"""What a test server remembers over a restart, as a broker does: its book, in a file, after each event."""

import asyncio
import pickle
from pathlib import Path

from tests.brokers.servers.control import Server

BOOK = ("orders", "executions", "accounts", "_trades")
OWN = ("by_key", "highest")  # which client gave an order which number, or name


def keep(server: Server, file: Path) -> None:
    """Take up what the file remembers, and write it anew after whatever happens from now on."""
    if file.exists():
        recall(server, file)
    waiting: list[asyncio.Handle] = []

    def write() -> None:
        waiting.clear()
        fresh = file.with_suffix(".new")
        fresh.write_bytes(pickle.dumps(remembered(server)))
        fresh.replace(file)

    def happened(_: object) -> None:
        if not waiting:  # once for all that happens within one turn of the loop
            waiting.append(asyncio.get_running_loop().call_soon(write))

    server.exchange.listen(happened)


def remembered(server: Server) -> dict[str, dict[str, object]]:
    """Return all that must not be forgotten."""
    own = {name: getattr(server, name) for name in OWN if hasattr(server, name)}
    return {"book": {name: getattr(server.exchange, name) for name in BOOK}, "own": own}


def recall(server: Server, file: Path) -> None:
    """Put it back. The listing's numbers are given anew, so what is held is listed first."""
    found = pickle.loads(file.read_bytes())
    for owner, names in ((server.exchange, found["book"]), (server, found["own"])):
        for name, value in names.items():
            setattr(owner, name, value)
    for order in server.exchange.orders.values():
        for leg in order.terms.legs:
            server.exchange.listing.add(leg.symbol)
