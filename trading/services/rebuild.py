"""Books made again from what happened: executions and book events are the ledger, lots and positions its sums."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from allcore.accounts.actors import desk_name
from allcore.audit.services import record
from allcore.kernel.errors import NotFoundError
from brokers.models import Account
from marketdata.models import Instrument
from trading.models import BookEvent, CashBalance, Execution, LedgerEntry, Lot, LotClose, Position
from trading.services.lots import Entry, Pair, Shelf, empty_position, entries_of, entry_of, write


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that the books say and the ledgers do not."""

    account: str
    subject: str  # a symbol with a column, or "cash"
    stored: str
    rebuilt: str


@transaction.atomic
def books(account_code: str, *, check: bool, now: datetime) -> list[Difference]:
    """Return where the books differed from what happened, of one account or of all; unless checking, mend them.

    Raises:
        NotFoundError: there is no such account.
    """
    accounts = Account.objects.order_by("id")
    chosen = list(accounts.filter(code=account_code) if account_code else accounts)
    if account_code and not chosen:
        raise NotFoundError(f"There is no account {account_code!r}.", account=account_code)
    found: list[Difference] = []
    for one in chosen:
        CashBalance.objects.bulk_create([CashBalance(account=one)], ignore_conflicts=True)
        CashBalance.objects.select_for_update().get(account=one)  # nothing is booked while we look
        own = list(differences(one, now=now))
        found += own
        if own and not check:
            account(one, now=now)
            _record(one, own, now)
    return found


def _record(account: Account, found: list[Difference], now: datetime) -> None:
    seen = {"differences": [[d.subject, d.stored, d.rebuilt] for d in found]}
    subject = f"account:{account.code}"
    record("books.rebuilt", subject, seen, actor=desk_name("rebuild"), at=now, account=account.code)


def pair(account_id: int, instrument_id: int, *, now: datetime) -> Position:
    """Make the lots and the position of one account in one instrument anew; the caller holds the account's cash row."""
    account = Account.objects.get(pk=account_id)
    instrument = Instrument.objects.get(pk=instrument_id)
    shelf = _replayed(account, instrument, now)
    LotClose.objects.filter(lot__account=account, lot__instrument=instrument).delete()
    Lot.objects.filter(account=account, instrument=instrument).delete()
    [position] = write([shelf], now=now)
    return position


def cash(account: Account) -> Decimal:
    """Return the sum of the account's CASH entries."""
    entries = LedgerEntry.objects.filter(account=account, ledger=LedgerEntry.Ledger.CASH)
    return entries.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def pairs(account: Account) -> set[Pair]:
    """Return all that the account ever traded or was delivered."""
    traded = Execution.objects.filter(account=account).values_list("account", "instrument")
    closed = BookEvent.objects.filter(account=account).values_list("account", "instrument")
    moved = BookEvent.objects.filter(account=account, deliverable__isnull=False).values_list("account", "deliverable")
    held = Position.objects.filter(account=account).values_list("account", "instrument")
    return {*traded, *closed, *moved, *held}


def account(account: Account, *, now: datetime) -> None:
    """Make all the account's lots, positions and cash anew; the caller holds the account's cash row."""
    for account_id, instrument_id in sorted(pairs(account)):
        pair(account_id, instrument_id, now=now)
    CashBalance.objects.filter(account=account).update(cash=cash(account))


def differences(account: Account, *, now: datetime) -> Iterator[Difference]:
    """Yield where the stored books and the ledgers disagree; nothing is changed."""
    stored_cash = CashBalance.objects.filter(account=account).values_list("cash", flat=True).first() or Decimal(0)
    if stored_cash != cash(account):
        yield Difference(account.code, "cash", str(stored_cash), str(cash(account)))
    for account_id, instrument_id in sorted(pairs(account)):
        instrument = Instrument.objects.get(pk=instrument_id)
        shelf = _replayed(account, instrument, now)
        stored = Position.objects.filter(account=account_id, instrument=instrument_id).first()
        yield from _position_differences(stored or empty_position(account, instrument, now), shelf)
        yield from _lot_differences(account, instrument, shelf)


def _replayed(account: Account, instrument: Instrument, now: datetime) -> Shelf:
    entries = _history(account, instrument)
    shelf = Shelf(empty_position(account, instrument, entries[0].at if entries else now), ())
    for entry in entries:
        shelf.book(entry)
    return shelf


def _history(account: Account, instrument: Instrument) -> list[Entry]:
    """Return all that happened to the pair, in the exchange's time; at one moment, in the order of the ids."""
    live = Execution.objects.filter(account=account, instrument=instrument, status=Execution.Status.LIVE)
    events = BookEvent.objects.filter(account=account).select_related("account", "instrument", "deliverable")
    entries = [entry_of(execution) for execution in live.select_related("account", "instrument").order_by("id")]
    entries += [entry for event in events.order_by("id") for entry in entries_of(event)]
    return sorted((e for e in entries if e.instrument.pk == instrument.pk), key=lambda e: e.at)


def _position_differences(stored: Position, shelf: Shelf) -> Iterator[Difference]:
    rebuilt = shelf.position
    code, symbol = rebuilt.account.code, rebuilt.instrument.symbol
    for column in ("qty", "avg_px", "realised", "fees"):
        seen, made = getattr(stored, column), getattr(rebuilt, column)
        if seen != made:
            yield Difference(code, f"{symbol} {column}", str(seen), str(made))


def _lot_differences(account: Account, instrument: Instrument, shelf: Shelf) -> Iterator[Difference]:
    stored = Lot.objects.filter(account=account, instrument=instrument).exclude(open_qty=0).order_by("opened_at", "id")
    seen = [(row.open_qty, row.price) for row in stored]
    made = [(row.open_qty, row.price) for row in shelf.rows if row.open_qty]
    if seen != made:
        told = [", ".join(f"{qty} at {price.normalize():f}" for qty, price in rows) for rows in (seen, made)]
        yield Difference(account.code, f"{instrument.symbol} lots", *told)
