"""The paper broker's own books: what it would say if asked. The desk's tables never join these."""

from django.db import models
from django.db.models import F, Q


class PaperAccount(models.Model):
    """Cash at the paper broker, in dollars. It may fall below zero: an assignment does not ask."""

    number = models.CharField(max_length=40, unique=True)
    cash = models.DecimalField(max_digits=18, decimal_places=4)
    settlement = models.JSONField(default=dict)  # what of the cash is on its way, and violations of good faith
    standing = models.JSONField(default=dict)  # how far it has come with corporate actions, and what it is owed

    class Meta:
        db_table = "paper_account"

    def __str__(self) -> str:
        return self.number


class PaperOrder(models.Model):
    """An order as the paper broker holds it. `ticket` is the kernel ticket in force, its quantity the total."""

    class Status(models.TextChoices):
        PENDING = "PENDING", "On its way"
        WORKING = "WORKING", "Working"
        FILLED = "FILLED", "Filled"
        CANCELED = "CANCELED", "Canceled"
        REJECTED = "REJECTED", "Rejected"
        EXPIRED = "EXPIRED", "Expired"

    account = models.ForeignKey(PaperAccount, on_delete=models.PROTECT, related_name="orders")
    cl_ord_id = models.CharField(max_length=20)  # of the first message: a second with it is refused
    current_cl_ord_id = models.CharField(max_length=20)  # the newest accepted
    ticket = models.JSONField()
    status = models.CharField(max_length=10, choices=Status)
    order_qty = models.PositiveIntegerField()
    cum_qty = models.PositiveIntegerField(default=0)
    fill_count = models.PositiveIntegerField(default=0)  # the next execution's number
    is_triggered = models.BooleanField(default=False)
    confirmations = models.PositiveSmallIntegerField(default=0)  # of a stop not yet triggered
    seen_at = models.DateTimeField(null=True)  # when the quote that a stop counted last was vouched for
    trail_mark = models.DecimalField(max_digits=14, decimal_places=4, null=True)  # best price a trailing stop has seen
    is_resting = models.BooleanField(default=False)
    queue_ahead = models.PositiveIntegerField(null=True)  # of an order that rests: how much is before it at its price
    queue_shown = models.IntegerField(null=True)  # the size it saw there last; -1 while it is inside the market
    queue_volume = models.BigIntegerField(null=True)  # the day's volume it saw last; -1 likewise
    reason = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField(default=0)  # counts the writes: who missed one may not write the next
    arrives_at = models.DateTimeField()  # the system's clock: when, after latency, it is at the exchange
    changed_at = models.DateTimeField()  # the system's clock
    expires_at = models.DateTimeField(null=True)  # the exchange's clock

    class Meta:
        db_table = "paper_order"
        indexes = [
            models.Index(fields=["status"], condition=Q(status__in=["PENDING", "WORKING"]), name="paper_open_orders"),
            models.Index(fields=["changed_at"], name="paper_orders_by_change"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["cl_ord_id"], name="paper_takes_a_name_once"),
            models.UniqueConstraint(fields=["current_cl_ord_id"], name="paper_orders_have_one_name_each"),
            models.CheckConstraint(condition=Q(cum_qty__lte=F("order_qty")), name="paper_fills_within_quantity"),
            models.CheckConstraint(
                condition=~Q(status="FILLED") | Q(cum_qty=F("order_qty")), name="paper_filled_is_all_of_it"
            ),
        ]

    def __str__(self) -> str:
        return self.cl_ord_id


class PaperRequest(models.Model):
    """A cancel or a replace. `order` is empty when no order ever had the id that it named."""

    class Kind(models.TextChoices):
        CANCEL = "CANCEL", "Cancel"
        REPLACE = "REPLACE", "Replace"

    class State(models.TextChoices):
        PENDING = "PENDING", "On its way"
        ACCEPTED = "ACCEPTED", "Accepted"
        REJECTED = "REJECTED", "Rejected"

    account = models.ForeignKey(PaperAccount, on_delete=models.PROTECT, related_name="requests")
    order = models.ForeignKey(PaperOrder, on_delete=models.PROTECT, null=True, related_name="requests")
    cl_ord_id = models.CharField(max_length=20, unique=True)
    orig_cl_ord_id = models.CharField(max_length=20)
    kind = models.CharField(max_length=7, choices=Kind)
    state = models.CharField(max_length=8, choices=State)
    terms = models.JSONField(default=dict)  # of a replace: quantity, limit_price, stop_price
    reason = models.CharField(max_length=200, blank=True)
    version = models.PositiveIntegerField(default=0)
    arrives_at = models.DateTimeField()

    class Meta:
        db_table = "paper_request"
        indexes = [models.Index(fields=["state"], condition=Q(state="PENDING"), name="paper_open_requests")]

    def __str__(self) -> str:
        return f"{self.kind} {self.cl_ord_id}"


class PaperExecution(models.Model):
    """One leg's fill at the paper broker. `quote_at` names the update of the quote whose size it took."""

    order = models.ForeignKey(PaperOrder, on_delete=models.PROTECT, related_name="executions")
    exec_id = models.CharField(max_length=40)
    leg = models.PositiveSmallIntegerField()
    symbol = models.CharField(max_length=21)
    side = models.CharField(max_length=4)
    qty = models.PositiveIntegerField()
    units = models.PositiveIntegerField()  # of the order, all legs together
    px = models.DecimalField(max_digits=14, decimal_places=4)
    fee = models.DecimalField(max_digits=12, decimal_places=4)
    multiplier = models.PositiveIntegerField()
    transact_at = models.DateTimeField()  # the exchange's clock
    quote_at = models.DateTimeField()  # the exchange's clock
    why = models.JSONField(default=dict)  # rule, quote, draw: what decided the fill

    class Meta:
        db_table = "paper_execution"
        indexes = [models.Index(fields=["symbol", "side", "-quote_at"], name="paper_size_taken")]
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
    """What befell a position at the paper broker without an order; `event_id` makes it once only."""

    account = models.ForeignKey(PaperAccount, on_delete=models.PROTECT, related_name="bookings")
    event_id = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=16)
    symbol = models.CharField(max_length=21)
    qty = models.IntegerField()
    px = models.DecimalField(max_digits=14, decimal_places=4)
    underlying = models.CharField(max_length=21, blank=True)
    shares = models.IntegerField(default=0)
    delivery_px = models.DecimalField(max_digits=18, decimal_places=8, null=True)
    fee = models.DecimalField(max_digits=12, decimal_places=4)
    carried = models.JSONField(null=True)  # of a corporate action: what it made of the position
    transact_at = models.DateTimeField()  # the exchange's clock
    booked_at = models.DateTimeField()  # the system's clock

    class Meta:
        db_table = "paper_booking"
        indexes = [models.Index(fields=["booked_at"], name="paper_bookings_by_time")]

    def __str__(self) -> str:
        return self.event_id


class PaperInstruction(models.Model):
    """What a holder told the paper broker of a long option. The desk's id for it names it once and for ever."""

    class Kind(models.TextChoices):
        EXERCISE = "EXERCISE", "Exercise"
        DO_NOT_EXERCISE = "DO_NOT_EXERCISE", "Do not exercise"

    class Standing(models.TextChoices):
        ACCEPTED = "ACCEPTED", "Accepted"
        WITHDRAWN = "WITHDRAWN", "Withdrawn"
        DONE = "DONE", "Done"

    account = models.ForeignKey(PaperAccount, on_delete=models.PROTECT, related_name="instructions")
    instruction_id = models.CharField(max_length=40, unique=True)
    symbol = models.CharField(max_length=21)
    kind = models.CharField(max_length=15, choices=Kind)
    qty = models.PositiveIntegerField()
    acts_by = models.DateTimeField()  # the exchange's clock: the close at which it acts
    taken_at = models.DateTimeField()  # the system's clock
    standing = models.CharField(max_length=9, choices=Standing)
    exercised = models.PositiveIntegerField(null=True)  # contracts, once it is done
    version = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "paper_instruction"
        indexes = [
            models.Index(fields=["account"], condition=Q(standing="ACCEPTED"), name="paper_open_instructions"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(qty__gte=1), name="paper_instruction_is_about_something"),
            models.CheckConstraint(
                condition=Q(standing="DONE", exercised__lte=F("qty")) | Q(~Q(standing="DONE"), exercised=None),
                name="paper_done_instruction_says_what_it_did",
            ),
        ]

    def __str__(self) -> str:
        return self.instruction_id
