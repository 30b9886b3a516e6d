"""Accounts at the paper broker."""

from decimal import Decimal

from brokers.models import PaperAccount


def open_account(*, number: str, cash: Decimal) -> PaperAccount:
    """Open the account with that much cash. One that is open already keeps what it has."""
    account, _ = PaperAccount.objects.get_or_create(number=number, defaults={"cash": cash})
    return account
