"""Overrides of soft blocks, to read."""

from uuid import UUID

from django.db.models import QuerySet

from allcore.accounts.models import User
from allcore.kernel.errors import NotFoundError
from risk.selectors.permissions import visible_accounts
from trading.models import Order, SoftOverride
from trading.selectors.rows import Row, iso


def visible(user: User, *, status: str = "") -> QuerySet[SoftOverride]:
    """Return the overrides on accounts that the person may see; of one status if it is named."""
    mine = SoftOverride.objects.filter(account__in=visible_accounts(user))
    wanted = mine.filter(status=status) if status else mine
    return wanted.select_related("account", "asked_by", "decided_by")


def one(user: User, override_id: UUID) -> Row:
    """Return one of them.

    Raises:
        NotFoundError: there is none, or it is not theirs to see.
    """
    row = visible(user).filter(pk=override_id).first()
    if row is None:
        raise NotFoundError(f"There is no override {override_id}.", override=override_id)
    return override_row(row)


def override_of(order: Order) -> Row | None:
    """Return the override by which an order went; its people should be loaded."""
    row: SoftOverride | None = getattr(order, "override", None)
    return None if row is None else override_row(row, account=order.account.code)


def override_row(row: SoftOverride, *, account: str = "") -> Row:
    """Return an override as it travels; its account (or the account's code) and people should be loaded."""
    return {
        "id": str(row.pk),
        "account": account or row.account.code,
        "sentence": row.sentence,
        "status": row.status,
        "checks": [{"code": check["code"], "message": check["message"]} for check in row.checks],
        "reason": row.reason,
        "asked_by": row.asked_by.username,
        "asked_at": iso(row.asked_at),
        "decided_by": None if row.decided_by is None else row.decided_by.username,
        "decided_at": iso(row.decided_at),
        "expires_at": iso(row.expires_at),
        "order_id": None if row.order_id is None else str(row.order_id),
    }
