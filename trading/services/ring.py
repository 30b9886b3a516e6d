"""The doorbell of the broker worker. The row in the outbox is the order; the ring only saves a second."""

import contextlib
from typing import TYPE_CHECKING

import redis
from django.db import transaction

from allcore import live
from trading.models import Order, OrderRequest
from trading.selectors.rows import order_row

if TYPE_CHECKING:  # generic for the type checker alone
    from redis.client import Pipeline

KEPT_RINGS = 1000


def ring_on_commit(connection: str, request_id: int) -> None:
    """Ring once the transaction is committed; a Redis that is away costs a sweep's wait, nothing else."""

    def ring() -> None:
        with contextlib.suppress(redis.RedisError), live.client().pipeline(transaction=False) as pipe:
            _ring(pipe, connection, request_id)
            pipe.execute()

    transaction.on_commit(ring, robust=True)


def ring_and_tell_on_commit(order: Order, outbox: OrderRequest | None) -> None:
    """Ring for the request, if there is one, and tell the browsers of the order, in one round trip."""
    account, name = order.account.code, order.connection.name
    told = live.message("orders", "order", order_row(order), account=account)

    def tell() -> None:
        with contextlib.suppress(redis.RedisError), live.client().pipeline(transaction=False) as pipe:
            if outbox is not None:
                _ring(pipe, name, outbox.pk)
            pipe.publish(live.CHANNEL, told)
            pipe.execute()

    transaction.on_commit(tell, robust=True)


def _ring(pipe: "Pipeline", connection: str, request_id: int) -> None:
    pipe.xadd(f"broker:{connection}", {"request": request_id}, maxlen=KEPT_RINGS, approximate=True)
