"""Books made again from what happened: executions and book events are the ledger, lots and positions its sums."""

from collections.abc import Iterable, Iterator
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
from trading.services.entries import Pair
from trading.services.lots import Shelf, empty_position, write
from trading.services.replay import families, replayed


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


def pairs(wanted: Iterable[Pair], *, now: datetime) -> list[Position]:
    """Make the lots and positions of the pairs anew, and of those that lots were carried to or from.

    The caller holds the accounts' cash rows.
    """
    made: list[Position] = []
    for account_id, instruments in families(wanted):
        account = Account.objects.get(pk=account_id)
        shelves = replayed(account, instruments, now=now)
        stored = Position.objects.filter(account=account, instrument__in=instruments)
        for instrument_id, pk in stored.values_list("instrument", "pk"):
            shelves[instrument_id].position.pk = pk
        LotClose.objects.filter(lot__account=account, lot__instrument__in=instruments).delete()
        Lot.objects.filter(account=account, instrument__in=instruments).delete()
        made += write([shelves[pk] for pk in sorted(shelves)], now=now)
    return made


def cash(account: Account) -> Decimal:
    """Return the sum of the account's CASH entries."""
    entries = LedgerEntry.objects.filter(account=account, ledger=LedgerEntry.Ledger.CASH)
    return entries.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def touched(account: Account) -> set[Pair]:
    """Return all that the account ever traded or was delivered."""
    traded = Execution.objects.filter(account=account).values_list("account", "instrument")
    closed = BookEvent.objects.filter(account=account).values_list("account", "instrument")
    moved = BookEvent.objects.filter(account=account, deliverable__isnull=False).values_list("account", "deliverable")
    went = BookEvent.objects.filter(account=account, to_instrument__isnull=False).values_list(
        "account", "to_instrument"
    )
    held = Position.objects.filter(account=account).values_list("account", "instrument")
    return {*traded, *closed, *moved, *went, *held}


def account(account: Account, *, now: datetime) -> None:
    """Make all the account's lots, positions and cash anew; the caller holds the account's cash row."""
    pairs(touched(account), now=now)
    CashBalance.objects.filter(account=account).update(cash=cash(account))


def differences(account: Account, *, now: datetime) -> Iterator[Difference]:
    """Yield where the stored books and the ledgers disagree; nothing is changed."""
    stored_cash = CashBalance.objects.filter(account=account).values_list("cash", flat=True).first() or Decimal(0)
    if stored_cash != cash(account):
        yield Difference(account.code, "cash", str(stored_cash), str(cash(account)))
    instruments = {instrument for _, instrument in touched(account)}
    positions = {row.instrument_id: row for row in Position.objects.filter(account=account)}
    for instrument_id, shelf in sorted(replayed(account, instruments, now=now).items()):
        instrument = shelf.position.instrument
        yield from _position_differences(
            positions.get(instrument_id) or empty_position(account, instrument, now), shelf
        )
        yield from _lot_differences(account, instrument, shelf)


def _position_differences(stored: Position, shelf: Shelf) -> Iterator[Difference]:
    rebuilt = shelf.position
    code, symbol = rebuilt.account.code, rebuilt.instrument.symbol
    for column in ("qty", "avg_px", "realised", "fees", "income"):
        seen, made = getattr(stored, column), getattr(rebuilt, column)
        if seen != made:
            yield Difference(code, f"{symbol} {column}", str(seen), str(made))


def _lot_differences(account: Account, instrument: Instrument, shelf: Shelf) -> Iterator[Difference]:
    stored = Lot.objects.filter(account=account, instrument=instrument).exclude(open_qty=0).order_by("opened_at", "id")
    seen = [(row.open_qty, row.cost / row.open_qty) for row in stored]
    made = [(row.open_qty, row.cost / row.open_qty) for row in shelf.standing]
    if seen != made:
        told = [", ".join(f"{qty} at {price.normalize():f}" for qty, price in rows) for rows in (seen, made)]
        yield Difference(account.code, f"{instrument.symbol} lots", *told)
