"""The first message of each live stream: all its rows, as one person may see them."""

from collections.abc import Callable, Mapping

import orjson
import redis

from allcore import live
from allcore.accounts.models import User
from allcore.kernel.errors import InvalidInputError, UnavailableError
from risk.selectors.permissions import visible_accounts
from trading.selectors import algos, orders, proposals
from trading.selectors.rows import Row, order_row

RECENT_ORDERS = 200
HASHES = {"positions": "monitor:positions", "pnl": "monitor:pnl"}


def snapshot(stream: str, user: User) -> list[Row]:
    """Return the stream's rows.

    Raises:
        InvalidInputError: there is no such stream.
        UnavailableError: the rows live in Redis, and it is away.
    """
    if stream in HASHES:
        return _from_redis(HASHES[stream], user)
    if stream not in READERS:
        raise InvalidInputError(f"There is no stream {stream!r}.", stream=stream)
    return READERS[stream](user)


def _recent_orders(user: User) -> list[Row]:
    return [order_row(order) for order in orders.visible(user).order_by("-created_at", "-id")[:RECENT_ORDERS]]


def _from_redis(key: str, user: User) -> list[Row]:
    codes = set(visible_accounts(user).values_list("code", flat=True))
    return [row for row in _kept(key) if row["account"] in codes]


def _kept(key: str) -> list[Row]:
    try:
        return [orjson.loads(row) for row in live.client().hvals(key)]
    except redis.RedisError as e:
        raise UnavailableError("Live positions are not to be had: Redis is away.") from e


def kept_pnl() -> list[Row]:
    """Return every account's figures as the monitor last told them.

    Raises:
        UnavailableError: Redis is away.
    """
    return _kept(HASHES["pnl"])


def _nothing(user: User) -> list[Row]:
    return []


READERS: Mapping[str, Callable[[User], list[Row]]] = {
    "proposals": proposals.queue,
    "orders": _recent_orders,
    "alerts": _nothing,
    "algos": algos.recent,
    "breaks": _nothing,
}
