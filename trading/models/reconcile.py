"""Where the broker's books and ours differ, what we have asked it, and what it has that is not ours."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from brokers.models import Account, Connection
from trading.models.orders import Order
from trading.models.proposals import Proposal


class Break(models.Model):
    """One difference. While it is open, opening orders in its underlying are denied; without one, it halts nothing.

    A POSITION, PRICE or CASH break closes by itself once the books agree; an ORDER break once its cause is gone, or
    by a person. `details` holds what a person needs to decide: average prices, the legs of an offset.
    """

    class Kind(models.TextChoices):
        POSITION = "POSITION", "Position"
        PRICE = "PRICE", "Average price"
        CASH = "CASH", "Cash"
        ORDER = "ORDER", "Order"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="breaks")
    kind = models.CharField(max_length=8, choices=Kind)
    code = models.CharField(max_length=24, blank=True)  # of an ORDER break: the alert that opened it
    subject = models.CharField(max_length=40)  # symbol, currency or ClOrdID
    underlying = models.CharField(max_length=10, blank=True)
    ours = models.CharField(max_length=60)
    theirs = models.CharField(max_length=60)
    details = models.JSONField(default=dict)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="breaks")
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, null=True, related_name="breaks")  # the offset
    found_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=400, blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "reconcile_break"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "code", "subject"],
                condition=Q(resolved_at=None),
                name="one_open_break_for_each_subject",
            )
        ]
        indexes = [models.Index(fields=["account", "id"], condition=Q(resolved_at=None), name="breaks_open")]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class Inquiry(models.Model):
    """A question about an order that the broker's next whole answer settles: its status, or executions it owes us."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="inquiries")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=24)
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "inquiry"
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(answered_at=None), name="an_order_is_asked_about_once"
            )
        ]
        indexes = [models.Index(fields=["connection"], condition=Q(answered_at=None), name="inquiries_open")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.why}"


class ExternalOrder(models.Model):
    """What the desk does about an order that is not its own: watch it, or treat it as its own."""

    class State(models.TextChoices):
        OBSERVED = "OBSERVED", "Watched"
        ADOPTED = "ADOPTED", "The desk's from now on"
        CANCELING = "CANCELING", "Cancel asked for"

    order = models.OneToOneField(Order, on_delete=models.PROTECT, primary_key=True, related_name="external")
    theirs = models.CharField(max_length=60)  # the name under which the broker's session knows it
    state = models.CharField(max_length=9, choices=State, default=State.OBSERVED)
    reason = models.CharField(max_length=400, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "external_order"

    def __str__(self) -> str:
        return f"{self.theirs} {self.state}"
