"""The broker's whole answer is asked for each minute: of what both have ended alike it costs next to nothing."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import OrderReport, ReportKind
from tests.trading.hardcases.floor import Floor, position
from trading.models import Order
from trading.services import submit


def ended(floor: Floor, exec_id: str, qty: int = 10) -> tuple[Order, OrderReport]:
    order = floor.working(qty)
    fill = floor.fill(order, exec_id, qty)
    floor.hear(fill)
    order.refresh_from_db()
    return order, floor.listed(order, OrdStatus.FILLED, fill)


def asked(floor: Floor, *listed: OrderReport) -> list[str]:
    with CaptureQueriesContext(connection) as caught:
        floor.ask(*listed)
    return [query["sql"] for query in caught.captured_queries]


def test_orders_that_ended_alike_are_neither_locked_nor_read_whole(floor: Floor) -> None:
    one = [ended(floor, "e1")[1]]
    few = asked(floor, *one)
    more = [*one, *(ended(floor, f"f{n}", n)[1] for n in (1, 2, 3))]

    many = asked(floor, *more)

    assert len(many) == len(few)
    assert not [sql for sql in many if 'FROM "order"' in sql and "FOR UPDATE" in sql and "order_request" not in sql]


def test_an_execution_that_we_lack_is_booked_though_another_order_agrees(floor: Floor) -> None:
    _, agreed = ended(floor, "e1")
    order = floor.working(5)

    floor.ask(agreed, floor.listed(order, OrdStatus.FILLED, floor.fill(order, "e2", 5)))

    order.refresh_from_db()
    assert (order.status, position()) == ("FILLED", 15)


def test_an_order_that_ended_with_more_than_we_have_is_not_taken_for_agreed(floor: Floor) -> None:
    order, _ = ended(floor, "e1")

    floor.ask(floor.listed(order, OrdStatus.FILLED, floor.fill(order, "e1", 10), floor.fill(order, "e2", 2)))

    order.refresh_from_db()
    assert (order.overfill_qty, position()) == (2, 12)


def test_a_cancel_nobody_answered_is_closed_though_the_order_ended_alike(floor: Floor) -> None:
    order = floor.working()
    submit.cancel(order_id=order.pk, actor=floor.actor, now=floor.now)
    floor.send()
    fill = floor.fill(order, "e1", 10)
    floor.hear(fill)

    floor.later(10)
    floor.ask(floor.listed(order, OrdStatus.FILLED, fill))

    order.refresh_from_db()
    assert order.status == "FILLED"
    assert set(order.requests.values_list("state", flat=True)) == {"ACKED"}


def test_what_the_broker_canceled_and_we_have_as_rejected_is_looked_at(floor: Floor) -> None:
    order = floor.place()
    floor.hear(floor.report(order, ReportKind.REJECT, reason="no"))

    floor.ask(floor.listed(order, OrdStatus.NEW))

    order.refresh_from_db()
    assert order.status == "NEW"
