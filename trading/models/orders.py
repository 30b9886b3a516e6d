"""The order, its legs, its events, and its requests to the broker: the outbox."""

import uuid

from django.db import models
from django.db.models import F, Q

from allcore.kernel.orders import OrdStatus, OrdType, PositionEffect, PriceEffect, Side, TimeInForce, TriggerPrice
from brokers.models import Account, Connection
from marketdata.models import Instrument
from risk.models import Verdict
from trading.models.proposals import Approval, Proposal


def _choices(
    words: type[Side | OrdType | TimeInForce | PositionEffect | PriceEffect | OrdStatus | TriggerPrice],
) -> list[tuple[str, str]]:
    return [(w.value, w.value.replace("_", " ").capitalize()) for w in words]


class Order(models.Model):
    """One order. `status` and the quantities are what `trading.domain.orders` derives from its events; nothing else is.

    `limit_price` and `stop_price` are dollars per share of one unit, never negative; `price_effect` says who pays.
    """

    class Origin(models.TextChoices):
        PROPOSAL = "PROPOSAL", "Approved proposal"
        TICKET = "TICKET", "Ticket by hand"
        API = "API", "Script"
        EXTERNAL = "EXTERNAL", "Found at the broker"
        RECONCILIATION = "RECONCILIATION", "Adjusted by reconciliation"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    cl_ord_id = models.CharField(max_length=20)  # of the first request
    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False, related_name="orders")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="orders")
    origin = models.CharField(max_length=14, choices=Origin)
    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, null=True, related_name="order")
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, null=True, related_name="orders")
    verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, null=True, db_index=False, related_name="orders")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, db_index=False, related_name="children")
    underlying = models.CharField(max_length=10)
    description = models.CharField(max_length=200, blank=True)  # as a trader would say it
    side = models.CharField(max_length=4, choices=_choices(Side))
    ord_type = models.CharField(max_length=16, choices=_choices(OrdType))
    time_in_force = models.CharField(max_length=4, choices=_choices(TimeInForce))
    price_effect = models.CharField(max_length=6, choices=_choices(PriceEffect))
    limit_price = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    stop_price = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    trail_amount = models.DecimalField(max_digits=14, decimal_places=4, null=True)  # dollars per share
    trail_percent = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    expire_at = models.DateTimeField(null=True)  # of a GTD order
    trigger = models.CharField(max_length=16, choices=_choices(TriggerPrice), blank=True)
    order_qty = models.PositiveIntegerField()
    status = models.CharField(max_length=20, choices=_choices(OrdStatus))
    fix_ord_status = models.CharField(max_length=20, blank=True)
    state = models.JSONField(default=dict)  # the order core's whole state; `status` and quantities repeat parts of it
    cum_qty = models.PositiveIntegerField(default=0)
    leaves_qty = models.PositiveIntegerField(default=0)
    unit_notional = models.DecimalField(max_digits=18, decimal_places=2, null=True)  # dollars one unit opens; or empty
    overfill_qty = models.PositiveIntegerField(default=0)
    avg_px = models.DecimalField(max_digits=18, decimal_places=8, null=True)
    broker_order_id = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    arrival = models.JSONField(default=dict)  # quotes when it was staged
    trace_id = models.CharField(max_length=32)
    trade_date = models.DateField()  # New York
    staged_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    acked_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "order"
        constraints = [
            models.UniqueConstraint(fields=["cl_ord_id"], name="an_order_has_its_own_name"),
            models.CheckConstraint(
                condition=Q(origin__in=["EXTERNAL", "RECONCILIATION"])
                | Q(
                    status__in=[
                        "DRAFT",
                        "RISK_CHECK",
                        "DENIED",
                        "AWAITING_APPROVAL",
                        "APPROVAL_DENIED",
                        "APPROVAL_EXPIRED",
                        "ABANDONED",
                    ]
                )
                | Q(approval__isnull=False, verdict__isnull=False),
                name="nothing_is_staged_without_approval_and_verdict",
            ),
            models.CheckConstraint(condition=Q(order_qty__gte=1), name="an_order_is_for_something"),
            models.CheckConstraint(
                condition=Q(leaves_qty=0) | Q(order_qty=F("leaves_qty") + F("cum_qty")),
                name="leaves_and_cum_make_the_order",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-created_at", "id"], name="order_blotter"),
            models.Index(
                fields=["account", "trade_date"], condition=Q(unit_notional__isnull=False), name="order_opened_on"
            ),
            models.Index(
                fields=["account", "underlying", "staged_at"],
                condition=Q(staged_at__isnull=False),
                name="order_staged_lately",
            ),
            models.Index(fields=["parent"], condition=Q(parent__isnull=False), name="order_children"),
            models.Index(
                fields=["account", "underlying"],
                condition=~Q(
                    status__in=[
                        "DENIED",
                        "APPROVAL_DENIED",
                        "APPROVAL_EXPIRED",
                        "ABANDONED",
                        "FILLED",
                        "CANCELED",
                        "REJECTED",
                        "EXPIRED",
                    ]
                ),
                name="order_working",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cl_ord_id} {self.status}"


class OrderLeg(models.Model):
    """One instrument of the order, `ratio` of it for each unit."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, db_index=False, related_name="legs")
    index = models.PositiveSmallIntegerField()
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=4, choices=_choices(Side))
    position_effect = models.CharField(max_length=5, choices=_choices(PositionEffect))
    ratio = models.PositiveSmallIntegerField(default=1)

    class Meta:
        db_table = "order_leg"
        constraints = [
            models.UniqueConstraint(fields=["order", "index"], name="legs_are_numbered"),
            models.CheckConstraint(condition=Q(ratio__gte=1), name="a_leg_trades_something"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.index}"


class OrderRequest(models.Model):
    """One thing we ask the broker to do: the outbox. `cl_ord_id` is minted once and burned for ever.

    TO_SEND is claimed by a conditional UPDATE to SENT, committed, and only then sent, once.
    """

    class Kind(models.TextChoices):
        NEW = "NEW", "New"
        CANCEL = "CANCEL", "Cancel"
        REPLACE = "REPLACE", "Replace"

    class State(models.TextChoices):
        TO_SEND = "TO_SEND", "In the outbox"
        SENT = "SENT", "Sent, no answer yet"
        ACKED = "ACKED", "Accepted"
        REJECTED = "REJECTED", "Rejected by the broker"
        IN_DOUBT = "IN_DOUBT", "Outcome unknown"
        VOIDED = "VOIDED", "Not sent"
        WAITING = "WAITING", "Waits for a cancel"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="requests")
    # The order's, for the index: the pace of messages is an account's.
    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False, related_name="+")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind)
    cl_ord_id = models.CharField(max_length=20)
    orig_cl_ord_id = models.CharField(max_length=60, blank=True)  # of a NEW that is not ours: the broker's name for it
    state = models.CharField(max_length=8, choices=State, default=State.TO_SEND)
    terms = models.JSONField(default=dict)  # of a REPLACE: quantity, limit_price, stop_price
    lease_epoch = models.BigIntegerField(null=True)  # whose claim it was
    reason = models.CharField(max_length=300, blank=True)
    # Of a REPLACE at a broker that has none: the cancel that must be confirmed before it is sent as a new order.
    guard = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="guarded")
    queries = models.PositiveSmallIntegerField(default=0)  # whole answers in which it was missing, while in doubt
    first_query_at = models.DateTimeField(null=True)
    last_query_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "order_request"
        constraints = [
            models.UniqueConstraint(fields=["cl_ord_id"], name="a_name_is_burned_once"),
            models.UniqueConstraint(fields=["order"], condition=Q(kind="NEW"), name="an_order_is_new_once"),
            models.CheckConstraint(
                condition=Q(state__in=["TO_SEND", "VOIDED", "WAITING"]) | Q(sent_at__isnull=False),
                name="what_was_sent_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "created_at"], name="requests_of_account"),
            models.Index(fields=["connection", "id"], condition=Q(state="TO_SEND"), name="outbox"),
            models.Index(
                fields=["connection", "id"], condition=Q(state__in=["SENT", "IN_DOUBT"]), name="outbox_unanswered"
            ),
            models.Index(
                fields=["connection", "orig_cl_ord_id"],
                condition=Q(kind="NEW") & ~Q(orig_cl_ord_id=""),
                name="orders_not_ours",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.cl_ord_id} {self.state}"


class OrderEvent(models.Model):
    """Something that happened to an order. The events, applied in order, are the order."""

    class Source(models.TextChoices):
        PERSON = "PERSON", "A person"
        DESK = "DESK", "The desk"
        BROKER = "BROKER", "The broker"
        RECONCILE = "RECONCILE", "Reconciliation"

    order = models.ForeignKey(Order, on_delete=models.PROTECT, db_index=False, related_name="events")
    seq = models.PositiveIntegerField()
    event = models.CharField(max_length=24)  # a trading.domain.orders event
    status = models.CharField(max_length=20)  # after it
    source = models.CharField(max_length=9, choices=Source)
    actor = models.CharField(max_length=120, blank=True)
    data = models.JSONField(default=dict)
    raw = models.JSONField(null=True)  # the broker's message
    at = models.DateTimeField()  # the system's clock

    class Meta:
        db_table = "order_event"
        constraints = [models.UniqueConstraint(fields=["order", "seq"], name="order_events_are_numbered")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.seq} {self.event}"
