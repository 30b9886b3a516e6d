"""Lots in the tables: one account's shelf of them in one instrument, as trades are booked on it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from django.db import connection
from django.db.models import Model

from allcore import rows
from allcore.kernel.money import ZERO
from brokers.models import Account
from marketdata.models import Instrument
from trading.domain.books import lots
from trading.domain.books.lots import Choice, LotMethod
from trading.domain.books.positions import AVERAGE_STEP, holding
from trading.models import Lot, LotClose, Position
from trading.services.entries import Entry

SHRINK = """
    UPDATE lot SET open_qty = new.open_qty, cost = new.cost
    FROM unnest(%s::bigint[], %s::int[], %s::numeric[]) AS new (id, open_qty, cost) WHERE lot.id = new.id
"""


KEPT = ("qty", "avg_px", "realised", "fees", "income", "opened_at", "booked_through", "booked_key", "updated_at")


class Shelf:
    """The open lots of one pair. What is booked here is written by `write`, for all shelves at once."""

    def __init__(self, position: Position, rows: Iterable[Lot]) -> None:
        """Begin with the position as it stands and its open lots, oldest first."""
        self.position = position
        self.rows = list(rows)
        self.closes: list[LotClose] = []
        self._stored = len(self.rows)
        self._touched: set[int] = set()
        self._lots = tuple(lots.Lot(row.open_qty, row.cost, n) for n, row in enumerate(self.rows))

    def book(self, entry: Entry, method: LotMethod = LotMethod.FIFO, chosen: tuple[Choice, ...] = ()) -> None:
        """Close what stands against the entry, and open a lot with what is left of it."""
        key = len(self.rows)
        trade = lots.Trade(entry.qty, entry.px, entry.instrument.multiplier, key, chosen)
        before, booked = {lot.key: lot for lot in self._lots}, lots.book(self._lots, trade, method)
        for close in booked.closes:
            self.closes.append(_close_row(self.rows[close.key], close, entry))
        if booked.lots and booked.lots[-1].key == key:
            self.rows.append(_lot_row(booked.lots[-1], entry))
        self._keep(before, booked.lots)
        self._count(entry, booked.realised)

    def carry_to(self, target: "Shelf", entry: Entry) -> None:
        """Hand all lots over as the entry's event says, cost and age unchanged; what comes to nothing is closed."""
        carry = entry.carry
        if carry is None or not self._lots:
            self._count(entry, ZERO)
            return
        sizes = entry.instrument.multiplier, carry.instrument.multiplier
        moved = lots.carried(self._lots, to=carry.to, of=carry.of, multipliers=sizes)
        gone, lost = self._lots, ZERO
        for lot in gone:
            close = lots.Close(lot.key, lot.qty, lot.price if moved else ZERO, ZERO if moved else -lot.cost * sizes[0])
            lost += close.realised
            self.closes.append(_close_row(self.rows[lot.key], close, entry))
        self._keep({lot.key: lot for lot in gone}, ())
        self._count(entry, lost)
        target.receive([_carried_row(self.rows[lot.key], lot, entry) for lot in moved], entry)

    def receive(self, rows: Sequence[Lot], entry: Entry) -> None:
        """Take over lots that a corporate action brought from another shelf, or from this one."""
        first = len(self.rows)
        self.rows += rows
        fresh = tuple(lots.Lot(row.open_qty, row.cost, n) for n, row in enumerate(rows, first))
        self._lots = tuple(sorted((*self._lots, *fresh), key=lambda lot: self.rows[lot.key].opened_at))
        self._stand(entry.at, entry.key)
        if rows and self.position.opened_at is None:
            self.position.opened_at = rows[0].opened_at

    def choices(self, named: Iterable[tuple[int | None, int | None, int]]) -> tuple[Choice, ...]:
        """Return the open lots that were opened by the named executions or book events, as so much of each."""
        found = []
        for execution_id, event_id, qty in named:
            found += [
                Choice(lot.key, qty)
                for lot in self._lots
                if (self.rows[lot.key].execution_id, self.rows[lot.key].book_event_id) == (execution_id, event_id)
            ]
        return tuple(found)

    @property
    def standing(self) -> list[Lot]:
        """The rows of the lots that are open, oldest first."""
        return [self.rows[lot.key] for lot in self._lots]

    @property
    def new(self) -> list[Lot]:
        """Lots that were opened here."""
        return self.rows[self._stored :]

    @property
    def changed(self) -> list[Lot]:
        """Lots of the table that were closed here, in part or whole."""
        return [self.rows[n] for n in sorted(self._touched) if n < self._stored]

    def _keep(self, before: dict[int, lots.Lot], after: tuple[lots.Lot, ...]) -> None:
        """Let the rows say what the lots say; of the lots that were not touched, none is written."""
        kept = {lot.key: lot for lot in after}
        for key, lot in before.items():
            left = kept.get(key)
            if left != lot:
                row = self.rows[key]
                row.open_qty, row.cost = (0, ZERO) if left is None else (left.qty, left.cost)
                self._touched.add(key)
        self._lots = after

    def _count(self, entry: Entry, realised: Decimal) -> None:
        position, held = self.position, sum(lot.qty for lot in self._lots)
        if held * position.qty <= 0:  # opened, closed, or turned around
            position.opened_at = entry.at if held else None
        position.realised += realised
        position.fees += entry.fee
        position.income += entry.income
        self._stand(entry.at, entry.key)

    def _stand(self, at: datetime, key: str) -> None:
        position, held = self.position, holding(self._lots)
        position.qty, position.avg_px = held.qty, held.avg_px
        position.booked_through, position.booked_key = max((position.booked_through, position.booked_key), (at, key))


def _lot_row(lot: lots.Lot, entry: Entry) -> Lot:
    return Lot(
        account=entry.account,
        instrument=entry.instrument,
        execution=entry.execution,
        book_event=entry.event,
        opened_qty=lot.qty,
        open_qty=lot.qty,
        price=entry.px.quantize(AVERAGE_STEP, ROUND_HALF_EVEN),
        cost=lot.cost,
        opened_at=entry.at,
    )


def _carried_row(source: Lot, lot: lots.Lot, entry: Entry) -> Lot:
    """Return the lot as it goes on: opened when and by what it always was."""
    return Lot(
        account=entry.account,
        instrument=entry.instrument if entry.carry is None else entry.carry.instrument,
        execution=source.execution,
        book_event=source.book_event,
        opened_qty=lot.qty,
        open_qty=lot.qty,
        price=lot.price.quantize(AVERAGE_STEP, ROUND_HALF_EVEN),
        cost=lot.cost,
        opened_at=source.opened_at,
        carried_by=entry.event,
    )


def _close_row(lot: Lot, close: lots.Close, entry: Entry) -> LotClose:
    return LotClose(
        lot=lot,
        execution=entry.execution,
        book_event=entry.event,
        qty=close.qty,
        price=close.price.quantize(AVERAGE_STEP, ROUND_HALF_EVEN),
        realised=close.realised,
        closed_at=entry.at,
    )


def empty_position(account: Account, instrument: Instrument, at: datetime) -> Position:
    """Return a position in which nothing was ever booked."""
    return Position(account=account, instrument=instrument, booked_through=at, updated_at=at)


def write(shelves: Sequence[Shelf], *, now: datetime, also: Sequence[Model] = ()) -> list[Position]:
    """Write what was booked on the shelves, and other rows along with it; return the positions.

    The caller holds the accounts' cash rows: nobody else opens a position in them.
    """
    lots_changed = [row for shelf in shelves for row in shelf.changed]
    closes = [close for shelf in shelves for close in shelf.closes]
    ready = [close for close in closes if not _is_new(close.lot)]
    positions = [shelf.position for shelf in shelves]
    for position in positions:
        position.updated_at = now
    new = [*(p for p in positions if _is_new(p)), *(row for shelf in shelves for row in shelf.new), *ready, *also]
    stored = [p for p in positions if not _is_new(p)]
    if lots_changed:
        _shrink(lots_changed)
    if new or stored:
        rows.write(new, changed=stored, names=KEPT)
    if len(ready) < len(closes):  # of lots that were opened and closed in one go, known only now
        LotClose.objects.bulk_create([_with_key(close) for close in closes if _is_new(close)])
    return positions


def _is_new(row: Model) -> bool:
    return row.pk is None


def _shrink(changed: Sequence[Lot]) -> None:
    with connection.cursor() as cursor:
        columns = [row.pk for row in changed], [row.open_qty for row in changed], [row.cost for row in changed]
        cursor.execute(SHRINK, columns)


def _with_key(close: LotClose) -> LotClose:
    close.lot_id = close.lot.pk
    return close
