"""The paper broker's store on the Django tables. One batch, one transaction, few statements."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar, cast

import orjson
from django.db import IntegrityError, connection, transaction

from brokers.paper.books import AccountBook, Holding, after_booking, after_fill
from brokers.paper.records import BookingRecord, Change, FillRecord, InstructionRecord, OrderRecord, RequestRecord
from brokers.paper.settlement import Settlement
from brokers.paper.store import DuplicateClOrdIdError, History, Snapshot, StaleWriterError
from brokers.selectors import paper as books
from brokers.services import paper_instructions
from brokers.services import paper_rows as rows
from brokers.services import paper_sql as sql

R = TypeVar("R", OrderRecord, RequestRecord)


class DatabaseStore:
    """The books of one connection's paper accounts. Each call runs to its end in the calling thread."""

    def __init__(self, connection_name: str) -> None:
        self._connection = connection_name

    def load(self) -> Snapshot:
        """Return open orders, unanswered requests, and the accounts."""
        return books.snapshot(self._connection)

    def account(self, number: str) -> AccountBook | None:
        """Return the account if it is one of this connection's."""
        return books.account_books(self._connection).get(number)

    def order_of(self, account: str, any_id: str) -> str | None:
        """Return the first id of the order that the account ever knew by `any_id`."""
        return books.order_of(account, any_id)

    def instructions(self, ids: Sequence[str]) -> tuple[InstructionRecord, ...]:
        """Return those of this connection's instructions that have the ids."""
        return books.instructions(self._connection, ids)

    def history(self, since: datetime) -> History:
        """Return what is open or has changed since, with all its executions."""
        return books.history(self._connection, since)

    def close(self) -> None:
        """Let this thread's database connection go."""
        connection.close()

    def write(self, batch: Sequence[Change]) -> None:
        """Keep the changes, all or none.

        Each record is written over the version it was read as: a session that lost its lease and does not know it finds
        its records moved on, and can neither trade nor book.
        """
        try:
            with transaction.atomic():
                _keep(batch)
        except IntegrityError as e:
            if any(_is_new(change) for change in batch):
                raise DuplicateClOrdIdError(f"An id was used before: {e}") from e
            raise StaleWriterError(f"The books were written by somebody else: {e}") from e


def _keep(batch: Sequence[Change]) -> None:
    fills = [fill for change in batch for fill in change.fills]
    bookings = [booking for change in batch for booking in change.bookings]
    orders = _folded([order for change in batch for order in change.orders])
    requests = _folded([request for change in batch for request in change.requests])
    _insert(sql.INSERT_ORDERS, [rows.order_row(o, was) for o, was in orders if was < 0])
    _update(sql.UPDATE_ORDERS, [rows.order_row(o, was) for o, was in orders if was >= 0])
    _insert(sql.INSERT_REQUESTS, [rows.request_row(r, was) for r, was in requests if was < 0])
    _update(sql.UPDATE_REQUESTS, [rows.request_row(r, was) for r, was in requests if was >= 0])
    sql.run(sql.INSERT_EXECUTIONS, [rows.execution_row(fill) for fill in fills])
    sql.run(sql.INSERT_BOOKINGS, [rows.booking_row(booking) for booking in bookings])
    paper_instructions.keep(record for change in batch for record in change.instructions)
    if fills or bookings:
        _keep_books(fills, bookings)
    standings = {number: standing for change in batch for number, standing in change.standings}
    sql.run(sql.KEEP_STANDINGS, [{"number": n, "standing": s.as_dict()} for n, s in standings.items()])


def _insert(statement: str, new: Sequence[sql.Row]) -> None:
    if sql.run(statement, new) != len(new):
        raise DuplicateClOrdIdError("An id was used before, for a message of another kind.")


def _update(statement: str, changed: Sequence[sql.Row]) -> None:
    if sql.run(statement, changed) != len(changed):
        raise StaleWriterError("The books were written by somebody else since they were read.")


@dataclass(slots=True)
class _Touched:
    """What a batch does to one account."""

    fills: list[FillRecord]
    bookings: list[BookingRecord]

    def symbols(self) -> set[str]:
        """Return the symbols whose positions may move."""
        delivered = {b.underlying for b in self.bookings if b.underlying}
        delivered |= {b.carried.to_symbol for b in self.bookings if b.carried is not None and b.carried.to_symbol}
        return {f.symbol for f in self.fills} | {b.symbol for b in self.bookings} | delivered

    def moved(self, book: AccountBook) -> AccountBook:
        """Return the book afterwards."""
        for fill in self.fills:
            book = after_fill(book, fill)
        for booking in self.bookings:
            book = after_booking(book, booking)
        return book


def _keep_books(fills: Sequence[FillRecord], bookings: Sequence[BookingRecord]) -> None:
    """Move cash and positions from what the tables hold now, under the accounts' locks."""
    touched: defaultdict[str, _Touched] = defaultdict(lambda: _Touched([], []))
    for fill in fills:
        touched[fill.account].fills.append(fill)
    for booking in bookings:
        touched[booking.account].bookings.append(booking)
    symbols = {symbol for account in touched.values() for symbol in account.symbols()}
    before = _locked_books(sorted(touched), sorted(symbols))
    after = {number: touched[number].moved(book) for number, book in before.items()}
    sql.run(
        sql.KEEP_CASH,
        [{"number": n, "cash": book.cash, "settlement": book.settlement.as_dict()} for n, book in after.items()],
    )
    held: list[sql.Row] = [
        {"number": number, "symbol": symbol, "qty": holding.qty, "avg_px": holding.avg_px}
        for number, book in after.items()
        for symbol, holding in sorted(book.holdings.items())
    ]
    flat: list[sql.Row] = [
        {"number": number, "symbol": symbol}
        for number, book in before.items()
        for symbol in sorted(book.holdings.keys() - after[number].holdings.keys())
    ]
    sql.run(sql.KEEP_POSITIONS, held)
    sql.run(sql.DROP_FLAT, flat)


def _locked_books(numbers: Sequence[str], symbols: Sequence[str]) -> dict[str, AccountBook]:
    accounts = sql.read(sql.LOCK_ACCOUNTS, numbers)
    holdings: defaultdict[str, dict[str, Holding]] = defaultdict(dict)
    for number, symbol, qty, avg_px in sql.read(sql.POSITIONS, numbers, symbols):
        holdings[str(number)][str(symbol)] = Holding(int(str(qty)), Decimal(str(avg_px)))
    return {
        str(number): AccountBook(
            str(number), Decimal(str(cash)), holdings[str(number)], settlement=Settlement.from_dict(_json(kept))
        )
        for number, cash, kept in accounts
    }


def _json(kept: object) -> dict[str, object]:
    """Return a JSON column as it was written; without the ORM it comes as text."""
    return dict(orjson.loads(kept)) if isinstance(kept, str) else dict(cast("dict[str, object]", kept))


def _folded(records: Sequence[R]) -> list[tuple[R, int]]:
    """Return each record's last state in the batch, with the version it is written over: -1 for a new one."""
    first: dict[str, int] = {}
    last: dict[str, R] = {}
    for record in records:
        first.setdefault(record.cl_ord_id, record.version)
        last[record.cl_ord_id] = record
    return [(record, first[name] - 1) for name, record in last.items()]


def _is_new(change: Change) -> bool:
    return any(o.version == 0 for o in change.orders) or any(r.version == 0 for r in change.requests)
