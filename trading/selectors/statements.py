"""Day-end statements to read."""

from datetime import date

from django.db.models import QuerySet

from allcore.accounts.models import User
from allcore.kernel.errors import NotFoundError
from risk.selectors.permissions import visible_accounts
from trading.domain.books.statement import digest
from trading.models import DayStatement
from trading.selectors.rows import Row, iso, text


def statements(user: User, *, account: str = "") -> QuerySet[DayStatement]:
    """Return the statements that the person may see, those of one account if it is named."""
    found = DayStatement.objects.filter(account__in=visible_accounts(user)).select_related("account")
    return found.filter(account__code=account) if account else found


def statement(user: User, *, account: str, day: date) -> Row:
    """Return one whole statement, and whether its content still has the digest of the day that it was made.

    Raises:
        NotFoundError: there is none, or it is not theirs to see.
    """
    found = statements(user, account=account).filter(day=day).first()
    if found is None:
        raise NotFoundError(f"There is no statement of {account} for {day}.", account=account, day=day.isoformat())
    return statement_row(found) | {"is_whole": digest(found.content) == found.digest, "content": found.content}


def statement_row(one: DayStatement) -> Row:
    """Return a statement's row; its account should be loaded."""
    return {
        "account": one.account.code,
        "day": one.day.isoformat(),
        "verdict": one.verdict,
        "said_verdict": one.get_verdict_display(),
        "equity": text(one.equity),
        "day_pnl": text(one.day_pnl),
        "differences": len(one.content["differences"]),
        "digest": one.digest,
        "made_at": iso(one.made_at),
    }
