"""The rows of orders that wait at the desk."""

from datetime import datetime

from django.db.models import F, Model

from allcore.kernel.tickets import OrderTicket
from trading.domain.contingent.waits import Placed, Wait
from trading.models import Hold, Order, OrderLink
from trading.selectors.tickets import ticket_of
from trading.selectors.waiting import is_linked

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


def place_of(order: Order) -> Wait | None:
    """Return the order's place in its list, for the gate: its siblings do not count beside it.

    One that the broker keeps until its entry has filled is judged as if it had.
    """
    link = OrderLink.objects.filter(order=order).select_related("order_list").first()
    if link is None:
        return None
    placed = Placed(link.order_list_id, link.index, link.role, list_hash="", shares_slot=is_linked(link))
    return Wait(placed=placed, after=_awaited(link) if link.order_list.is_native else None)


def _awaited(link: OrderLink) -> OrderTicket | None:
    entry = OrderLink.objects.filter(order_list=link.order_list, role=OrderLink.Role.ENTRY).exclude(pk=link.pk).first()
    return None if entry is None or entry.order.cum_qty else ticket_of(entry.order)


def end(order: Order, why: str, now: datetime) -> None:
    """Note that the order will not be sent; what was sent or ended before stays as it is."""
    Hold.objects.filter(order=order, state__in=UNSENT).update(
        state=State.ENDED, why=why[:300], ended_at=now, version=F("version") + 1
    )
