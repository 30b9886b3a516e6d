"""The adapter passes the contract on the TWS test server, at both server versions that the libraries speak."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.brokers.contract import ReplacesInPlace
from tests.brokers.ibkr.desks import IbkrDesk, opened
from tests.brokers.servers.contract import ServedContract


class TestVersion178(ReplacesInPlace, ServedContract):
    @pytest_asyncio.fixture
    async def desk(self) -> AsyncIterator[IbkrDesk]:
        desk = await opened(178)
        yield desk
        await desk.close()
        assert desk.server.protocol_errors == []
        assert desk.server.too_fast == 0


class TestVersion176(ReplacesInPlace, ServedContract):
    @pytest_asyncio.fixture
    async def desk(self) -> AsyncIterator[IbkrDesk]:
        desk = await opened(176)
        yield desk
        await desk.close()
        assert desk.server.protocol_errors == []
        assert desk.server.too_fast == 0
