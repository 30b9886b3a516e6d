"""Runs of execution algorithms: the parent, what it heard, and which orders are its children; and routing's scorecards.

A run is not an order: it is never sent and books nothing. It reserves what it has not sent yet; its children are orders
like any other.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from brokers.models import Account
from risk.models import Verdict
from trading.models.orders import Order
from trading.models.proposals import Approval, Mandate, Proposal


class AlgoRun(models.Model):
    """One parent. `status`, `ending` and the quantities repeat what its events, stepped through, come to."""

    class Status(models.TextChoices):
        RUNNING = "RUNNING", "Running"
        PAUSED = "PAUSED", "Paused"
        STOPPING = "STOPPING", "Stopping"
        DONE = "DONE", "Done"

    ACTIVE = (Status.RUNNING, Status.PAUSED, Status.STOPPING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="algo_runs")
    underlying = models.CharField(max_length=10)
    description = models.CharField(max_length=200)
    ticket = models.JSONField()  # the parent's OrderTicket: what was approved
    algo = models.CharField(max_length=10)  # a trading.domain.algos Algo
    parameters = models.JSONField()  # all of them, those that the desk measured too
    choice = models.JSONField()  # by whom, and what the table says and why
    seed = models.CharField(max_length=40)
    origin = models.CharField(max_length=8)  # an Order.Origin
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="algo_runs")
    started_via = models.JSONField(default=dict)
    approval = models.ForeignKey(Approval, on_delete=models.PROTECT, related_name="algo_runs")
    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, null=True, related_name="run")
    accepted = models.JSONField(default=list)  # rules whose soft blocks were accepted with the proposal
    lots = models.JSONField(default=list)  # [leg, lot, quantity]: those that its children take first, in this order
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, null=True, related_name="algo_runs")
    verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, related_name="algo_runs")  # of the whole
    quantity = models.PositiveIntegerField()
    cum_qty = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=8, choices=Status, default=Status.RUNNING)
    ending = models.CharField(max_length=10, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    hold = models.CharField(max_length=300, blank=True)
    seq = models.PositiveIntegerField(default=0)  # of the last event
    lease_owner = models.CharField(max_length=120, blank=True)
    lease_expires_at = models.DateTimeField(null=True)  # the system's clock
    trace_id = models.CharField(max_length=32)
    starts_at = models.DateTimeField()  # the exchange's clock
    ends_at = models.DateTimeField()
    created_at = models.DateTimeField()  # the system's clock
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "algo_run"
        constraints = [
            models.CheckConstraint(condition=Q(quantity__gte=1), name="a_run_is_for_something"),
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="a_run_ends"),
            models.CheckConstraint(
                condition=Q(status="DONE", ended_at__isnull=False) | (~Q(status="DONE") & Q(ended_at=None)),
                name="a_run_that_is_done_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-created_at", "id"], name="algo_run_list"),
            models.Index(fields=["lease_expires_at", "id"], condition=~Q(status="DONE"), name="algo_run_active"),
        ]

    def __str__(self) -> str:
        return f"{self.algo} {self.description}"


class AlgoEvent(models.Model):
    """Something a run heard that changed it, and what it asked for then. A restart steps through these."""

    run = models.ForeignKey(AlgoRun, on_delete=models.PROTECT, related_name="events")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=8)  # a trading.domain.algos event
    data = models.JSONField()
    actions = models.JSONField(default=list)
    at = models.DateTimeField()  # the exchange's clock
    recorded_at = models.DateTimeField()  # the system's clock

    class Meta:
        db_table = "algo_event"
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="algo_events_are_numbered")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.seq} {self.kind}"


class AlgoChild(models.Model):
    """Which order is which step of which run."""

    run = models.ForeignKey(AlgoRun, on_delete=models.PROTECT, related_name="children")
    step = models.PositiveIntegerField()
    leg = models.SmallIntegerField(default=-1)  # the leg that it trades alone, or -1 for the whole
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="algo_child")

    class Meta:
        db_table = "algo_child"
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="a_step_has_one_child")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.step}"


class RouteScorecard(models.Model):
    """Why an order went where it went: every candidate, its refusals and its expected cost, as it was reckoned."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="scorecard")
    card = models.JSONField()
    scored_at = models.DateTimeField()

    class Meta:
        db_table = "route_scorecard"

    def __str__(self) -> str:
        return f"{self.order_id}"
