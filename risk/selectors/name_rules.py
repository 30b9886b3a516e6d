"""Rules of names and stopped strategies to read."""

from django.db.models import Q, QuerySet

from allcore.accounts.models import User
from risk.models import NameRule, StrategyHold
from risk.selectors.permissions import visible_accounts
from risk.selectors.rows import Row, iso


def visible_rules(user: User) -> QuerySet[NameRule]:
    """Return the rules that are not lifted, for everybody and the accounts the user may see, by name."""
    mine = NameRule.objects.filter(Q(account=None) | Q(account__in=visible_accounts(user)), lifted_at=None)
    return mine.select_related("account", "asked_by", "confirmed_by", "lift_asked_by").order_by("underlying", "id")


def visible_holds(user: User) -> QuerySet[StrategyHold]:
    """Return what is stopped in the accounts the user may see, the newest first."""
    mine = StrategyHold.objects.filter(account__in=visible_accounts(user), released_at=None)
    return mine.select_related("account").order_by("-engaged_at", "-id")


def rule_row(rule: NameRule) -> Row:
    """Return a rule's row; its account and people should be loaded."""
    return {
        "id": rule.pk,
        "underlying": rule.underlying,
        "account": None if rule.account is None else rule.account.code,
        "kind": rule.kind,
        "reason": rule.reason,
        "asked_by": rule.asked_by.username,
        "asked_at": iso(rule.asked_at),
        "in_force_at": iso(rule.in_force_at),
        "lift_asked_by": None if rule.lift_asked_by is None else rule.lift_asked_by.username,
        "lift_reason": rule.lift_reason,
        "lifted_at": iso(rule.lifted_at),
    }


def hold_row(hold: StrategyHold) -> Row:
    """Return a stopped strategy's row; its account should be loaded."""
    return {
        "id": hold.pk,
        "account": hold.account.code,
        "structure": hold.structure,
        "underlying": hold.underlying,
        "side": hold.side,
        "fills": hold.fills,
        "engaged_at": iso(hold.engaged_at),
        "released_at": iso(hold.released_at),
    }
