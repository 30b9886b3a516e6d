"""The paper broker passes the contract, on a store in memory and on the database."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import pytest_asyncio

from brokers.models import Account, Connection, PaperAccount
from brokers.services.paper_store import DatabaseStore
from tests.brokers.contract import BrokerContract
from tests.builders.paper import ACCOUNT, PUT, MemoryStore, PaperDesk, book


async def started(desk: PaperDesk) -> PaperDesk:
    desk.market.show(PUT, "4.10", "4.20")
    await desk.start()
    return desk


class TestPaperInMemory(BrokerContract):
    @pytest_asyncio.fixture
    async def desk(self) -> AsyncIterator[PaperDesk]:
        store = MemoryStore(accounts={ACCOUNT: book()})
        desk = await started(PaperDesk(store=lambda: store))
        yield desk
        await desk.session.close()


@pytest.mark.django_db(transaction=True)
class TestPaperInTheDatabase(BrokerContract):
    @pytest_asyncio.fixture
    async def desk(self, books: None) -> AsyncIterator[PaperDesk]:
        desk = await started(PaperDesk(store=lambda: DatabaseStore("paper")))
        yield desk
        await desk.session.close()


@pytest.fixture
def books(transactional_db: None) -> None:
    connection = Connection.objects.create(name="paper", broker="paper", environment="PAPER")
    PaperAccount.objects.create(number=ACCOUNT, cash=Decimal(100_000))
    Account.objects.create(
        code="GEN-1", name="Gen", tier="gen", connection=connection, broker_account=ACCOUNT, baseline=Decimal(100_000)
    )
