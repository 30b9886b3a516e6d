"""Lots in the tables: one account's shelf of them in one instrument, as trades are booked on it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Q

from brokers.models import Account
from marketdata.models import Instrument
from trading.domain.books import lots
from trading.domain.books.ledger import Ledger
from trading.domain.books.positions import holding
from trading.models import BookEvent, Execution, Lot, LotClose, Position

Pair = tuple[int, int]  # ids of account and instrument


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to book: signed quantity at a price per share, and the row that says so."""

    account: Account
    instrument: Instrument
    qty: int
    px: Decimal
    fee: Decimal
    at: datetime
    execution: Execution | None = None
    event: BookEvent | None = None

    @property
    def pair(self) -> Pair:
        """Whose, and what."""
        return self.account.pk, self.instrument.pk

    @property
    def against(self) -> Ledger:
        """The ledger that the cash is written against."""
        return Ledger.TRADES if self.event is None else Ledger.DELIVERY


def entry_of(execution: Execution) -> Entry:
    """Return what an execution books; account and instrument should be loaded."""
    return Entry(
        account=execution.account,
        instrument=execution.instrument,
        qty=execution.qty if execution.side == "BUY" else -execution.qty,
        px=execution.px,
        fee=execution.fee,
        at=execution.transact_at,
        execution=execution,
    )


def entries_of(event: BookEvent) -> list[Entry]:
    """Return what an expiry, assignment or exercise books: the option gone, and the shares that moved for it.

    The premium is realised and the shares stand at the strike: the trading convention.
    """
    closed = Entry(
        account=event.account,
        instrument=event.instrument,
        qty=-event.qty,
        px=event.px,
        fee=event.fee,
        at=event.transact_at,
        event=event,
    )
    if event.deliverable is None or event.delivery_px is None or not event.shares:
        return [closed]
    delivered = Entry(
        account=event.account,
        instrument=event.deliverable,
        qty=event.shares,
        px=event.delivery_px,
        fee=Decimal(0),
        at=event.transact_at,
        event=event,
    )
    return [closed, delivered]


class Shelf:
    """The open lots of one pair. What is booked here is written by `write`, for all shelves at once."""

    def __init__(self, position: Position, rows: Iterable[Lot]) -> None:
        """Begin with the position as it stands and its open lots, oldest first."""
        self.position = position
        self.rows = list(rows)
        self.closes: list[LotClose] = []
        self._stored = len(self.rows)
        self._touched: set[int] = set()
        self._lots = tuple(lots.Lot(row.open_qty, row.open_qty * row.price, n) for n, row in enumerate(self.rows))

    def book(self, entry: Entry) -> None:
        """Close what stands against the entry, and open a lot with what is left of it."""
        key = len(self.rows)
        booked = lots.book(self._lots, lots.Trade(entry.qty, entry.px, entry.instrument.multiplier, key))
        for close in booked.closes:
            self.rows[close.key].open_qty -= close.qty
            self._touched.add(close.key)
            self.closes.append(_close_row(self.rows[close.key], close, entry))
        if booked.lots and booked.lots[-1].key == key:
            self.rows.append(_lot_row(booked.lots[-1].qty, entry))
        self._lots = booked.lots
        self._count(entry, booked.realised)

    @property
    def new(self) -> list[Lot]:
        """Lots that were opened here."""
        return self.rows[self._stored :]

    @property
    def changed(self) -> list[Lot]:
        """Lots of the table that were closed here, in part or whole."""
        return [self.rows[n] for n in sorted(self._touched) if n < self._stored]

    def _count(self, entry: Entry, realised: Decimal) -> None:
        position, held = self.position, holding(self._lots)
        if held.qty * position.qty <= 0:  # opened, closed, or turned around
            position.opened_at = entry.at if held.qty else None
        position.qty = held.qty
        position.avg_px = held.avg_px
        position.realised += realised
        position.fees += entry.fee
        position.booked_through = max(position.booked_through, entry.at)


def _lot_row(qty: int, entry: Entry) -> Lot:
    return Lot(
        account=entry.account,
        instrument=entry.instrument,
        execution=entry.execution,
        book_event=entry.event,
        opened_qty=qty,
        open_qty=qty,
        price=entry.px,
        opened_at=entry.at,
    )


def _close_row(lot: Lot, close: lots.Close, entry: Entry) -> LotClose:
    return LotClose(
        lot=lot,
        execution=entry.execution,
        book_event=entry.event,
        qty=close.qty,
        price=close.price,
        realised=close.realised,
        closed_at=entry.at,
    )


def empty_position(account: Account, instrument: Instrument, at: datetime) -> Position:
    """Return a position in which nothing was ever booked."""
    return Position(
        account=account,
        instrument=instrument,
        qty=0,
        avg_px=None,
        realised=Decimal(0),
        fees=Decimal(0),
        booked_through=at,
        updated_at=at,
    )


def open_lots(pairs: Iterable[Pair]) -> dict[Pair, list[Lot]]:
    """Return the open lots of the pairs, oldest first."""
    wanted = _either(pairs)
    found: dict[Pair, list[Lot]] = {}
    if wanted:
        for row in Lot.objects.filter(wanted, ~Q(open_qty=0)).order_by("opened_at", "id"):
            found.setdefault((row.account_id, row.instrument_id), []).append(row)
    return found


def positions_of(pairs: Iterable[Pair]) -> dict[Pair, Position]:
    """Return the positions of the pairs that have one."""
    return {(row.account_id, row.instrument_id): row for row in Position.objects.filter(_either(pairs))}


def _either(pairs: Iterable[Pair]) -> Q:
    wanted = Q()
    for account_id, instrument_id in sorted(pairs):
        wanted |= Q(account=account_id, instrument=instrument_id)
    return wanted


def write(shelves: Sequence[Shelf], *, now: datetime) -> list[Position]:
    """Write what was booked on the shelves: new lots, changed lots, what was closed, positions."""
    new = [row for shelf in shelves for row in shelf.new]
    changed = [row for shelf in shelves for row in shelf.changed]
    positions = [shelf.position for shelf in shelves]
    for position in positions:
        position.updated_at = now
    if changed:
        Lot.objects.bulk_update(changed, ["open_qty"])
    if new:
        Lot.objects.bulk_create(new)
    LotClose.objects.bulk_create([close for shelf in shelves for close in shelf.closes])
    Position.objects.bulk_create(
        positions,
        update_conflicts=True,
        unique_fields=["account", "instrument"],
        update_fields=["qty", "avg_px", "realised", "fees", "opened_at", "booked_through", "updated_at"],
    )
    return positions
