"""What was traded, and what befell positions: the ledger that books are rebuilt from."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from allcore.kernel.orders import Side
from allcore.kernel.reports import BookKind
from brokers.models import Account, Connection
from marketdata.models import Instrument
from trading.models.orders import Order


class Execution(models.Model):
    """One leg's fill, applied once: the unique key is the broker's own."""

    class Status(models.TextChoices):
        LIVE = "LIVE", "Counts"
        BUSTED = "BUSTED", "Busted"
        CORRECTED = "CORRECTED", "Replaced by a correction"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="executions")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, db_index=False, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False, related_name="executions")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    exec_id = models.CharField(max_length=60)
    leg = models.PositiveSmallIntegerField()
    side = models.CharField(max_length=4, choices=[(s.value, s.value) for s in Side])
    qty = models.PositiveIntegerField()
    px = models.DecimalField(max_digits=14, decimal_places=4)  # per share
    fee = models.DecimalField(max_digits=12, decimal_places=4)  # dollars
    status = models.CharField(max_length=9, choices=Status, default=Status.LIVE)
    market = models.JSONField(default=dict)  # the quote at the fill
    trade_date = models.DateField()  # New York
    transact_at = models.DateTimeField()  # the exchange's clock
    received_at = models.DateTimeField()  # the system's clock

    class Meta:
        db_table = "execution"
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "account", "exec_id", "leg"], name="an_execution_is_applied_once"
            ),
            models.CheckConstraint(condition=Q(qty__gte=1), name="an_execution_trades_something"),
            models.CheckConstraint(condition=Q(px__gte=0), name="a_price_is_not_negative"),
        ]
        indexes = [models.Index(fields=["account", "-transact_at", "id"], name="execution_blotter")]

    def __str__(self) -> str:
        return f"{self.exec_id}/{self.leg}"


class BookEvent(models.Model):
    """What befell a position without an order, applied once; as `allcore.kernel.reports.BookReport` has it.

    `qty` is signed as the position was. With a `to_instrument`, its lots go on there, `to_qty` of them for `qty`.
    """

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="book_events")
    kind = models.CharField(
        max_length=16, choices=[(k.value, k.value.replace("_", " ").capitalize()) for k in BookKind]
    )
    event_id = models.CharField(max_length=80)
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    qty = models.IntegerField()
    px = models.DecimalField(max_digits=14, decimal_places=4)
    deliverable = models.ForeignKey(Instrument, on_delete=models.PROTECT, null=True, related_name="+")
    shares = models.IntegerField(default=0)
    delivery_px = models.DecimalField(max_digits=18, decimal_places=8, null=True)
    fee = models.DecimalField(max_digits=12, decimal_places=4, default=0)
    ratio_new = models.PositiveIntegerField(default=1)
    ratio_old = models.PositiveIntegerField(default=1)
    amount = models.DecimalField(max_digits=14, decimal_places=6, null=True)  # dollars a share, of a dividend
    to_instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, null=True, related_name="+")
    to_qty = models.IntegerField(null=True)
    income = models.DecimalField(max_digits=18, decimal_places=4, default=0)  # dollars received; paid, if below zero
    trade_date = models.DateField()
    transact_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        db_table = "book_event"
        constraints = [
            models.UniqueConstraint(fields=["connection", "account", "event_id"], name="a_book_event_is_applied_once"),
            models.CheckConstraint(
                condition=Q(to_instrument=None, to_qty=None) | Q(to_instrument__isnull=False, to_qty__isnull=False),
                name="what_is_carried_over_is_counted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"


class Quarantine(models.Model):
    """A broker's message that could not be applied: an ExecID seen with other content, say."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=40)
    message = models.CharField(max_length=400)
    report = models.JSONField()
    received_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolution = models.CharField(max_length=400, blank=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "quarantine"

    def __str__(self) -> str:
        return f"{self.code} {self.id}"
