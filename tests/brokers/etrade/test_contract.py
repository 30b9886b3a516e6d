"""The adapter passes the contract on the E*TRADE test server."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.brokers.contract import ReplacesByCancelling
from tests.brokers.etrade.desks import EtradeDesk, opened
from tests.brokers.servers.contract import ServedContract


class TestEtrade(ReplacesByCancelling, ServedContract):
    @pytest_asyncio.fixture
    async def desk(self) -> AsyncIterator[EtradeDesk]:
        desk = await opened()
        yield desk
        await desk.close()
        assert desk.server.schema_errors == []
