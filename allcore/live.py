"""Redis, and the live channel that browsers hear. What is published here was committed before, and may be lost."""

import contextlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

import orjson
import redis
from django.conf import settings
from django.db import transaction

CHANNEL = "live"
SOCKET_TIMEOUT = 5.0


@lru_cache(maxsize=1)
def client() -> "redis.Redis":
    """Return this process's Redis client; answers are bytes."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=SOCKET_TIMEOUT, socket_connect_timeout=1.0)


def message(stream: str, kind: str, data: Mapping[str, object], *, account: str = "") -> bytes:
    """Return what is published on the channel."""
    return orjson.dumps({"stream": stream, "type": kind, "account": account, "data": data}, default=str)


def publish(stream: str, kind: str, data: Mapping[str, object], *, account: str = "") -> None:
    """Tell the browsers now. A Redis that is away costs the message, never the caller: the hub's snapshot follows."""
    try:
        client().publish(CHANNEL, message(stream, kind, data, account=account))
    except redis.RedisError:
        return


def publish_on_commit(stream: str, kind: str, data: Mapping[str, object], *, account: str = "") -> None:
    """Tell the browsers once the transaction is committed."""
    transaction.on_commit(lambda: publish(stream, kind, data, account=account), robust=True)


def publish_all_on_commit(messages: Sequence[bytes]) -> None:
    """Tell the browsers all of it, in one round trip, once the transaction is committed."""

    def tell() -> None:
        with contextlib.suppress(redis.RedisError), client().pipeline(transaction=False) as pipe:
            for told in messages:
                pipe.publish(CHANNEL, told)
            pipe.execute()

    transaction.on_commit(tell, robust=True)
