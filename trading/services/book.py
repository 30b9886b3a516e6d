"""Executions and book events become lots, positions and cash, in the caller's transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from trading.models import Position
from trading.services import cash, rebuild
from trading.services.cash import Movement
from trading.services.lots import Entry, Pair, Shelf, empty_position, open_lots, positions_of, write


def movements(entries: Iterable[Entry], corrections: Sequence[Movement] = ()) -> list[Movement]:
    """Move the cash of the entries, and of what undoes earlier ones, and return the ledger's part of it, to be written.

    This comes before executions are written: under the balance's lock their ids follow the order of booking, and a
    rebuild follows their ids.
    """
    moved = [*corrections, *(cash.movement_of(entry) for entry in entries)]
    cash.move(cash.flows(moved))
    return moved


def post(entries: Sequence[Entry], *, now: datetime, stale: Iterable[Pair] = ()) -> list[Position]:
    """Book the entries, whose executions and events are written already, and return the positions they changed.

    A pair in which something was undone is `stale`: it is rebuilt rather than added to. So is a pair when something
    from before its latest booking arrives: lots follow the exchange's time.
    """
    pairs = {entry.pair: entry for entry in entries}
    positions = positions_of([*pairs, *stale]) if pairs or stale else {}
    late = {e.pair for e in entries if e.pair in positions and e.at < positions[e.pair].booked_through}
    rebuilt = late | set(stale)
    fresh = [entry for entry in entries if entry.pair not in rebuilt]
    changed = write(_shelved(fresh, positions), now=now) if fresh else []
    return changed + [rebuild.pair(*pair, now=now) for pair in sorted(rebuilt)]


def _shelved(entries: Sequence[Entry], positions: dict[Pair, Position]) -> list[Shelf]:
    lots = open_lots({e.pair for e in entries if e.pair in positions and positions[e.pair].qty})
    shelves: dict[Pair, Shelf] = {}
    for entry in sorted(entries, key=lambda e: e.at):
        if entry.pair not in shelves:
            position = positions.get(entry.pair) or empty_position(entry.account, entry.instrument, entry.at)
            position.account, position.instrument = entry.account, entry.instrument
            shelves[entry.pair] = Shelf(position, lots.get(entry.pair, ()))
        shelves[entry.pair].book(entry)
    return list(shelves.values())
