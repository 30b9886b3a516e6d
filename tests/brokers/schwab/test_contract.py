"""The adapter passes the contract on the Schwab test server."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.brokers.contract import ReplacesByCancelling
from tests.brokers.schwab.desks import SchwabDesk, opened
from tests.brokers.servers.contract import ServedContract


class TestSchwab(ReplacesByCancelling, ServedContract):
    @pytest_asyncio.fixture
    async def desk(self) -> AsyncIterator[SchwabDesk]:
        desk = await opened()
        yield desk
        await desk.close()
        assert desk.server.schema_errors == []
