"""Short options that a person is to look at before the close."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from brokers.models import Account
from marketdata.models import Instrument
from trading.domain.expiring import Cause
from trading.models.proposals import Proposal


class ExpiryTask(models.Model):
    """A cause to look at one short option on one day. It ends once a person has acknowledged it, or its cause is gone.

    `proposal` closes the position, if somebody approves it; nothing is sent by itself.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="expiry_tasks")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    cause = models.CharField(max_length=16, choices=[(c.value, c.value) for c in Cause])
    day = models.DateField()  # New York
    sentence = models.CharField(max_length=300)
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, null=True, related_name="expiry_tasks")
    tried_at = models.DateTimeField(null=True)  # when a proposal was last tried
    found_at = models.DateTimeField()
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=400, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "expiry_task"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "instrument", "cause", "day"], name="a_cause_is_told_once_a_day"
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_by=None) | (~Q(reason="") & Q(closed_at__isnull=False)),
                name="an_acknowledgement_has_a_reason",
            ),
        ]
        indexes = [models.Index(fields=["account", "id"], condition=Q(closed_at=None), name="expiry_tasks_open")]

    def __str__(self) -> str:
        return f"{self.day} {self.instrument_id} {self.cause}"
