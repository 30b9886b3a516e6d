"""The paper broker's own books: what it would say if asked. The desk's tables never join these."""

from django.db import models
from django.db.models import Q


class PaperAccount(models.Model):
    """Cash at the paper broker, in dollars."""

    number = models.CharField(max_length=40, unique=True)
    cash = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        db_table = "paper_account"

    def __str__(self) -> str:
        return self.number


class PaperOrder(models.Model):
    """An order as the paper broker holds it. `cl_ord_id` is the newest accepted one; `ticket` the kernel ticket's JSON."""

    class Status(models.TextChoices):
        PENDING = "PENDING", "Received"
        WORKING = "WORKING", "Working"
        FILLED = "FILLED", "Filled"
        CANCELED = "CANCELED", "Canceled"
        REJECTED = "REJECTED", "Rejected"
        EXPIRED = "EXPIRED", "Expired"

    account = models.ForeignKey(PaperAccount, on_delete=models.PROTECT, related_name="orders")
    cl_ord_id = models.CharField(max_length=20, unique=True)  # a second submit with the same id is refused
    current_cl_ord_id = models.CharField(max_length=20, unique=True)
    ticket = models.JSONField()
    status = models.CharField(max_length=10, choices=Status)
    order_qty = models.PositiveIntegerField()
    cum_qty = models.PositiveIntegerField(default=0)
    is_triggered = models.BooleanField(default=False)
    reason = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField()  # the exchange's clock
    arrives_at = models.DateTimeField()  # system clock: when, after latency, the order is at the exchange

    class Meta:
        db_table = "paper_order"
        indexes = [
            models.Index(fields=["status"], condition=Q(status__in=["PENDING", "WORKING"]), name="paper_open_orders")
        ]
        constraints = [
            models.CheckConstraint(condition=Q(cum_qty__lte=models.F("order_qty")), name="paper_fills_within_quantity")
        ]

    def __str__(self) -> str:
        return self.cl_ord_id


class PaperExecution(models.Model):
    """One leg's fill at the paper broker."""

    order = models.ForeignKey(PaperOrder, on_delete=models.PROTECT, related_name="executions")
    exec_id = models.CharField(max_length=40)
    leg = models.PositiveSmallIntegerField()
    symbol = models.CharField(max_length=21)
    side = models.CharField(max_length=4)
    qty = models.PositiveIntegerField()
    px = models.DecimalField(max_digits=14, decimal_places=4)
    fee = models.DecimalField(max_digits=12, decimal_places=4)
    transact_at = models.DateTimeField()

    class Meta:
        db_table = "paper_execution"
        constraints = [models.UniqueConstraint(fields=["exec_id", "leg"], name="paper_exec_id_is_unique")]

    def __str__(self) -> str:
        return f"{self.exec_id}/{self.leg}"


class PaperPosition(models.Model):
    """A position at the paper broker, signed."""

    account = models.ForeignKey(PaperAccount, on_delete=models.PROTECT, related_name="positions")
    symbol = models.CharField(max_length=21)
    qty = models.IntegerField()
    avg_px = models.DecimalField(max_digits=18, decimal_places=8)

    class Meta:
        db_table = "paper_position"
        constraints = [models.UniqueConstraint(fields=["account", "symbol"], name="paper_one_position_each")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.symbol} {self.qty}"


class PaperBooking(models.Model):
    """An expiry, assignment or exercise at the paper broker; `event_id` makes it once only."""

    account = models.ForeignKey(PaperAccount, on_delete=models.PROTECT, related_name="bookings")
    event_id = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=12)
    symbol = models.CharField(max_length=21)
    qty = models.IntegerField()
    px = models.DecimalField(max_digits=14, decimal_places=4)
    underlying = models.CharField(max_length=21, blank=True)
    shares = models.IntegerField(default=0)
    delivery_px = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    fee = models.DecimalField(max_digits=12, decimal_places=4)
    transact_at = models.DateTimeField()

    class Meta:
        db_table = "paper_booking"

    def __str__(self) -> str:
        return self.event_id
