"""The adapter on the key book in the database: what it writes down survives, whatever crashed."""

from collections.abc import AsyncIterator
from typing import cast

import pytest
import pytest_asyncio

from allcore.kernel.errors import RefusedError
from allcore.kernel.reports import ReportKind
from brokers.models import Connection
from brokers.services.order_keys import DatabaseKeys
from tests.brokers.contract import listed, new_terms, working
from tests.brokers.ibkr.desks import IbkrDesk, opened
from tests.brokers.servers.faults import Lapse
from tests.brokers.servers.keys import MemoryKeys
from tests.builders.paper import PUT, buy

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(transactional_db: None) -> str:
    return Connection.objects.create(name="ibkr", broker="ibkr", environment="PAPER").name


@pytest_asyncio.fixture
async def desk(connection: str) -> AsyncIterator[IbkrDesk]:
    desk, keys = await opened(), DatabaseKeys(connection)
    desk.keys = cast("MemoryKeys", keys)
    await desk.restart()
    yield desk
    await desk.close()
    await keys.close()


async def test_names_are_found_again_after_a_restart(desk: IbkrDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00", qty=2))
    await desk.session.replace(desk.account, new_terms("C2", "C1", quantity=3, limit="4.05"))
    await desk.hear(ReportKind.REPLACE_ACK)

    await desk.restart()

    assert [(o.cl_ord_id, o.order_qty) for o in await listed(desk)] == [("C2", 3)]
    with pytest.raises(RefusedError):
        await desk.session.submit("C2", desk.account, buy(PUT, "4.00"))


async def test_an_answer_lost_after_booking_leaves_one_order(desk: IbkrDesk) -> None:
    desk.faults.lapses.append(Lapse.DROP)
    await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))
    await desk.settle()

    await desk.reconnect()

    assert [(o.cl_ord_id, o.status) for o in await listed(desk)] == [("C1", "NEW")]
    assert len(desk.exchange.orders) == 1
