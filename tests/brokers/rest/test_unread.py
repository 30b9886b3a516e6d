"""An order of the broker's list that cannot be read: a stranger's is told and passed over, ours is never guessed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import pytest_asyncio

from allcore.kernel.reports import ExecutionReport, ReportKind
from brokers.etrade.orders import orders_of
from brokers.ports import OrderKey, Plumbing
from brokers.rest.book import Book
from brokers.rest.views import Listed, OrderView, Standing, UnreadOrder, ViewLeg
from brokers.rest.wire import WireDownError
from tests.brokers.contract import working
from tests.brokers.rest.test_book import AT, KEY, LEG
from tests.brokers.schwab.desks import SchwabDesk, opened
from tests.brokers.servers.keys import MemoryKeys
from tests.brokers.servers.pacer import LocalPacer
from tests.brokers.servers.secrets import MemorySecrets
from tests.builders.paper import PUT, buy

STRANGE = {"orderId": 77, "status": "WORKING", "quantity": "many", "orderLegCollection": [{}]}


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[SchwabDesk]:
    desk = await opened()
    yield desk
    await desk.close()


def also_listed(desk: SchwabDesk, row: dict[str, object]) -> None:
    """Let the broker's list have one order more."""
    client = vars(desk.session)["_client"]
    listed = client.orders

    async def orders(account: str, since: datetime) -> list[Listed]:
        return [*await listed(account, since), *vars(type(client))["_listed"](client, row, account)]

    client.orders = orders


async def test_a_strangers_order_without_form_stops_nothing_and_is_told(desk: SchwabDesk) -> None:
    also_listed(desk, STRANGE)

    await working(desk, "C1", buy(PUT, "4.00"))

    status = await desk.session.mass_status(datetime(2020, 1, 1, tzinfo=UTC))
    alerts = (await desk.session.health()).details["alerts"]
    assert [order.cl_ord_id for order in status.orders] == ["C1"]
    assert isinstance(alerts, list)
    assert ["Order 77" in alert for alert in alerts] == [True]


async def test_an_order_of_ours_without_form_fails_the_look(desk: SchwabDesk) -> None:
    await working(desk, "C1", buy(PUT, "4.00"))
    (name,) = vars(vars(desk.session)["_book"])["_keys"]
    also_listed(desk, STRANGE | {"orderId": int(name)})

    with pytest.raises(WireDownError, match="may be an order of this desk"):
        await desk.session.mass_status(datetime(2020, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("row", [{}, "a page", None, {"orderId": {"a": 1}, "orderLegCollection": [1]}])
async def test_an_order_without_a_number_may_be_ours(desk: SchwabDesk, row: object) -> None:
    listed = vars(type(vars(desk.session)["_client"]))["_listed"](vars(desk.session)["_client"], row, "1")

    assert listed == [] or [order.broker_order_id for order in listed] == [""]


def book_of(at: list[datetime]) -> Book:
    keys = MemoryKeys({"C1": KEY})
    return Book(Plumbing("c", "PAPER", {}, lambda: at[0], keys, MemorySecrets({}), LocalPacer()))


def twin(entered_at: datetime) -> OrderView:
    return OrderView("7", "U1", Standing.WORKING, (ViewLeg("AMZN", LEG.side, 1),), 10, entered_at, Decimal("4.20"))


async def test_a_doubt_is_not_settled_beside_an_unreadable_order_that_may_be_the_one() -> None:
    at = [AT]
    book, told = book_of(at), list[ExecutionReport]()
    book.in_doubt(OrderKey(KEY.cl_ord_id, KEY.broker_account, KEY.ticket, AT))
    book.unread.take([UnreadOrder("8", "U1", "No form.")], is_ours=book.is_ours)

    await book.seen([twin(AT)], told.append)
    assert told == []

    book.unread.take([], is_ours=book.is_ours)
    await book.seen([twin(AT)], told.append)
    assert [report.kind for report in told] == [ReportKind.ACK]


async def test_a_doubt_is_not_settled_while_an_order_that_looks_the_same_is_on_its_way() -> None:
    book, told = book_of([AT]), list[ExecutionReport]()
    book.in_doubt(OrderKey(KEY.cl_ord_id, KEY.broker_account, KEY.ticket, AT))

    await book.seen([twin(AT)], told.append, on_their_way=frozenset({twin(AT).fingerprint}))
    assert told == []

    await book.seen([twin(AT)], told.append, on_their_way=frozenset({"another"}))
    assert [report.kind for report in told] == [ReportKind.ACK]


async def test_an_unreadable_order_that_was_there_before_keeps_no_doubt_open() -> None:
    at = [AT - timedelta(minutes=1)]
    book, told = book_of(at), list[ExecutionReport]()
    book.unread.take([UnreadOrder("8", "U1", "No form.")], is_ours=book.is_ours)
    at[0] = AT
    book.unread.take([UnreadOrder("8", "U1", "No form.")], is_ours=book.is_ours)
    book.in_doubt(OrderKey(KEY.cl_ord_id, KEY.broker_account, KEY.ticket, AT))

    await book.seen([twin(AT)], told.append)

    assert [report.kind for report in told] == [ReportKind.ACK]


def test_etrades_list_is_read_around_an_order_without_form() -> None:
    page = {"OrdersResponse": {"Order": [{"orderId": 5, "OrderDetail": [{"status": "OPEN"}]}, {"orderId": 6}]}}

    (first, second), marker = orders_of(page, "1")

    assert isinstance(first, UnreadOrder)
    assert isinstance(second, UnreadOrder)
    assert (first.broker_order_id, second.broker_order_id, marker) == ("5", "6", "")
