"""Reading the feed's hashes from Redis, many in one round trip."""

from collections.abc import Iterable, Sequence

import redis

from allcore import live
from allcore.kernel.errors import UnavailableError
from marketdata.domain import wire


class QuotesAwayError(UnavailableError):
    """Redis does not answer, so nobody knows the market."""

    code = "QUOTES_AWAY"


def fields(lookups: Sequence[tuple[str, list[str]]]) -> list[list[bytes | None]]:
    """Return, for each (key, fields), the fields' values in order.

    Raises:
        QuotesAwayError: Redis does not answer.
    """
    wanted = [(key, names) for key, names in lookups if names]
    try:
        with live.client().pipeline(transaction=False) as pipe:
            for key, names in wanted:
                pipe.hmget(key, names)
            answers = iter(pipe.execute())
    except redis.RedisError as e:
        raise QuotesAwayError("The latest quotes cannot be read just now.") from e
    return [list(next(answers)) if names else [] for _, names in lookups]


def by_family(symbols: Iterable[str]) -> dict[str, list[str]]:
    """Return the symbols grouped by the underlying whose hashes hold them, each once."""
    groups: dict[str, list[str]] = {}
    for symbol in dict.fromkeys(symbols):
        groups.setdefault(wire.family(symbol), []).append(symbol)
    return groups
