"""One order's fault holds no other order up: the desk looks after the others, and somebody is told once."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

import redis
import structlog
from django.db import InterfaceError, OperationalError

from allcore.kernel.errors import DeskError, InvalidInputError
from trading.models import Order
from trading.services.alerts import raise_alert

AWAY = (redis.RedisError, OperationalError, InterfaceError)  # holds everything up, and is waited out
SAYS = "The desk cannot look after the order: {}. It does nothing about it by itself; change or cancel it."

log = structlog.get_logger("desk.contingent")
_told: set[UUID] = set()  # of this process: a look comes several times a second


@contextmanager
def alone(order_id: UUID, *, now: datetime) -> Iterator[None]:
    """Keep what goes wrong with the order to itself. What the desk refuses, or cannot do just now, is tried again."""
    try:
        yield
    except AWAY:
        raise
    except DeskError as e:
        log.warning("order_waits", order=str(order_id), code=e.code, reason=e.message)
        if isinstance(e, InvalidInputError):  # it stays so
            _tell(order_id, e.message, now)
    except Exception as e:
        log.exception("order_broken", order=str(order_id))
        _tell(order_id, type(e).__name__, now)


def _tell(order_id: UUID, why: str, now: datetime) -> None:
    if order_id not in _told:
        _told.add(order_id)
        order = Order.objects.select_related("account").get(pk=order_id)
        raise_alert(order, "NOT_LOOKED_AFTER", SAYS.format(why.rstrip("."))[:300], now=now)
