"""The accounts that the desk trades."""

from django.db.models import QuerySet

from brokers.models import Account


def accounts() -> QuerySet[Account]:
    """Return every account with its connection, in the order of lists."""
    return Account.objects.select_related("connection").order_by("position_order", "code")


def enabled() -> QuerySet[Account]:
    """Return the accounts that may trade."""
    return accounts().filter(is_enabled=True)


def code_of(connection_name: str, broker_account: str) -> str | None:
    """Return our code of a broker's account number, or None if it is not ours."""
    found = Account.objects.filter(connection__name=connection_name, broker_account=broker_account)
    return found.values_list("code", flat=True).first()
