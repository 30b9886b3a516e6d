"""Cash moves by ledger entries, both sides of each; the balance is their sum."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from trading.domain.books.ledger import Posting, cash_flow, income_postings, reversal, trade_postings
from trading.models import BookEvent, Execution, LedgerEntry
from trading.services.entries import Entry

# Said to the database as it is: through the ORM, composing it took longer than doing it, and each fill does it.
ADD = """
INSERT INTO cash_balance AS balance (account_id, cash)
SELECT * FROM unnest(%s::bigint[], %s::numeric[]) AS moved (account_id, cash) ORDER BY moved.account_id
    ON CONFLICT (account_id) DO UPDATE SET cash = balance.cash + excluded.cash
"""


@dataclass(frozen=True, slots=True)
class Movement:
    """One transaction of the ledger: its sides, why, and the row that caused it."""

    account_id: int
    postings: tuple[Posting, ...]
    memo: str
    at: datetime
    execution: Execution | None = None
    event: BookEvent | None = None


def movement_of(entry: Entry) -> Movement:
    """Return the cash that an entry moves."""
    traded = trade_postings(entry.qty, entry.px, entry.instrument.multiplier, entry.fee, against=entry.against)
    return Movement(
        account_id=entry.account.pk,
        postings=(*traded, *income_postings(entry.income)) if entry.income else traded,
        memo=_memo(entry),
        at=entry.at,
        execution=entry.execution,
        event=entry.event,
    )


def _memo(entry: Entry) -> str:
    symbol = entry.instrument.symbol
    if entry.qty:
        return f"{'Bought' if entry.qty > 0 else 'Sold'} {abs(entry.qty)} {symbol} at {entry.px:f}"
    return symbol if entry.event is None else f"{entry.event.get_kind_display()} of {symbol}"


def reversal_of(entry: Entry, memo: str) -> Movement:
    """Return the movement that undoes an entry's."""
    done = movement_of(entry)
    return Movement(done.account_id, reversal(done.postings), memo, done.at, done.execution, done.event)


def flows(movements: Iterable[Movement]) -> dict[int, Decimal]:
    """Return the dollars that each account receives, nothing included."""
    total: dict[int, Decimal] = {}
    for movement in movements:
        total[movement.account_id] = total.get(movement.account_id, Decimal(0)) + cash_flow(movement.postings)
    return total


def move(flow: Mapping[int, Decimal]) -> None:
    """Add to the balances. The rows stay locked to the transaction's end: an account is booked by one at a time.

    Accounts are taken in the order of their ids, everywhere: two batches cannot wait for each other.
    """
    if not flow:
        return
    with connection.cursor() as cursor:
        cursor.execute(ADD, (list(flow), list(flow.values())))


def ledger(movements: Iterable[Movement]) -> list[LedgerEntry]:
    """Return both sides of each movement, to be written; one in which no money moves leaves no entry."""
    return [
        LedgerEntry(
            transaction_id=transaction_id,
            account_id=movement.account_id,
            ledger=posting.ledger,
            amount=posting.amount,
            memo=movement.memo,
            execution=movement.execution,
            book_event=movement.event,
            at=movement.at,
        )
        for movement in movements
        for transaction_id in (uuid.uuid4(),)
        for posting in movement.postings
    ]
