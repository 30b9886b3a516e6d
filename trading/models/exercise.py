"""Instructions to exercise long options, or not to."""

import uuid

from django.db import models
from django.db.models import Q

from allcore.accounts.models import User
from brokers.models import Account
from marketdata.models import Instrument
from trading.domain.exercise import InstructionKind


class ExerciseInstruction(models.Model):
    """What a person wants done with `qty` long contracts. It is never changed; it may be withdrawn before its cut-off.

    HELD: kept at the desk, for no adapter takes instructions yet; a person gives it to the broker.
    """

    class State(models.TextChoices):
        HELD = "HELD", "Held at the desk"
        CONFIRMED = "CONFIRMED", "Given to the broker"
        WITHDRAWN = "WITHDRAWN", "Withdrawn"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="exercise_instructions")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=15, choices=[(k.value, k.value.replace("_", " ")) for k in InstructionKind])
    qty = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=State, default=State.HELD)
    reason = models.CharField(max_length=300, blank=True)
    cut_off_at = models.DateTimeField()  # the exchange's clock
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True)  # when it was confirmed or withdrawn

    class Meta:
        db_table = "exercise_instruction"
        constraints = [
            models.CheckConstraint(condition=Q(qty__gte=1), name="an_instruction_is_about_something"),
            models.CheckConstraint(
                condition=Q(state="HELD", closed_at=None, closed_by=None)
                | Q(~Q(state="HELD"), closed_at__isnull=False, closed_by__isnull=False),
                name="an_instruction_is_closed_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "instrument"],
                condition=Q(state__in=["HELD", "CONFIRMED"]),
                name="instruction_in_force",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.qty} {self.instrument_id}"
