"""Where the broker's books and ours differ."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from brokers.models import Account


class Break(models.Model):
    """One difference. While it is open, opening orders in its underlying are denied."""

    class Kind(models.TextChoices):
        POSITION = "POSITION", "Position"
        CASH = "CASH", "Cash"
        ORDER = "ORDER", "Order"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="breaks")
    kind = models.CharField(max_length=8, choices=Kind)
    subject = models.CharField(max_length=40)  # symbol, currency or ClOrdID
    underlying = models.CharField(max_length=10, blank=True)
    ours = models.CharField(max_length=60)
    theirs = models.CharField(max_length=60)
    found_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=400, blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "reconcile_break"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "subject"],
                condition=Q(resolved_at=None),
                name="one_open_break_for_each_subject",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"
