"""Hears what browsers hear: when an order's fill was committed and told. Imported once Django is set up."""

import json
import os
import threading
import time
from types import TracebackType
from typing import Self

import redis

from trading.models import Order


class Listener:
    """Notes when each order was told as sent, and as FILLED."""

    def __init__(self) -> None:
        self._filled: dict[str, float] = {}
        self.sent: dict[str, float] = {}
        self._changed = threading.Condition()
        self._pubsub = redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=None).pubsub()  # type: ignore[no-untyped-call]  # the package's own gap

    def __enter__(self) -> Self:
        self._pubsub.subscribe("live")
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, e: BaseException | None, trace: TracebackType | None) -> None:
        self._pubsub.close()

    def _listen(self) -> None:
        try:
            for message in self._pubsub.listen():
                if message["type"] == "message":
                    self._hear(json.loads(message["data"]))
        except (ValueError, OSError, redis.RedisError, AttributeError):
            return  # closed

    def _hear(self, message: dict[str, object]) -> None:
        row = message["data"]
        if message["stream"] != "orders" or not isinstance(row, dict):
            return
        if row.get("sent_at"):
            self.sent.setdefault(str(row["id"]), time.monotonic())
        if row.get("status") == "FILLED":
            with self._changed:
                self._filled.setdefault(str(row["id"]), time.monotonic())
                self._changed.notify_all()

    def wait_for(self, orders: set[str], seconds: float) -> dict[str, float]:
        """Return when each order was filled."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not orders <= self._filled.keys():
                if not self._changed.wait(max(deadline - time.monotonic(), 0)):
                    raise TimeoutError(_unbooked(orders - self._filled.keys(), len(orders), seconds))
            return {order: self._filled[order] for order in orders}


def _unbooked(missing: set[str], wanted: int, seconds: float) -> str:
    found = Order.objects.filter(pk__in=missing).values_list("description", "status", "reason")
    rows = "; ".join(f"{description}: {status} {reason}".strip() for description, status, reason in found)
    return f"{len(missing)} of {wanted} orders were not booked within {seconds:.0f} s: {rows}"
