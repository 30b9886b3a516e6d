"""The adapter passes the contract on a test server of the API as it was."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.brokers.contract import ReplacesByCancelling
from tests.brokers.servers.contract import ServedContract
from tests.brokers.tda.desks import TdaDesk, opened


class TestTda(ReplacesByCancelling, ServedContract):
    @pytest_asyncio.fixture
    async def desk(self) -> AsyncIterator[TdaDesk]:
        desk = await opened()
        yield desk
        await desk.close()
        assert desk.server.schema_errors == []
