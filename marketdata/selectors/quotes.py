"""The latest quotes."""

from collections.abc import Iterable

import orjson

from allcore.kernel.quotes import Quote
from marketdata.domain import wire
from marketdata.selectors import stored


def latest(symbols: Iterable[str]) -> dict[str, Quote]:
    """Return the latest quote of each symbol that has one; the others are missing from the answer.

    Raises:
        QuotesAwayError: Redis does not answer.
    """
    groups = stored.by_family(symbols)
    answers = stored.fields([(wire.quotes_key(name), members) for name, members in groups.items()])
    return {
        symbol: wire.quote_from(symbol, orjson.loads(raw))
        for members, values in zip(groups.values(), answers, strict=True)
        for symbol, raw in zip(members, values, strict=True)
        if raw is not None
    }
