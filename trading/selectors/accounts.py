"""Accounts to read."""

from decimal import Decimal

from allcore.accounts.models import User
from allcore.kernel.errors import NotFoundError
from brokers.models import Account
from risk.domain.permissions import Action
from risk.selectors.permissions import may, visible_accounts
from trading.models import CashBalance, Mandate
from trading.selectors.rows import Row, iso, text


def accounts(user: User) -> list[Row]:
    """Return the accounts the person may see, with their cash."""
    cash = dict(CashBalance.objects.values_list("account_id", "cash"))
    return [
        {
            "code": account.code,
            "name": account.name,
            "tier": account.tier,
            "connection": account.connection.name,
            "environment": account.connection.environment,
            "is_enabled": account.is_enabled,
            "baseline": text(account.baseline),
            "cash": text(cash.get(account.pk, Decimal(0))),
        }
        for account in visible_accounts(user).select_related("connection").order_by("position_order", "id")
    ]


def account(user: User, code: str) -> Row:
    """Return one account.

    Raises:
        NotFoundError: there is none, or it is not theirs to see.
    """
    for row in accounts(user):
        if row["code"] == code:
            return row
    raise NotFoundError(f"There is no account {code}.", account=code)


def account_seen_by(code: str, user: User) -> Account:
    """Return the account.

    Raises:
        NotFoundError: there is no such account, or it is not theirs to see.
    """
    account = Account.objects.select_related("connection").filter(code=code).first()
    if account is None or not may(user, Action.VIEW, account):
        raise NotFoundError(f"There is no account {code}.", account=code)
    return account


def mandates(user: User) -> list[Row]:
    """Return the mandates on the accounts the person may see."""
    signed = Mandate.objects.filter(account__in=visible_accounts(user))
    return [mandate_row(row) for row in signed.select_related("account", "grantee", "signed_by").order_by("-id")]


def mandate_row(mandate: Mandate) -> Row:
    """Return a mandate's row."""
    return {
        "id": mandate.pk,
        "account": mandate.account.code,
        "grantee": mandate.grantee.username,
        "signed_by": mandate.signed_by.username,
        "max_order_cash": text(mandate.max_order_cash),
        "reason": mandate.reason,
        "signed_at": iso(mandate.signed_at),
        "expires_at": iso(mandate.expires_at),
        "revoked_at": iso(mandate.revoked_at),
    }
