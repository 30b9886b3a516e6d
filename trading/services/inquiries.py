"""Questions about orders that the broker's next whole answer settles."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from trading.models import Inquiry, Order

EAGER = timedelta(seconds=5)  # how long an answer is asked for each second


def ask(order: Order, why: str, *, now: datetime) -> None:
    """Have the broker asked about the order; asking twice is asking once."""
    Inquiry.objects.bulk_create(
        [Inquiry(order=order, connection_id=order.connection_id, why=why, asked_at=now)], ignore_conflicts=True
    )


def is_due(connection: str, *, now: datetime) -> bool:
    """Return whether anything new waits for an answer; what the first answers leave open waits for the periodic one."""
    fresh = Inquiry.objects.filter(connection__name=connection, answered_at=None, asked_at__gt=now - EAGER)
    return fresh.exists()


def close(connection: str, *, asked_before: datetime, still_open: Iterable[UUID], now: datetime) -> None:
    """Note that an answer as of `asked_before` settled what was asked before it, but for the orders named."""
    waiting = Inquiry.objects.filter(connection__name=connection, answered_at=None, asked_at__lte=asked_before)
    waiting.exclude(order__in=list(still_open)).update(answered_at=now)
