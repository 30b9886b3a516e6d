"""Orders that wait at the desk, and lists of orders that act on one another (FIX ListID, ContingencyType)."""

import uuid

from django.db import models
from django.db.models import Q

from brokers.models import Account
from trading.domain.contingent.lists import Linkage, Policy
from trading.models.orders import Order


class OrderList(models.Model):
    """Orders placed together. `linkage` is what the orders beside the entry do to each other; OTO alone is NONE."""

    class Kind(models.TextChoices):
        OCO = "OCO", "One cancels the other"
        OUO = "OUO", "One updates the other"
        OTO = "OTO", "One triggers the others"
        OTOCO = "OTOCO", "One triggers one that cancels the other"
        BRACKET = "BRACKET", "Entry with target and stop"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)  # ListID
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="order_lists")
    kind = models.CharField(max_length=7, choices=Kind)
    linkage = models.CharField(max_length=4, choices=[(one.value, one.value) for one in Linkage])
    policy = models.CharField(max_length=7, choices=[(one.value, one.value) for one in Policy])
    is_native = models.BooleanField(default=False)  # the broker keeps it; else the desk, as `held_because` says
    held_because = models.CharField(max_length=200, blank=True)
    content_hash = models.CharField(max_length=64)  # of the whole list: what each order's approval binds to
    alarms = models.JSONField(default=list)  # raised already
    trace_id = models.CharField(max_length=32)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)  # no order of it can fill any more

    class Meta:
        db_table = "order_list"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="OCO", linkage="OCO")
                | Q(kind="OUO", linkage="OUO")
                | Q(kind="OTO", linkage="NONE")
                | Q(kind="OTOCO", linkage="OCO")
                | Q(kind="BRACKET", linkage="OUO"),
                name="a_list_is_linked_as_its_kind_says",
            )
        ]
        indexes = [models.Index(fields=["created_at", "id"], condition=Q(closed_at=None), name="order_list_open")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class OrderLink(models.Model):
    """An order's place in its list. `planned_qty` is what was ordered; fills of the entry say how much of it may go."""

    class Role(models.TextChoices):
        ENTRY = "ENTRY", "Entry"
        TARGET = "TARGET", "Target"
        STOP = "STOP", "Stop"
        MEMBER = "MEMBER", "Member"

    order_list = models.ForeignKey(OrderList, on_delete=models.PROTECT, related_name="links")
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="link")
    index = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=6, choices=Role)
    planned_qty = models.PositiveIntegerField()

    class Meta:
        db_table = "order_link"
        constraints = [
            models.UniqueConstraint(fields=["order_list", "index"], name="a_list_s_orders_are_numbered"),
            models.UniqueConstraint(fields=["order_list"], condition=Q(role="ENTRY"), name="a_list_has_one_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.order_list_id}/{self.index} {self.role}"


class Hold(models.Model):
    """What an order waits for at the desk, and how far that has come. It is released once: `version` sees to it.

    WAITING is for its entry to fill, ARMED for its trigger, FIRED for leave to go (a linked order is being cancelled).
    `mark` is a trailing stop's best price so far, `level` where it is set off; both in dollars a share.
    """

    class State(models.TextChoices):
        WAITING = "WAITING", "Waits for its entry"
        ARMED = "ARMED", "Watches"
        FIRED = "FIRED", "Set off"
        RELEASED = "RELEASED", "Sent"
        ENDED = "ENDED", "Ended unsent"

    order = models.OneToOneField(Order, on_delete=models.PROTECT, primary_key=True, related_name="hold")
    state = models.CharField(max_length=8, choices=State)
    condition = models.JSONField(null=True)
    condition_met_at = models.DateTimeField(null=True)  # the exchange's time
    is_watched = models.BooleanField()  # the desk sets it off by its own type: the broker does not
    send_at = models.DateTimeField(null=True)  # the exchange's time: of an auction that the desk keeps
    ends_at = models.DateTimeField(null=True)  # the exchange's time at which the desk takes it back
    memory = models.JSONField(default=dict)
    mark = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    level = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    wire = models.JSONField(null=True)  # the ticket as it was sent
    why = models.CharField(max_length=300, blank=True)  # what set it off, or ended it
    version = models.PositiveIntegerField(default=0)
    fired_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "order_hold"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="RELEASED") | Q(released_at__isnull=False, wire__isnull=False),
                name="what_was_released_has_a_time_and_a_ticket",
            ),
            models.CheckConstraint(
                condition=~Q(state="FIRED") | Q(fired_at__isnull=False), name="what_fired_has_a_time"
            ),
        ]
        indexes = [models.Index(fields=["state", "order"], condition=~Q(state="ENDED"), name="order_hold_open")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.state}"
