"""What the gate found, and what it set aside."""

import uuid

from django.db import models
from django.db.models import Q

from brokers.models import Account


class AccountRisk(models.Model):
    """The row that every check of an account locks, so that two orders cannot both use the last of a limit."""

    account = models.OneToOneField(Account, on_delete=models.PROTECT, primary_key=True, related_name="risk")
    checks = models.BigIntegerField(default=0)

    class Meta:
        db_table = "account_risk"

    def __str__(self) -> str:
        return str(self.account_id)


class Verdict(models.Model):
    """One run of the gate over one ticket. `checks` lists every check, passed or not, with limit and value."""

    class Outcome(models.TextChoices):
        PASS = "PASS", "Pass"
        WARN = "WARN", "Pass with warnings"
        SOFT_BLOCK = "SOFT_BLOCK", "Needs an override"
        HARD_BLOCK = "HARD_BLOCK", "Blocked"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="verdicts")
    outcome = models.CharField(max_length=10, choices=Outcome)
    ticket_hash = models.CharField(max_length=64)
    checks = models.JSONField()
    limits_version = models.CharField(max_length=64)  # hash of the limits in force
    checked_at = models.DateTimeField()

    class Meta:
        db_table = "risk_verdict"

    def __str__(self) -> str:
        return f"{self.outcome} {self.id}"


class Reservation(models.Model):
    """What an order may yet use. Released when the order can no longer fill; shrunk as it fills.

    `order_id` is the order's id in `trading`, which is above; it is not a foreign key.
    """

    order_id = models.UUIDField(unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False, related_name="reservations")
    verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, db_index=False, related_name="reservations")
    underlying = models.CharField(max_length=10)
    cash = models.DecimalField(max_digits=18, decimal_places=2)  # dollars secured if all of it fills
    quantity = models.PositiveIntegerField()  # units of the order still open
    released_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "risk_reservation"
        constraints = [models.CheckConstraint(condition=Q(cash__gte=0), name="reserved_cash_is_not_negative")]
        indexes = [models.Index(fields=["account"], condition=Q(released_at=None), name="reservations_open")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.cash}"
