"""What accounts did before the desk knew them."""

from django.db.models import QuerySet

from allcore.accounts.models import User
from allcore.kernel.errors import NotFoundError
from brokers.models import HistoryEntry
from risk.selectors.permissions import visible_accounts
from trading.selectors.rows import Row, iso, text


def history(user: User, code: str) -> QuerySet[HistoryEntry]:
    """Return the account's imported transactions.

    Raises:
        NotFoundError: there is no such account, or it is not theirs to see.
    """
    account = visible_accounts(user).filter(code=code).first()
    if account is None:
        raise NotFoundError(f"There is no account {code}.", account=code)
    return HistoryEntry.objects.filter(account=account)


def history_row(entry: HistoryEntry) -> Row:
    """Return a transaction's row."""
    return {
        "transaction_id": entry.transaction_id,
        "at": iso(entry.at),
        "kind": entry.kind,
        "symbol": entry.symbol,
        "side": entry.side,
        "qty": text(entry.qty),
        "price": text(entry.price),
        "fees": text(entry.fees),
        "amount": text(entry.amount),
        "description": entry.description,
    }
