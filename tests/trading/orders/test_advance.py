"""The row repeats what the core says, in few statements, and its events are the order."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.builders.orders import NOW, make_account, make_order, make_sent_order, make_ticket
from trading.domain.orders.lifecycle import Event, IllegalTransitionError, OrderState, play
from trading.models import Order, OrderEvent
from trading.services.advance import advance

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(seconds=1)


@pytest.fixture
def order() -> Order:
    account = make_account()
    return make_sent_order(make_ticket(account, quantity=3), account)


def fill(exec_id: str, qty: int, px: str) -> dict[str, object]:
    return {"exec": exec_id, "qty": qty, "px": Decimal(px)}


def test_a_staged_order_is_ready_and_says_when() -> None:
    account = make_account()

    order = make_order(make_ticket(account), account)

    order.refresh_from_db()
    assert (order.status, order.fix_ord_status, order.leaves_qty) == ("READY", "", 2)
    assert (order.staged_at, order.sent_at, order.closed_at) == (NOW, None, None)


def test_a_partial_fill_moves_quantities_average_and_acceptance(order: Order) -> None:
    advance(order, "fill", now=LATER, source="BROKER", data=fill("e1", 1, "3.10"))
    advance(order, "fill", now=LATER, source="BROKER", data=fill("e2", 1, "3.15"))

    order.refresh_from_db()
    assert (order.status, order.cum_qty, order.leaves_qty) == ("PARTIALLY_FILLED", 2, 1)
    assert order.avg_px == Decimal("3.125")
    assert (order.acked_at, order.closed_at) == (LATER, None)


def test_a_complete_fill_closes_the_order_and_a_bust_that_is_reinstated_opens_it_again(order: Order) -> None:
    advance(order, "fill", now=LATER, source="BROKER", data=fill("e1", 3, "3.10"))
    closed_at = order.closed_at
    advance(order, "bust", now=LATER, source="BROKER", data={"exec": "e1", "reinstated": True})

    order.refresh_from_db()
    assert closed_at == LATER
    assert (order.status, order.closed_at, order.avg_px) == ("NEW", None, None)


def test_a_rejected_order_keeps_the_reason_and_was_never_accepted(order: Order) -> None:
    advance(order, "reject", now=LATER, source="BROKER", data={"reason": "No such contract."})

    order.refresh_from_db()
    assert (order.status, order.reason, order.acked_at) == ("REJECTED", "No such contract.", None)


def test_new_terms_reach_the_row_when_they_are_accepted_and_not_before(order: Order) -> None:
    advance(order, "ack", now=LATER, source="BROKER")
    terms = {"cl_ord_id": "R2", "qty": 5, "px": Decimal("3.20")}
    advance(order, "replace_req", now=LATER, source="PERSON", actor="user:alice", data=terms)
    asked = (order.order_qty, order.limit_price)
    advance(order, "replace_ack", now=LATER, source="BROKER", data={"cl_ord_id": "R2"})

    order.refresh_from_db()
    assert asked == (3, Decimal("3.10"))
    assert (order.order_qty, order.limit_price, order.leaves_qty) == (5, Decimal("3.20"), 5)


def test_a_refused_event_leaves_row_and_record_alone(order: Order) -> None:
    advance(order, "cancel_req", now=LATER, source="PERSON", data={"cl_ord_id": "R2"})
    before = Order.objects.values().get()

    with pytest.raises(IllegalTransitionError):
        advance(order, "replace_req", now=LATER, source="PERSON", data={"cl_ord_id": "R3", "qty": 5})

    assert Order.objects.values().get() == before
    assert OrderEvent.objects.count() == 4


def test_the_events_played_again_make_the_same_state(order: Order) -> None:
    advance(order, "send_timeout", now=LATER, source="DESK")
    advance(order, "fill", now=LATER, source="BROKER", data=fill("e1", 2, "3.10"))
    advance(order, "cancel_req", now=LATER, source="PERSON", data={"cl_ord_id": "R2"})
    advance(order, "cancel_ack", now=LATER, source="BROKER", data={"reason": "asked"})
    advance(order, "fill", now=LATER, source="BROKER", data=fill("e2", 1, "3.11"))

    order.refresh_from_db()
    draft = OrderState(order_qty=3, chain=(order.cl_ord_id,), price=Decimal("3.10"))
    events = OrderEvent.objects.filter(order=order).order_by("seq")
    assert play(draft, [Event.read(e.event, e.data) for e in events]) == OrderState.from_dict(order.state)
    assert [e.seq for e in events] == list(range(1, 9))
    assert [e.status for e in events][-3:] == ["PENDING_CANCEL", "CANCELED", "FILLED"]


def test_an_event_costs_one_statement(order: Order) -> None:
    with CaptureQueriesContext(
        connection,
    ) as statements:
        advance(order, "ack", now=LATER, source="BROKER")

    assert [q["sql"].split()[0] for q in statements] == ["WITH"]


def test_events_cannot_be_rewritten_nor_taken_back(order: Order) -> None:
    event = OrderEvent.objects.filter(order=order).first()
    assert event is not None

    for change in (lambda: OrderEvent.objects.filter(pk=event.pk).update(status="NEW"), event.delete):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
