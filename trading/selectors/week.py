"""What the Strategy page shows: the week's class, what the engine last said of each sleeve, and its numbers."""

from allcore.accounts.models import User
from risk.selectors.permissions import visible_accounts
from trading.models import MarketWeek, ParameterSet, StrategyNote, WeekLabel
from trading.selectors.rows import Row

RECENT_WEEKS = 8


def strategy(user: User) -> Row:
    """Return the page's rows: notes and labels of the accounts the person may see."""
    accounts = visible_accounts(user)
    weeks = list(MarketWeek.objects.order_by("-monday")[:RECENT_WEEKS])
    notes = StrategyNote.objects.filter(account__in=accounts).select_related("account")
    labels = WeekLabel.objects.filter(account__in=accounts).select_related("account")
    return {
        "week": weeks[0] if weeks else None,
        "earlier": weeks[1:],
        "notes": notes.order_by("account__position_order", "account__code", "underlying"),
        "labels": labels.order_by("-monday", "account__code", "underlying")[:30],
        "parameters": ParameterSet.objects.filter(is_active=True).first(),
    }
