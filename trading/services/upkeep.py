"""Small repairs that time makes necessary."""

from datetime import datetime

from allcore.kernel.orders import CLOSED_STATUSES
from risk.services import reservations
from trading.models import AlgoRun, Order


def sweep_reservations(*, now: datetime) -> int:
    """Release what is reserved for orders and runs that can no longer fill; returns how many were."""
    open_orders = Order.objects.exclude(status__in=[str(status) for status in CLOSED_STATUSES])
    runs = AlgoRun.objects.filter(status__in=AlgoRun.ACTIVE)  # a run holds what it has not sent yet
    open_now = {*open_orders.values_list("pk", flat=True), *runs.values_list("pk", flat=True)}
    return reservations.sweep(open_now, now=now)
