"""The rows of orders that wait at the desk."""

from datetime import datetime

from django.db.models import F, Model

from trading.domain.contingent.waits import Wait
from trading.models import Hold, Order, OrderLink

State = Hold.State
UNSENT = (State.WAITING, State.ARMED, State.FIRED)


def rows_of(order: Order, wait: Wait) -> list[Model]:
    """Return what is inserted with an order that waits or has a place in a list."""
    rows: list[Model] = []
    if wait.placed is not None:
        rows.append(
            OrderLink(
                order=order,
                order_list_id=wait.placed.list_id,
                index=wait.placed.index,
                role=wait.placed.role,
                planned_qty=order.order_qty,
            )
        )
    if wait.is_held:
        rows.append(
            Hold(
                order=order,
                state=State.ARMED if wait.after is None else State.WAITING,
                condition=wait.condition,
                is_watched=wait.is_watched,
                send_at=wait.send_at,
                ends_at=wait.ends_at,
            )
        )
    return rows


def end(order: Order, why: str, now: datetime) -> None:
    """Note that the order will not be sent; what was sent or ended before stays as it is."""
    Hold.objects.filter(order=order, state__in=UNSENT).update(
        state=State.ENDED, why=why[:300], ended_at=now, version=F("version") + 1
    )
