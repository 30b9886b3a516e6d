"""H1: an order whose acceptance was lost and whose end came by another answer leaves nothing in doubt."""

import pytest

from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import ReportKind
from tests.trading.hardcases.floor import Floor
from trading.models import OrderRequest
from trading.services import submit


@pytest.mark.parametrize("asks", [1, 2])
def test_h01_a_lost_acceptance_is_settled_by_the_list_once_the_order_has_ended(floor: Floor, asks: int) -> None:
    order = floor.place()
    submit.cancel(order_id=order.pk, actor=floor.actor, now=floor.now)
    floor.send()
    cancel = OrderRequest.objects.get(order=order, kind="CANCEL")
    floor.hear(floor.report(order, ReportKind.CANCEL_ACK, name=cancel.cl_ord_id))

    for _ in range(asks):
        floor.later(10)
        floor.ask(floor.listed(order, OrdStatus.CANCELED))

    order.refresh_from_db()
    states = set(OrderRequest.objects.filter(order=order).values_list("kind", "state"))
    assert (order.status, states) == ("CANCELED", {("NEW", "ACKED"), ("CANCEL", "ACKED")})
