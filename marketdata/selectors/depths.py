"""How deep the market of an instrument is, as far as the feed shows it: a book, or no more than the best prices."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import orjson
import redis

from allcore import live
from allcore.kernel.errors import UnavailableError
from brokers.depth import Depth, Level
from marketdata.domain import wire
from marketdata.domain.sources import SourceKind
from marketdata.selectors import clock, instruments, rows

LOOKED_AT_FOR = timedelta(seconds=15)  # after it was last asked for, a book is given back to the line
NONE_BEHIND = {
    SourceKind.SIMULATED: "The simulated market shows its best bid and offer with their sizes; no book is behind them.",
    SourceKind.REPLAY: "The recording holds the best bid and offer with their sizes; no book is behind them.",
    SourceKind.LIVE: "This feed shows the best bid and offer with their sizes; it has no books.",
}
COMING = "The book was asked for; its first rows are on their way."


class NoDepthError(UnavailableError):
    """Redis is away, so no book can be read."""

    code = "NO_DEPTH"


def book_row(book: Depth) -> dict[str, object]:
    """Return one row of the `depth` stream."""
    return {
        "symbol": book.symbol,
        "has_book": True,
        "note": book.lost,
        "bids": _levels(book.bids),
        "asks": _levels(book.asks),
        "received_at": book.received_at.isoformat(),
    }


def depth(symbol: str, *, now: datetime) -> dict[str, object]:
    """Return the instrument's book, and keep it on the feed's line for a while; without books, the best prices.

    Raises:
        UnknownSymbolError: no instrument has the name.
        NoQuoteError, NoFeedError: nothing is shown of it.
        NoDepthError: Redis is away.
    """
    name = instruments.get(symbol).symbol
    try:
        has_books = bool(live.client().exists(wire.DEPTH_LINE_KEY))
        if has_books:
            live.client().zadd(wire.DEPTH_WANTED_KEY, {name: (now + LOOKED_AT_FOR).timestamp()})
        found = live.client().hget(wire.DEPTH_KEY, name) if has_books else None
    except redis.RedisError as e:
        raise NoDepthError("The books of the market cannot be read just now.", symbol=name) from e
    if isinstance(found, bytes):
        row: dict[str, object] = orjson.loads(found)
        return row
    return _best(name, has_books=has_books)


def _best(name: str, *, has_books: bool) -> dict[str, object]:
    quote = rows.one_quote(name)
    return {
        "symbol": name,
        "has_book": has_books,
        "note": COMING if has_books else NONE_BEHIND[SourceKind(clock.source())],
        "bids": _side(quote["bid"], quote["bid_size"]),
        "asks": _side(quote["ask"], quote["ask_size"]),
        "received_at": quote["received_at"],
    }


def _side(price: object, size: object) -> list[dict[str, object]]:
    return [] if price is None else [{"price": price, "size": size, "maker": ""}]


def _levels(levels: Sequence[Level]) -> list[dict[str, object]]:
    return [{"price": f"{level.price:f}", "size": level.size, "maker": level.maker} for level in levels]
