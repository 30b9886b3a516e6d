"""A test server remembers its book over a restart."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from allcore.embedded.brokers import SIMS
from allcore.kernel.orders import Side
from tests.brokers.servers.beside import SERVERS, Told
from tests.brokers.servers.book import Leg, Status, Terms
from tests.brokers.servers.control import Server
from tests.brokers.servers.kept import keep
from tests.builders.paper import PUT

LOGIN = dict.fromkeys((name for sim in SIMS.values() for name in sim.credentials), "x")


def made(name: str, file: Path) -> Server:
    server = SERVERS[name](Told({"10000001": Decimal(1000)}, LOGIN))
    keep(server, file)
    return server


@pytest.mark.parametrize("name", sorted(SERVERS))
async def test_orders_positions_and_cash_are_there_again(name: str, tmp_path: Path) -> None:
    first = made(name, tmp_path / "kept")
    first.exchange.show(PUT, "4.10", "4.20", size=1)
    placed = first.exchange.place("10000001", Terms((Leg(PUT, Side.BUY),), 2, limit=Decimal("4.20")))
    await asyncio.sleep(0)  # a turn of the loop, after which it is written

    again = made(name, tmp_path / "kept").exchange

    assert (again.orders[placed.number].status, again.orders[placed.number].cum) == (Status.WORKING, 1)
    assert again.accounts["10000001"].positions == {PUT: (1, Decimal("4.20"))}
    assert again.accounts["10000001"].cash == Decimal(1000) - Decimal("420.65")
    again.show(PUT, "4.10", "4.20", size=1)
    assert again.orders[placed.number].status is Status.FILLED
    assert len({execution.exec_id for execution in again.executions}) == 2
