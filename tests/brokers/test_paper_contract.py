"""The paper broker passes the contract, on a store in memory and on the database."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from allcore.kernel.reports import ReportKind
from brokers.models import Account, Connection, PaperAccount
from brokers.services.paper_store import DatabaseStore
from tests.brokers.contract import BrokerContract, ReplacesInPlace, listed, working
from tests.builders.paper import ACCOUNT, LOW_PUT, PUT, MemoryStore, PaperDesk, book, buy


class ContractDesk(PaperDesk):
    """The paper desk with the contract's words. Its broker, being a program of ours, knows what time it is."""

    connection = "paper"
    account = ACCOUNT

    def now(self) -> datetime:
        return self.clock()

    async def show(self, symbol: str, bid: str, ask: str, *, size: int = 10) -> None:
        self.clock.forward(seconds=1)
        self.market.show(symbol, bid, ask, size=size)

    async def quiet(self) -> None:
        await self.session.mass_status(self.now() - timedelta(days=1))
        assert self.session._events.empty()


async def started(desk: ContractDesk) -> ContractDesk:
    desk.market.show(PUT, "4.10", "4.20")
    desk.market.show(LOW_PUT, "1.00", "1.05")
    await desk.start()
    return desk


class PaperContract(ReplacesInPlace, BrokerContract):
    """What the paper broker does beyond the contract: orders on their way survive a restart."""

    async def test_a_rejection_names_the_rule(self, desk: ContractDesk) -> None:
        await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.03"))

        assert (await desk.hear(ReportKind.REJECT)).reason == "OFF_TICK"

    async def test_a_restart_before_the_acknowledgement_loses_nothing(self, desk: ContractDesk) -> None:
        desk.latency_ms = 500.0
        await desk.restart()
        await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.20"))
        await desk.restart()
        orders = await listed(desk)

        desk.clock.forward(minutes=1)
        desk.market.show(PUT, "4.10", "4.20")
        desk.market.show("TSLA", "250.00", "250.02")

        assert [(o.cl_ord_id, o.status) for o in orders] == [("C1", "PENDING_NEW")]
        await desk.hear(ReportKind.ACK)
        assert (await desk.hear(ReportKind.FILL)).cl_ord_id == "C1"

    async def test_a_restart_before_a_cancel_arrives_loses_nothing(self, desk: ContractDesk) -> None:
        await working(desk, "C1", buy(PUT, "4.00"))
        desk.latency_ms = 500.0
        await desk.restart()
        await desk.session.cancel(ACCOUNT, "C2", "C1")
        await desk.restart()

        desk.clock.forward(minutes=1)

        report = await desk.hear(ReportKind.CANCEL_ACK)
        assert report.cl_ord_id == "C2"


class TestPaperInMemory(PaperContract):
    @pytest_asyncio.fixture
    async def desk(self) -> AsyncIterator[ContractDesk]:
        store = MemoryStore(accounts={ACCOUNT: book()})
        desk = await started(ContractDesk(store=lambda: store))
        yield desk
        await desk.session.close()


@pytest.mark.django_db(transaction=True)
class TestPaperInTheDatabase(PaperContract):
    @pytest_asyncio.fixture
    async def desk(self, books: None) -> AsyncIterator[ContractDesk]:
        desk = await started(ContractDesk(store=lambda: DatabaseStore("paper")))
        yield desk
        await desk.session.close()


@pytest.fixture
def books(transactional_db: None) -> None:
    connection = Connection.objects.create(name="paper", broker="paper", environment="PAPER")
    PaperAccount.objects.create(number=ACCOUNT, cash=Decimal(100_000))
    Account.objects.create(
        code="GEN-1", name="Gen", tier="gen", connection=connection, broker_account=ACCOUNT, baseline=Decimal(100_000)
    )
