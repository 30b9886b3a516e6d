"""Orders that work at a broker to close what is not there any more: an assignment, an expiry or a bust has taken it.

Such an order would open the other side unasked. It is taken back, and a person is told; whatever the desk holds is
checked again before it leaves.
"""

from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from allcore.accounts.actors import desk_name
from allcore.kernel.errors import DeskError
from allcore.kernel.orders import OrdStatus, PositionEffect, Side
from trading.models import Order, OrderLeg, Position
from trading.services import submit
from trading.services.alerts import raise_alert
from trading.services.contingent import lists

ACTOR = desk_name("orphaned")
WORKING = (OrdStatus.NEW, OrdStatus.PARTIALLY_FILLED, OrdStatus.PENDING_REPLACE, OrdStatus.SUSPENDED)
MOST_CANCEL_REJECTS = 3  # by then somebody has been told that the broker refuses
WHY = "what it was to close is not held any more"

log = structlog.get_logger("desk.orphaned")


def sweep(*, now: datetime) -> int:
    """Ask for the cancellation of each such order; return of how many. Twice is once."""
    return sum(_cancel(order_id, now) for order_id in sorted(set(_orders().values_list("order_id", flat=True))))


def _orders() -> QuerySet[OrderLeg]:
    """Return the legs that close nothing. Orders from elsewhere, and lists that a broker keeps, are theirs to end."""
    held = Position.objects.filter(account=OuterRef("order__account"), instrument=OuterRef("instrument"))
    legs = OrderLeg.objects.filter(position_effect=PositionEffect.CLOSE, order__status__in=WORKING)
    ours = legs.exclude(order__origin__in=[Order.Origin.EXTERNAL, Order.Origin.RECONCILIATION])
    ours = ours.exclude(order__link__order_list__is_native=True).annotate(held=Subquery(held.values("qty")[:1]))
    is_nothing = Q(held=None) | Q(side=Side.SELL, held__lte=0) | Q(side=Side.BUY, held__gte=0)
    return ours.filter(is_nothing)


def _cancel(order_id: UUID, now: datetime) -> bool:
    try:
        with transaction.atomic():
            order = submit.locked(order_id)
            is_refused = int(order.state.get("cancel_rejects", 0)) >= MOST_CANCEL_REJECTS
            if is_refused or not _orders().filter(order=order).exists():
                return False
            submit.cancel_locked(order, actor=ACTOR, reason=WHY, now=now)
            raise_alert(order, "NOTHING_TO_CLOSE", f"The order is cancelled: {WHY}. It would open a position.", now=now)
            lists.react_to([order_id], now=now)
    except DeskError as e:
        log.warning("orphan_waits", order=str(order_id), reason=e.message)
        return False
    return True
