"""Double entry: each cash movement is written on both of its sides, which sum to zero."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.money import to_cents


class Ledger(StrEnum):
    """Where the other side of a cash movement stands."""

    CASH = "CASH"
    CAPITAL = "CAPITAL"
    TRADES = "TRADES"
    FEES = "FEES"
    DELIVERY = "DELIVERY"
    INCOME = "INCOME"


@dataclass(frozen=True, slots=True)
class Posting:
    """One side: dollars, above zero on CASH for what is received, on the others for what was paid for them."""

    ledger: Ledger
    amount: Decimal


def trade_postings(
    qty: int, px: Decimal, multiplier: int, fee: Decimal, *, against: Ledger = Ledger.TRADES
) -> tuple[Posting, ...]:
    """Return the sides of a trade or delivery of signed `qty` at `px` a share; nothing if no money moves.

    What is delivered is paid for in whole cents: the strike times the multiplier, of which `px` may be a rounded part.
    """
    value = qty * px * multiplier
    if against is Ledger.DELIVERY:
        value = to_cents(value)
    return _without_nothing(Posting(Ledger.CASH, -value - fee), Posting(against, value), Posting(Ledger.FEES, fee))


def income_postings(amount: Decimal) -> tuple[Posting, ...]:
    """Return the sides of a dividend or of cash for a fraction; below zero, of one that was paid."""
    return _without_nothing(Posting(Ledger.CASH, amount), Posting(Ledger.INCOME, -amount))


def deposit_postings(amount: Decimal) -> tuple[Posting, ...]:
    """Return the sides of money put in; taken out, if below zero."""
    return _without_nothing(Posting(Ledger.CASH, amount), Posting(Ledger.CAPITAL, -amount))


def reversal(postings: tuple[Posting, ...]) -> tuple[Posting, ...]:
    """Return what undoes the postings: a ledger is corrected by writing, never by rubbing out."""
    return tuple(Posting(posting.ledger, -posting.amount) for posting in postings)


def cash_flow(postings: tuple[Posting, ...]) -> Decimal:
    """Return the dollars received, below zero if paid."""
    return sum((posting.amount for posting in postings if posting.ledger is Ledger.CASH), Decimal(0))


def _without_nothing(*postings: Posting) -> tuple[Posting, ...]:
    return tuple(posting for posting in postings if posting.amount)
