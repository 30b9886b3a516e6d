"""The TWS test server, judged by a client library written by others: whichever of the two is installed."""

import importlib

import pytest

from brokers.ibkr.library import load
from tests.brokers.servers.tws.judge import Judge
from tests.brokers.servers.tws.server import TwsServer
from tests.builders.paper import LOW_PUT, PUT


@pytest.mark.parametrize("version", [176, 178])
async def test_the_library_finds_all_that_it_needs(version: int) -> None:
    server = TwsServer.make(version=version)
    server.exchange.show(PUT, "4.10", "4.20")
    server.exchange.show(LOW_PUT, "1.00", "1.05")
    await server.port.open()

    checks = await Judge(importlib.import_module(load().name), server).run()

    assert len(checks) == 11
    assert server.too_fast == 0
    await server.port.close()
