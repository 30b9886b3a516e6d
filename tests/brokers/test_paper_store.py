"""The store keeps its promises on the database: whole batches, burned ids, one writer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from allcore.kernel.orders import Side
from allcore.kernel.reports import BookKind
from brokers.models import Account, Connection, PaperAccount, PaperBooking, PaperExecution, PaperOrder, PaperPosition
from brokers.paper.market import Taken
from brokers.paper.records import (
    BookingRecord,
    Change,
    FillRecord,
    OrderRecord,
    RequestKind,
    RequestRecord,
    Status,
)
from brokers.paper.store import DuplicateClOrdIdError, StaleWriterError
from brokers.services.paper_store import DatabaseStore
from tests.builders.paper import ACCOUNT, OPEN_AT, PUT, sell

pytestmark = pytest.mark.django_db
LATER = OPEN_AT + timedelta(minutes=1)


@pytest.fixture
def store() -> DatabaseStore:
    paper = Connection.objects.create(name="paper", broker="paper", environment="PAPER")
    other = Connection.objects.create(name="other", broker="paper", environment="PAPER")
    for number, owner in ((ACCOUNT, paper), ("PAPER-9", other)):
        PaperAccount.objects.create(number=number, cash=Decimal(100_000))
        Account.objects.create(
            code=number.lower(), name=number, tier="gen", connection=owner, broker_account=number, baseline=Decimal(0)
        )
    return DatabaseStore("paper")


def received(name: str = "C1", **changes: object) -> OrderRecord:
    order = OrderRecord(name, name, ACCOUNT, sell(PUT, "4.10", qty=3), Status.PENDING, OPEN_AT, OPEN_AT)
    return replace(order, **changes)  # type: ignore[arg-type]


def working(order: OrderRecord) -> OrderRecord:
    return replace(order, status=Status.WORKING, version=order.version + 1)


def filled(order: OrderRecord, qty: int = 3) -> tuple[OrderRecord, FillRecord]:
    cum = order.cum_qty + qty
    after = replace(
        order,
        cum_qty=cum,
        fill_count=order.fill_count + 1,
        status=Status.FILLED if cum == 3 else order.status,
        version=order.version + 1,
    )
    fill = FillRecord(
        order_id=order.cl_ord_id,
        account=ACCOUNT,
        exec_id=f"{order.cl_ord_id}-{after.fill_count}",
        leg=0,
        symbol=PUT,
        side=Side.SELL,
        qty=qty,
        px=Decimal("4.1000"),
        fee=Decimal("0.6500") * qty,
        multiplier=100,
        transact_at=OPEN_AT,
        quote_at=OPEN_AT,
        units=qty,
    )
    return after, fill


def traded(store: DatabaseStore, name: str = "C1") -> None:
    order = working(received(name))
    after, fill = filled(order)
    store.write([Change(orders=(received(name),)), Change(orders=(order,)), Change(orders=(after,), fills=(fill,))])


def test_what_is_written_is_what_is_loaded(store: DatabaseStore) -> None:
    order = working(received())
    request = RequestRecord(
        "C2", RequestKind.REPLACE, ACCOUNT, "C1", "C1", LATER, quantity=2, limit_price=Decimal("4.05")
    )
    store.write([Change(orders=(received(),))])
    store.write([Change(orders=(order,)), Change(requests=(request,))])

    loaded = store.load()

    assert loaded.orders == (order,)
    assert loaded.requests == (request,)
    assert loaded.ids == {"C1": "C1"}
    assert loaded.accounts[ACCOUNT].cash == 100_000


def test_a_fill_moves_order_position_and_cash_together(store: DatabaseStore) -> None:
    traded(store)

    account = store.account(ACCOUNT)

    assert account is not None
    assert (account.qty(PUT), account.cash) == (-3, Decimal("101228.05"))
    assert PaperOrder.objects.get().status == "FILLED"
    assert PaperExecution.objects.count() == 1


def test_a_batch_that_fails_leaves_nothing_behind(store: DatabaseStore) -> None:
    traded(store)
    order = working(received("C3"))
    after, fill = filled(order)

    with pytest.raises(DuplicateClOrdIdError):
        store.write(
            [Change(orders=(order,), fills=()), Change(orders=(after,), fills=(fill,)), Change(orders=(received(),))]
        )

    assert list(PaperOrder.objects.values_list("cl_ord_id", flat=True)) == ["C1"]


def test_an_execution_is_booked_once(store: DatabaseStore) -> None:
    traded(store)
    late, fill = filled(working(received()))

    with pytest.raises(StaleWriterError):
        store.write([Change(orders=(late,), fills=(fill,))])

    assert PaperPosition.objects.get().qty == -3


def test_a_session_that_missed_a_write_may_not_write(store: DatabaseStore) -> None:
    store.write([Change(orders=(received(),))])
    ours = working(received())
    theirs = replace(working(received()), status=Status.CANCELED)
    store.write([Change(orders=(theirs,))])

    with pytest.raises(StaleWriterError):
        store.write([Change(orders=(ours,))])

    assert PaperOrder.objects.get().status == "CANCELED"


@pytest.mark.parametrize(
    "again",
    [
        lambda: Change(orders=(received(),)),
        lambda: Change(requests=(RequestRecord("C1", RequestKind.CANCEL, ACCOUNT, "", "C0", LATER),)),
        lambda: Change(orders=(received("C2"),)),
        lambda: Change(requests=(RequestRecord("C2", RequestKind.CANCEL, ACCOUNT, "", "C0", LATER),)),
    ],
    ids=["order by order", "request by order", "order by request", "request by request"],
)
def test_an_id_is_burned_by_orders_and_requests_alike(store: DatabaseStore, again: Callable[[], Change]) -> None:
    store.write([Change(orders=(received(),))])
    store.write([Change(requests=(RequestRecord("C2", RequestKind.CANCEL, ACCOUNT, "C1", "C1", LATER),))])

    with pytest.raises(DuplicateClOrdIdError):
        store.write([again()])


def test_a_size_taken_stays_taken_over_a_restart(store: DatabaseStore) -> None:
    order = working(received())
    after, fill = filled(order, qty=2)
    store.write([Change(orders=(received(),)), Change(orders=(order,)), Change(orders=(after,), fills=(fill,))])

    assert store.load().taken == {(PUT, Side.SELL): Taken(OPEN_AT, 2)}


def test_a_flat_position_is_gone(store: DatabaseStore) -> None:
    traded(store)
    booking = BookingRecord(ACCOUNT, "E1", BookKind.EXPIRY, PUT, -3, OPEN_AT, LATER)

    store.write([Change(bookings=(booking,))])

    assert not PaperPosition.objects.exists()
    assert store.history(LATER).bookings == (booking,)


def test_an_assignment_delivers_shares_for_cash(store: DatabaseStore) -> None:
    traded(store)
    booking = BookingRecord(
        ACCOUNT, "E1", BookKind.ASSIGNMENT, PUT, -3, OPEN_AT, LATER, "TSLA", 300, Decimal("250.0000")
    )

    store.write([Change(bookings=(booking,))])

    account = store.account(ACCOUNT)
    assert account is not None
    assert (account.qty("TSLA"), account.cash) == (300, Decimal("101228.05") - 75_000)


def test_a_delivery_price_is_loaded_as_it_was_written(store: DatabaseStore) -> None:
    traded(store)
    price = Decimal("33.33333333")  # 50 x 100 for 150 shares
    booking = BookingRecord(ACCOUNT, "E1", BookKind.ASSIGNMENT, PUT, -3, OPEN_AT, LATER, "TSLA", 450, price)

    store.write([Change(bookings=(booking,))])

    account = store.account(ACCOUNT)
    assert account is not None
    assert (account.qty("TSLA"), account.cash) == (450, Decimal("101228.05") - 15_000)
    assert PaperBooking.objects.get().delivery_px == price


def test_a_booking_is_made_once(store: DatabaseStore) -> None:
    traded(store)
    booking = BookingRecord(ACCOUNT, "E1", BookKind.EXPIRY, PUT, -3, OPEN_AT, LATER)
    store.write([Change(bookings=(booking,))])

    with pytest.raises(StaleWriterError):
        store.write([Change(bookings=(booking,))])


def test_history_has_open_orders_and_those_closed_since(store: DatabaseStore) -> None:
    traded(store)
    store.write([Change(orders=(received("C2"),))])

    assert [o.cl_ord_id for o in store.history(OPEN_AT).orders] == ["C1", "C2"]
    assert [o.cl_ord_id for o in store.history(OPEN_AT + timedelta(microseconds=1)).orders] == ["C2"]
    assert [f.exec_id for f in store.history(OPEN_AT).fills] == ["C1-1"]


def test_history_reads_what_is_open_or_changed_and_no_more(store: DatabaseStore) -> None:
    for n in range(30):
        traded(store, f"OLD{n}")
    store.write([Change(orders=(received("OPEN"),))])
    since = OPEN_AT + timedelta(hours=1)
    order, fill = filled(working(received("NEW")))
    store.write([Change(orders=(received("NEW"),)), Change(orders=(working(received("NEW")),))])
    store.write([Change(orders=(replace(order, changed_at=since),), fills=(fill,))])

    with CaptureQueriesContext(connection) as few:
        lately = store.history(since)
    with CaptureQueriesContext(connection) as many:
        ever = store.history(OPEN_AT)

    assert [o.cl_ord_id for o in lately.orders] == ["OPEN", "NEW"]
    assert [f.order_id for f in lately.fills] == ["NEW"]
    assert len(ever.orders) == 32
    assert len(few) == len(many) == 5


def test_history_finds_a_few_orders_among_many_by_indexes(store: DatabaseStore) -> None:
    account = PaperAccount.objects.get(number=ACCOUNT)
    ticket = sell(PUT, "4.00").as_dict()
    closed = {"account": account, "ticket": ticket, "status": "FILLED", "order_qty": 1, "cum_qty": 1}
    PaperOrder.objects.bulk_create(
        PaperOrder(cl_ord_id=f"B{n}", current_cl_ord_id=f"B{n}", arrives_at=OPEN_AT, changed_at=OPEN_AT, **closed)
        for n in range(3000)
    )
    with CaptureQueriesContext(connection) as asked:
        assert store.history(OPEN_AT + timedelta(hours=1)).orders == ()
    orders = next(q["sql"] for q in asked if 'FROM "paper_order"' in q["sql"])

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE paper_order")
        cursor.execute(f"EXPLAIN {orders}")
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert "paper_open_orders" in plan
    assert "paper_orders_by_change" in plan


def test_a_connection_sees_its_own_accounts_only(store: DatabaseStore) -> None:
    traded(store)

    assert store.account("PAPER-9") is None
    assert DatabaseStore("other").load().orders == ()
    assert set(DatabaseStore("other").history(OPEN_AT).accounts) == {"PAPER-9"}


def test_an_order_is_found_by_every_id_it_had(store: DatabaseStore) -> None:
    store.write([Change(orders=(received(),))])
    store.write([Change(requests=(RequestRecord("C2", RequestKind.REPLACE, ACCOUNT, "C1", "C1", LATER, quantity=2),))])

    assert store.order_of(ACCOUNT, "C1") == "C1"
    assert store.order_of(ACCOUNT, "C2") == "C1"
    assert store.order_of(ACCOUNT, "C9") is None
    assert store.order_of("PAPER-9", "C1") is None


def test_a_batch_takes_as_many_statements_as_a_single_order(store: DatabaseStore) -> None:
    with CaptureQueriesContext(
        connection,
    ) as one:
        traded(store, "A0")
    changes = []
    for n in range(50):
        order = working(received(f"B{n}"))
        after, fill = filled(order)
        changes += [
            Change(orders=(received(f"B{n}"),)),
            Change(orders=(order,)),
            Change(orders=(after,), fills=(fill,)),
        ]

    with CaptureQueriesContext(connection) as many:
        store.write(changes)

    assert len(many) <= len(one) <= 10
