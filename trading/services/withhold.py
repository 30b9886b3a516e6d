"""A change of terms that has not left the desk, and may not any more: the order works on as it is."""

from datetime import datetime

from allcore.audit.services import record
from risk.services import reservations
from trading.models import Order, OrderEvent, OrderRequest
from trading.services import unchanged
from trading.services.advance import advance, may_fill


def changes(order: Order, why: str, *, actor: str, now: datetime) -> None:
    """Take back every change of the order that waits in the outbox; its row is locked."""
    waiting = OrderRequest.objects.filter(
        order=order, kind=OrderRequest.Kind.REPLACE, state=OrderRequest.State.TO_SEND, guard=None
    )
    for cl_ord_id in list(waiting.order_by("id").values_list("cl_ord_id", flat=True)):
        change(order, cl_ord_id, why, actor=actor, now=now)


def change(order: Order, cl_ord_id: str, why: str, *, actor: str, now: datetime) -> bool:
    """Take one change back by its own name; return whether it had not left yet. The order's row is locked."""
    unsent = OrderRequest.objects.filter(cl_ord_id=cl_ord_id, state=OrderRequest.State.TO_SEND)
    if not unsent.update(state=OrderRequest.State.VOIDED, reason=why[:300], answered_at=now):
        return False
    seen = {"cl_ord_id": cl_ord_id, "reason": f"Not changed: {why}"}
    advance(order, "replace_rej", now=now, source=OrderEvent.Source.DESK, actor=actor, data=seen)
    reservations.shrink(order.pk, may_fill(order), now)
    unchanged.give_back(order, cl_ord_id)
    record(
        "order.replace_voided",
        f"order:{order.pk}",
        seen,
        actor=actor,
        at=now,
        account=order.account.code,
        trace_id=order.trace_id,
    )
    return True
