"""A second person's yes to the soft blocks of one ticket by hand."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from brokers.models import Account
from trading.models.orders import Order


class SoftOverride(models.Model):
    """Asked for by who would send the ticket, accepted by another: for one order of just that ticket, and not for long.

    `checks` are the soft blocks that were shown and accepted; a block that is not among them stands.
    """

    class Status(models.TextChoices):
        ASKED = "ASKED", "Waits for a second person"
        ACCEPTED = "ACCEPTED", "Accepted"
        DECLINED = "DECLINED", "Declined"
        USED = "USED", "An order was sent by it"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="overrides")
    ticket_hash = models.CharField(max_length=64)  # as an approval of the ticket binds to it
    sentence = models.CharField(max_length=200)  # the ticket as a trader would say it
    checks = models.JSONField()
    reason = models.CharField(max_length=400)
    status = models.CharField(max_length=8, choices=Status, default=Status.ASKED)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()  # of the question; once it is accepted, of the yes
    order = models.OneToOneField(Order, on_delete=models.PROTECT, null=True, related_name="override")

    class Meta:
        db_table = "soft_override"
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="an_override_is_of_two_people"
            ),
            models.CheckConstraint(
                condition=Q(status="ASKED", decided_by=None)
                | (~Q(status="ASKED") & Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="a_decided_override_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(status="USED", order__isnull=False) | (~Q(status="USED") & Q(order=None)),
                name="a_used_override_has_its_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.sentence}"
