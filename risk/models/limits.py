"""Limits are rows: what risk admins edit, in force at the next check."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from brokers.models import Account
from risk.domain.limits import Unit

UNITS = {
    Unit.RATIO: "of equity",
    Unit.USD: "US dollars",
    Unit.CONTRACTS: "contracts",
    Unit.SECONDS: "seconds",
    Unit.COUNT: "count",
    Unit.FRACTION: "fraction",
    Unit.POINTS: "delta points",
}


class Limit(models.Model):
    """One control's numbers, for everybody, one account or one underlying; the narrowest that matches is used.

    A value equal to the limit passes. Both values are in `unit`; an empty soft or hard value is no such limit.
    """

    code = models.CharField(max_length=40)  # a key of risk.domain.controls
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, blank=True, related_name="limits")
    underlying = models.CharField(max_length=10, blank=True)
    unit = models.CharField(max_length=10, choices=[(unit.value, UNITS[unit]) for unit in Unit])
    soft = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    hard = models.DecimalField(max_digits=18, decimal_places=6, null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    effective_at = models.DateTimeField()

    class Meta:
        db_table = "risk_limit"
        constraints = [
            models.UniqueConstraint(
                fields=["code", "account", "underlying"], nulls_distinct=False, name="one_limit_for_each_scope"
            ),
            models.CheckConstraint(condition=Q(soft__gte=0) | Q(soft=None), name="soft_limit_is_not_negative"),
            models.CheckConstraint(condition=Q(hard__gte=0) | Q(hard=None), name="hard_limit_is_not_negative"),
            models.CheckConstraint(condition=~Q(soft=None, hard=None), name="a_limit_limits_something"),
        ]

    def __str__(self) -> str:
        return self.code


class LimitChange(models.Model):
    """An edit of a limit. Tightening applies at once; loosening waits for a second person."""

    class Status(models.TextChoices):
        PROPOSED = "PROPOSED", "Waits for a second person"
        APPLIED = "APPLIED", "In force"
        REJECTED = "REJECTED", "Rejected"

    limit = models.ForeignKey(Limit, on_delete=models.PROTECT, related_name="changes")
    old_soft = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    old_hard = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    new_soft = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    new_hard = models.DecimalField(max_digits=18, decimal_places=6, null=True)
    base_version = models.PositiveIntegerField()
    is_loosening = models.BooleanField()
    reason = models.CharField(max_length=400)
    status = models.CharField(max_length=8, choices=Status)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="limit_changes")
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "risk_limit_change"
        constraints = [
            models.CheckConstraint(
                condition=~Q(is_loosening=True, status="APPLIED")
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("requested_by"))),
                name="loosening_needs_a_second_person",
            ),
            models.UniqueConstraint(
                fields=["limit"], condition=Q(status="PROPOSED"), name="one_open_change_for_each_limit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.limit_id} v{self.base_version} {self.status}"
