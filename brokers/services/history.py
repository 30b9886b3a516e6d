"""Keeping what an account did before the desk knew it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from django.db import transaction

from allcore.audit.services import record
from allcore.kernel.errors import InvalidInputError, NotFoundError
from brokers.models import Account, HistoryEntry
from brokers.tda.history import Entry, Fault, read

SAID = 50  # of the faults, in an error's text


class UnreadableHistoryError(InvalidInputError):
    """Part of the file cannot be read; nothing of it was kept."""

    code = "HISTORY_UNREADABLE"


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file held, and what of it was new; `amount` is the new transactions' total in dollars."""

    found: int
    added: int
    amount: Decimal


@transaction.atomic
def import_tda(*, account_code: str, text: str, file_name: str, actor: str, now: datetime) -> Imported:
    """Keep the transactions of a TD Ameritrade file that are not kept yet; all of it, or nothing.

    Raises:
        NotFoundError: there is no such account.
        UnreadableHistoryError: lines cannot be read, or differ from what is kept; each is named.
    """
    account = Account.objects.select_for_update().filter(code=account_code).first()
    if account is None:
        raise NotFoundError(f"There is no account {account_code}.", account=account_code)
    entries, faults = read(text)
    kept = dict(HistoryEntry.objects.filter(account=account).values_list("transaction_id", "amount"))
    faults += [
        Fault(entry.line, f"transaction {entry.transaction_id} is kept with {kept[entry.transaction_id]:f} dollars")
        for entry in entries
        if kept.get(entry.transaction_id, entry.amount) != entry.amount
    ]
    _ensure_readable(faults, file_name)
    fresh = [entry for entry in entries if entry.transaction_id not in kept]
    done = Imported(len(entries), len(fresh), sum((entry.amount for entry in fresh), start=Decimal(0)))
    if fresh:
        HistoryEntry.objects.bulk_create([_row(account, entry) for entry in fresh])
        payload = {
            "file": file_name,
            "sha256": sha256(text.encode()).hexdigest(),
            "found": done.found,
            "added": done.added,
            "amount": done.amount,
        }
        record("history.imported", f"account:{account.code}", payload, actor=actor, at=now, account=account.code)
    return done


def _ensure_readable(faults: list[Fault], file_name: str) -> None:
    if faults:
        said = "; ".join(f"line {fault.line}: {fault.text}" for fault in faults[:SAID])
        more = f"; and {len(faults) - SAID} more" if len(faults) > SAID else ""
        raise UnreadableHistoryError(
            f"Nothing of {file_name} was kept. {said}{more}.", lines=[fault.line for fault in faults]
        )


def _row(account: Account, entry: Entry) -> HistoryEntry:
    return HistoryEntry(
        account=account,
        transaction_id=entry.transaction_id,
        at=entry.at,
        kind=entry.kind[:40],
        symbol=entry.symbol,
        side=entry.side,
        qty=entry.qty,
        price=entry.price,
        fees=entry.fees,
        amount=entry.amount,
        description=entry.description,
    )
