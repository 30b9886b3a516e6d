"""What becomes of a change that waits in the outbox: time spoils it like an order, and a cancel takes it back."""

from datetime import datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import connections

from allcore.accounts.actors import Actor
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.reports import ReportKind
from brokers.models import Connection
from risk.models import Reservation
from tests.trading.hardcases.floor import Floor
from tests.trading.passage.conftest import draft
from trading.models import Order, OrderRequest
from trading.services import kill, submit
from trading.services.claim import Outbound, claim_batch
from trading.services.settle import apply_reports
from trading.services.submit import NewTerms

pytestmark = pytest.mark.usefixtures("desk")


def asked(trader: Actor) -> tuple[Order, OrderRequest]:
    """Return an order for ten that the broker works, and a change to twenty that has not left."""
    order = submit.place(draft=draft(), actor=trader, key="k", trace_id="t", now=utc_now())
    claims()
    apply_reports("paper", [Floor(trader).report(order, ReportKind.ACK)], now=utc_now())
    submit.replace(order_id=order.pk, terms=NewTerms(quantity=20), actor=trader, now=utc_now())
    order.refresh_from_db()
    return order, OrderRequest.objects.get(order=order, kind="REPLACE")


def claims(now: datetime | None = None) -> tuple[Outbound, ...]:
    return claim_batch("paper", epoch=1, limit=10, now=now or utc_now()).outbounds


@pytest.mark.parametrize(("seconds", "leaves"), [(10, True), (10.000001, False)])
def test_a_change_leaves_within_ten_seconds_or_not_at_all(trader: Actor, seconds: float, leaves: bool) -> None:
    _, change = asked(trader)
    now = utc_now()
    OrderRequest.objects.filter(pk=change.pk).update(created_at=now - timedelta(seconds=seconds))

    assert [outbound.cl_ord_id for outbound in claims(now)] == [change.cl_ord_id] * leaves


def test_a_change_that_does_not_leave_leaves_the_order_as_it_was_and_somebody_is_told(trader: Actor) -> None:
    order, change = asked(trader)
    kill.engage(scope="GLOBAL", target="", level=1, reason="", actor=trader, now=utc_now())

    assert claims() == ()

    order.refresh_from_db()
    change.refresh_from_db()
    assert (order.status, order.order_qty, change.state) == ("NEW", 10, "VOIDED")
    assert "kill switch is at level 1" in change.reason
    assert Reservation.objects.get(order_id=order.pk, released_at=None).cash == Decimal("2000.20")
    assert AuditEntry.objects.get(action="order.alert").payload["code"] == "CHANGE_NOT_SENT"


def test_a_change_of_what_opens_waits_for_no_paused_connection(trader: Actor) -> None:
    asked(trader)
    Connection.objects.update(is_paused=True)

    assert claims() == ()


def test_a_cancel_takes_back_a_change_that_has_not_left(trader: Actor) -> None:
    order, change = asked(trader)

    submit.cancel(order_id=order.pk, actor=trader, now=utc_now())

    (outbound,) = claims()
    change.refresh_from_db()
    order.refresh_from_db()
    assert (outbound.quantity, outbound.orig_cl_ord_id, change.state) == (None, order.cl_ord_id, "VOIDED")
    assert order.status == "PENDING_CANCEL"


def test_a_cancel_names_the_order_as_the_broker_does_when_it_leaves(trader: Actor) -> None:
    order, change = asked(trader)
    claims()
    submit.cancel(order_id=order.pk, actor=trader, now=utc_now())

    apply_reports("paper", [Floor(trader).report(order, ReportKind.REPLACE_ACK, name=change.cl_ord_id)], now=utc_now())

    (outbound,) = claims()
    assert outbound.orig_cl_ord_id == change.cl_ord_id


def test_a_cancel_and_the_sender_at_the_same_instant_never_send_a_change_after_the_cancel(trader: Actor) -> None:
    order, change = asked(trader)
    start = Barrier(2)
    sent: list[Outbound] = []

    def send() -> None:
        start.wait()
        sent.extend(claims())
        connections.close_all()

    def cancel() -> None:
        start.wait()
        submit.cancel(order_id=order.pk, actor=trader, now=utc_now())
        connections.close_all()

    threads = [Thread(target=send), Thread(target=cancel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    sent.extend(claims())
    change.refresh_from_db()
    kinds = ["CHANGE" if outbound.quantity else "CANCEL" for outbound in sent]
    assert (kinds, change.state) in ((["CANCEL"], "VOIDED"), (["CHANGE", "CANCEL"], "SENT"))
