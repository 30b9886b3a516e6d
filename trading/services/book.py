"""Executions and book events become lots, positions and cash, in the caller's transaction."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from trading.domain.books.lots import LotMethod
from trading.models import LedgerEntry, Position
from trading.services import cash, rebuild, standing
from trading.services.cash import Movement
from trading.services.entries import Entry, Pair
from trading.services.lots import Shelf, empty_position, write
from trading.services.replay import elections, family
from trading.services.standing import Standing


def movements(entries: Iterable[Entry], corrections: Sequence[Movement] = ()) -> list[Movement]:
    """Move the cash of the entries, and of what undoes earlier ones, and return the ledger's part of it, to be written.

    This comes before executions are written: under the balance's lock their ids follow the order of booking, and a
    rebuild follows their ids.
    """
    moved = [*corrections, *(cash.movement_of(entry) for entry in entries)]
    cash.move(cash.flows(moved))
    return moved


def post(
    entries: Sequence[Entry], *, now: datetime, stale: Iterable[Pair] = (), ledger: Sequence[LedgerEntry] = ()
) -> list[Position]:
    """Book the entries, whose executions and events are written already, and return the positions they changed.

    `ledger` is written along with them.

    A pair in which something was undone or carried over is `stale`: it is rebuilt rather than added to. So is a pair
    when something from before its latest booking arrives (lots follow the exchange's time), and one of which an order
    named the lots.
    """
    orders = {entry.execution.order_id for entry in entries if entry.execution is not None}
    stands = standing.read({entry.pair for entry in entries}, orders)
    odd = {*stale, *(entry.pair for entry in entries if _is_odd(entry, stands))}
    rebuilt = family(odd) if odd else odd
    fresh = [entry for entry in entries if entry.pair not in rebuilt]
    changed = write(_shelved(fresh, stands), now=now, also=ledger)
    return changed + (rebuild.pairs(rebuilt, now=now) if rebuilt else [])


def _is_odd(entry: Entry, stands: Standing) -> bool:
    position = stands.positions.get(entry.pair)
    if position is None:
        return False
    is_named = entry.execution is not None and entry.execution.order_id in stands.named
    return is_named or entry.when < (position.booked_through, position.booked_key)


def _shelved(entries: Sequence[Entry], stands: Standing) -> list[Shelf]:
    shelves: dict[Pair, Shelf] = {}
    rules = dict(stands.rules)
    for entry in sorted(entries, key=lambda e: e.when):
        if entry.pair not in shelves:
            position = stands.positions.get(entry.pair) or empty_position(entry.account, entry.instrument, entry.at)
            position.account, position.instrument = entry.account, entry.instrument
            shelves[entry.pair] = Shelf(position, stands.lots.get(entry.pair, ()))
        shelf, account = shelves[entry.pair], entry.account.pk
        is_closing = shelf.position.qty * entry.qty < 0
        if is_closing and account not in rules:  # opened and closed in one batch: nothing stood before
            rules |= elections([account])
        shelf.book(entry, rules[account].method(entry) if is_closing else LotMethod.FIFO)
    return list(shelves.values())
