"""The doorbell of the broker worker. The row in the outbox is the order; the ring only saves a second."""

import contextlib

import redis
from django.db import transaction

from allcore import live

KEPT_RINGS = 1000


def ring_on_commit(connection: str, request_id: int) -> None:
    """Ring once the transaction is committed; a Redis that is away costs a sweep's wait, nothing else."""

    def ring() -> None:
        with contextlib.suppress(redis.RedisError):
            live.client().xadd(f"broker:{connection}", {"request": request_id}, maxlen=KEPT_RINGS, approximate=True)

    transaction.on_commit(ring, robust=True)
