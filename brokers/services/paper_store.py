"""The paper broker's store on the Django tables. One batch, one transaction, few statements."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import IntegrityError, connection, transaction

from brokers.models import PaperAccount, PaperBooking, PaperExecution, PaperOrder, PaperPosition, PaperRequest
from brokers.paper.books import AccountBook, Holding, after_booking, after_fill
from brokers.paper.records import Change, OrderRecord, RequestRecord
from brokers.paper.store import DuplicateClOrdIdError, History, Snapshot, StaleWriterError
from brokers.selectors import paper as books
from brokers.services import paper_rows as rows

R = TypeVar("R", OrderRecord, RequestRecord)
ORDER_FIELDS = (
    "current_cl_ord_id",
    "ticket",
    "status",
    "order_qty",
    "cum_qty",
    "fill_count",
    "is_triggered",
    "confirmations",
    "seen_at",
    "is_resting",
    "reason",
    "version",
    "changed_at",
    "expires_at",
)


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

    def history(self, since: datetime) -> History:
        """Return what is open or has changed since, with all its executions."""
        return books.history(self._connection, since)

    def close(self) -> None:
        """Let this thread's database connection go."""
        connection.close()

    def write(self, batch: Sequence[Change]) -> None:
        """Keep the changes, all or none.

        Versions are checked under lock: a session that lost its lease and does not know it finds its records moved
        on, and can neither trade nor book.
        """
        try:
            with transaction.atomic():
                _Batch(batch).keep()
        except IntegrityError as e:
            if any(_is_new(change) for change in batch):
                raise DuplicateClOrdIdError(f"An id was used before: {e}") from e
            raise StaleWriterError(f"The books were written by somebody else: {e}") from e


class _Batch:
    """A batch folded to the last state of each record, and then written table by table."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self.orders = _folded([o for change in changes for o in change.orders])
        self.requests = _folded([r for change in changes for r in change.requests])
        self.fills = [f for change in changes for f in change.fills]
        self.bookings = [b for change in changes for b in change.bookings]
        self.accounts: dict[str, int] = {}

    def keep(self) -> None:
        """Write everything."""
        numbers = {o.account for o, _ in self.orders} | {r.account for r, _ in self.requests}
        touched = {f.account for f in self.fills} | {b.account for b in self.bookings}
        locked = PaperAccount.objects.filter(number__in=numbers | touched).order_by("id")
        if touched:
            locked = locked.select_for_update()
        accounts = {row.number: row for row in locked}
        self.accounts = {number: row.id for number, row in accounts.items()}
        ids = self._keep_orders()
        self._keep_requests(ids)
        if self.fills:
            PaperExecution.objects.bulk_create([rows.execution_row(f, ids[f.order_id]) for f in self.fills])
        if self.bookings:
            PaperBooking.objects.bulk_create([rows.booking_row(b, self.accounts[b.account]) for b in self.bookings])
        if touched:
            self._keep_books({number: accounts[number] for number in touched})

    def _keep_orders(self) -> dict[str, int]:
        new = [order for order, first in self.orders if first == 0]
        if new and PaperRequest.objects.filter(cl_ord_id__in=[o.cl_ord_id for o in new]).exists():
            raise DuplicateClOrdIdError("An id was used before, for a request.")
        made = PaperOrder.objects.bulk_create([rows.order_row(o, self.accounts[o.account]) for o in new])
        ids = {row.cl_ord_id: row.id for row in made}
        known = {order.cl_ord_id: (order, first) for order, first in self.orders if first > 0}
        if known:
            held = list(PaperOrder.objects.select_for_update().filter(cl_ord_id__in=known).order_by("id"))
            _check_versions({row.cl_ord_id: row.version for row in held}, known)
            for row in held:
                rows.fill_order_row(row, known[row.cl_ord_id][0])
            PaperOrder.objects.bulk_update(held, ORDER_FIELDS)
            ids |= {row.cl_ord_id: row.id for row in held}
        return ids

    def _keep_requests(self, ids: dict[str, int]) -> None:
        new = [request for request, first in self.requests if first == 0]
        if new:
            self._check_burned([r.cl_ord_id for r in new])
            missing = {r.order_id for r in new if r.order_id} - ids.keys()
            ids = ids | dict(PaperOrder.objects.filter(cl_ord_id__in=missing).values_list("cl_ord_id", "id"))
            PaperRequest.objects.bulk_create(
                [rows.request_row(r, self.accounts[r.account], ids.get(r.order_id)) for r in new]
            )
        known = {request.cl_ord_id: (request, first) for request, first in self.requests if first > 0}
        if known:
            held = list(PaperRequest.objects.select_for_update().filter(cl_ord_id__in=known).order_by("id"))
            _check_versions({row.cl_ord_id: row.version for row in held}, known)
            for row in held:
                request = known[row.cl_ord_id][0]
                row.state, row.reason, row.version = request.state, request.reason, request.version
            PaperRequest.objects.bulk_update(held, ("state", "reason", "version"))

    def _check_burned(self, new: list[str]) -> None:
        if PaperOrder.objects.filter(cl_ord_id__in=new).exists():
            raise DuplicateClOrdIdError("An id was used before, for an order.")

    def _keep_books(self, accounts: dict[str, PaperAccount]) -> None:
        """Cash and positions move by what was traded, from what the tables hold now."""
        held = PaperPosition.objects.filter(account__in=accounts.values()).order_by("id")
        positions = {(row.account_id, row.symbol): row for row in held}
        for number, account in accounts.items():
            mine = {s: Holding(row.qty, row.avg_px) for (a, s), row in positions.items() if a == account.id}
            book = self._moved(AccountBook(number, account.cash, mine))
            account.cash = book.cash
            self._keep_positions(account, positions, book)
        PaperAccount.objects.bulk_update(accounts.values(), ("cash",))

    def _moved(self, book: AccountBook) -> AccountBook:
        for fill in self.fills:
            book = after_fill(book, fill) if fill.account == book.number else book
        for booking in self.bookings:
            book = after_booking(book, booking) if booking.account == book.number else book
        return book

    def _keep_positions(
        self, account: PaperAccount, before: dict[tuple[int, str], PaperPosition], book: AccountBook
    ) -> None:
        flat = [row.id for (owner, symbol), row in before.items() if owner == account.id and not book.qty(symbol)]
        if flat:
            PaperPosition.objects.filter(id__in=flat).delete()
        moved = [
            PaperPosition(account=account, symbol=symbol, qty=held.qty, avg_px=held.avg_px)
            for symbol, held in book.holdings.items()
            if (row := before.get((account.id, symbol))) is None or (row.qty, row.avg_px) != (held.qty, held.avg_px)
        ]
        if moved:
            PaperPosition.objects.bulk_create(
                moved, update_conflicts=True, unique_fields=("account", "symbol"), update_fields=("qty", "avg_px")
            )


def _folded(records: Sequence[R]) -> list[tuple[R, int]]:
    """Return each record's last state, with the version of its first in the batch."""
    first: dict[str, int] = {}
    last: dict[str, R] = {}
    for record in records:
        first.setdefault(record.cl_ord_id, record.version)
        last[record.cl_ord_id] = record
    return [(record, first[name]) for name, record in last.items()]


def _check_versions(held: dict[str, int], known: Mapping[str, tuple[R, int]]) -> None:
    stale = [name for name, (_, first) in known.items() if held.get(name) != first - 1]
    if stale:
        raise StaleWriterError(f"Written by somebody else since: {', '.join(sorted(stale))}.", ids=stale)


def _is_new(change: Change) -> bool:
    return any(o.version == 0 for o in change.orders) or any(r.version == 0 for r in change.requests)
