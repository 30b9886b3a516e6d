"""An order that works to close what an assignment, an expiry or a bust has taken is taken back."""

from decimal import Decimal

import pytest

from allcore.audit.models import AuditEntry
from allcore.kernel.reports import ReportKind
from tests.trading.hardcases.floor import Floor
from tests.trading.passage.conftest import STOCK
from trading.models import Order, OrderRequest, Position
from trading.services import orphaned

SELL = [{"symbol": STOCK, "side": "SELL", "position_effect": "CLOSE", "ratio": 1}]


@pytest.fixture
def exit_order(floor: Floor) -> Order:
    """Ten shares, and an order at the broker that sells them."""
    bought = floor.working(10)
    floor.hear(floor.fill(bought, "e1", 10))
    return floor.working(10, legs=SELL, limit_price=Decimal("210.00"))


def gone(qty: int = 0) -> None:
    Position.objects.filter(instrument__symbol=STOCK).update(qty=qty, avg_px=200 if qty else None)


def cancels(order: Order) -> int:
    return OrderRequest.objects.filter(order=order, kind="CANCEL").count()


def test_what_still_has_something_to_close_works_on(floor: Floor, exit_order: Order) -> None:
    gone(1)

    assert orphaned.sweep(now=floor.now) == 0
    assert cancels(exit_order) == 0


@pytest.mark.parametrize("qty", [0, -10])
def test_what_has_nothing_to_close_is_taken_back_once_and_somebody_is_told(
    floor: Floor, exit_order: Order, qty: int
) -> None:
    gone(qty)

    taken = orphaned.sweep(now=floor.now), orphaned.sweep(now=floor.now)

    said = AuditEntry.objects.get(action="order.alert", payload__code="NOTHING_TO_CLOSE").payload
    assert (taken, cancels(exit_order), said["severity"]) == ((1, 0), 1, "CRITICAL")


def test_a_busted_entry_takes_its_exit_back(floor: Floor, exit_order: Order) -> None:
    entry = Order.objects.exclude(pk=exit_order.pk).get()
    floor.hear(floor.report(entry, ReportKind.BUST, ref_exec_id="e1"))

    assert orphaned.sweep(now=floor.now) == 1


def test_a_broker_that_refuses_the_cancel_is_asked_three_times(floor: Floor, exit_order: Order) -> None:
    gone()
    for _ in range(4):
        orphaned.sweep(now=floor.now)
        floor.send()
        for one in OrderRequest.objects.filter(order=exit_order, kind="CANCEL", state="SENT"):
            floor.hear(floor.report(exit_order, ReportKind.CANCEL_REJECT, name=one.cl_ord_id))

    assert cancels(exit_order) == 3


def test_an_order_from_elsewhere_is_left_to_whoever_gave_it(floor: Floor, exit_order: Order) -> None:
    gone()
    Order.objects.filter(pk=exit_order.pk).update(origin=Order.Origin.EXTERNAL)

    assert orphaned.sweep(now=floor.now) == 0


def test_what_opens_is_no_orphan(floor: Floor) -> None:
    floor.working(10)

    assert orphaned.sweep(now=floor.now) == 0
