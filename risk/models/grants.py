"""Who may do what on which account."""

from django.conf import settings
from django.db import models

from brokers.models import Account


class Role(models.TextChoices):
    """The roles of the protocol (4.8). What each may do is the table in `risk.domain.permissions`."""

    VIEWER = "VIEWER", "Viewer"
    TRADER = "TRADER", "Trader"
    APPROVER = "APPROVER", "Approver"
    RISK_OFFICER = "RISK_OFFICER", "Risk officer"
    COMPLIANCE = "COMPLIANCE", "Compliance"
    ADMIN = "ADMIN", "Admin"


class AccountGrant(models.Model):
    """A role on one account, or on all where `account` is empty."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="grants")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, blank=True, related_name="grants")
    role = models.CharField(max_length=12, choices=Role)

    class Meta:
        db_table = "account_grant"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "account", "role"], nulls_distinct=False, name="a_role_is_granted_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} {self.account_id or 'all'}"
