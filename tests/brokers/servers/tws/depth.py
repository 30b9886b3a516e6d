"""Books on the wire: what changed since they were last told, row by row."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.brokers.servers.tws.wire import frame

INSERT, UPDATE, DELETE = 0, 1, 2
ASK, BID = 0, 1
Rungs = tuple[tuple[str, int, str], ...]  # price, size, market maker
Ladder = tuple[Rungs, Rungs]  # bids, asks


@dataclass(slots=True)
class Book:
    """One subscription, and what it has been told."""

    symbol: str
    rows: int
    is_smart: bool
    told: Ladder = ((), ())


def changes(number: int, book: Book, ladder: Ladder) -> list[bytes]:
    """Return the messages that make the client's book this one, and note that they were sent."""
    cut = (ladder[0][: book.rows], ladder[1][: book.rows])
    rows = [*_side(BID, book.told[0], cut[0]), *_side(ASK, book.told[1], cut[1])]
    book.told = cut
    return [_message(number, row, is_smart=book.is_smart) for row in rows]


def _side(side: int, old: Rungs, new: Rungs) -> Iterator[tuple[object, ...]]:
    for position, (price, size, maker) in enumerate(new):
        if position >= len(old):
            yield position, maker, INSERT, side, price, size
        elif old[position] != new[position]:
            yield position, maker, UPDATE, side, price, size
    for position in range(len(old) - 1, len(new) - 1, -1):
        yield position, "", DELETE, side, 0, 0


def _message(number: int, row: tuple[object, ...], *, is_smart: bool) -> bytes:
    position, maker, operation, side, price, size = row
    if is_smart:
        return frame(13, 1, number, position, maker, operation, side, price, size, 1)
    return frame(12, 1, number, position, operation, side, price, size)
