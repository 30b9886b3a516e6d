"""Instructions to exercise long options, or not to."""

import uuid

from django.db import models
from django.db.models import Q

from allcore.accounts.models import User
from allcore.kernel.instructions import InstructionKind
from brokers.models import Account
from marketdata.models import Instrument

OPEN = ["RECORDED", "SENT", "ACCEPTED", "WITHDRAWING"]
BY_A_PERSON = ["CONFIRMED", "WITHDRAWN", "WITHDRAWING"]


class ExerciseInstruction(models.Model):
    """What a person wants done with `qty` long contracts, and its own row in the outbox.

    What it wants never changes, unless a corporate action makes another contract of the one it is about.

    RECORDED is to be sent, once; where the broker takes no instructions a person gives it by phone and says CONFIRMED.
    SENT has no answer yet: it is asked about, never sent again. WITHDRAWING is a withdrawal on its way.
    """

    class State(models.TextChoices):
        RECORDED = "RECORDED", "Recorded at the desk"
        SENT = "SENT", "Sent, not answered"
        ACCEPTED = "ACCEPTED", "Accepted by the broker"
        WITHDRAWING = "WITHDRAWING", "Being withdrawn"
        REFUSED = "REFUSED", "Refused"
        CONFIRMED = "CONFIRMED", "Given to the broker by a person"
        WITHDRAWN = "WITHDRAWN", "Withdrawn"
        DONE = "DONE", "Done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="exercise_instructions")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=15, choices=[(k.value, k.value.replace("_", " ")) for k in InstructionKind])
    qty = models.PositiveIntegerField()
    state = models.CharField(max_length=11, choices=State, default=State.RECORDED)
    reason = models.CharField(max_length=300, blank=True)
    cut_off_at = models.DateTimeField()  # the exchange's clock
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    sent_at = models.DateTimeField(null=True)  # the system's clock: of the instruction, then of its withdrawal
    answer = models.CharField(max_length=300, blank=True)  # the broker's reason, or ours for not having sent it
    exercised = models.PositiveIntegerField(null=True)  # contracts, once it is done
    closed_at = models.DateTimeField(null=True)  # when its last state began
    warned_at = models.DateTimeField(null=True)  # when somebody was told that it is not with the broker yet

    class Meta:
        db_table = "exercise_instruction"
        constraints = [
            models.CheckConstraint(condition=Q(qty__gte=1), name="an_instruction_is_about_something"),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, closed_at=None) | Q(~Q(state__in=OPEN), closed_at__isnull=False),
                name="an_instruction_ends_at_some_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=BY_A_PERSON) | Q(closed_by__isnull=False),
                name="an_instruction_is_taken_back_by_somebody",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "instrument"],
                condition=Q(state__in=[*OPEN, "CONFIRMED"]),
                name="instruction_in_force",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.qty} {self.instrument_id}"
