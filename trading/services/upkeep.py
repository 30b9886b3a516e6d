"""Small repairs that time makes necessary."""

from datetime import datetime

from allcore.kernel.orders import CLOSED_STATUSES
from risk.services import reservations
from trading.models import Order


def sweep_reservations(*, now: datetime) -> int:
    """Release what is reserved for orders that can no longer fill; returns how many were."""
    open_orders = Order.objects.exclude(status__in=[str(status) for status in CLOSED_STATUSES])
    return reservations.sweep(set(open_orders.values_list("pk", flat=True)), now=now)
