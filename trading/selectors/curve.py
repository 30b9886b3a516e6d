"""Equity over time."""

from allcore.accounts.models import User
from risk.selectors.permissions import visible_accounts
from trading.models import EquityPoint
from trading.selectors.rows import Row, iso, text

POINTS = 600


def equity_curves(user: User) -> list[Row]:
    """Return the latest points of each account the person may see, oldest first."""
    return [
        {"account": account.code, "points": _points(account.pk)} for account in visible_accounts(user).order_by("code")
    ]


def _points(account_id: int) -> list[Row]:
    latest = (
        EquityPoint.objects.filter(account_id=account_id).order_by("-at", "-id").values_list("at", "equity")[:POINTS]
    )
    return [{"at": iso(at), "equity": text(equity)} for at, equity in reversed(latest)]
