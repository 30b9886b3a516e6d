"""Connections to brokers, their leases, and the accounts behind them."""

from django.db import models
from django.db.models import Q


class Connection(models.Model):
    """One login at one broker. One worker at a time holds its lease; `lease_epoch` fences the old."""

    class Environment(models.TextChoices):
        PAPER = "PAPER", "Paper"
        LIVE = "LIVE", "Live"

    class State(models.TextChoices):
        DOWN = "DOWN", "Not connected"
        SYNCING = "SYNCING", "Reconciling"
        UP = "UP", "Connected"

    name = models.SlugField(max_length=40, unique=True)
    broker = models.CharField(max_length=40)  # a key of brokers.registry
    environment = models.CharField(max_length=8, choices=Environment)
    settings = models.JSONField(default=dict)
    is_paused = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.DOWN)
    state_reason = models.CharField(max_length=200, blank=True)
    lease_owner = models.CharField(max_length=120, blank=True)
    lease_epoch = models.BigIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    reconciled_at = models.DateTimeField(null=True)
    resumed_at = models.DateTimeField(null=True)  # when a person last said: try now

    class Meta:
        db_table = "connection"

    def __str__(self) -> str:
        return self.name


class Account(models.Model):
    """An account that the desk trades. `code` is ours, `broker_account` the broker's own number."""

    class Tier(models.TextChoices):
        MANUAL = "manual", "Manual, without the protocol"
        GEN = "gen", "Generation"
        REV = "rev", "Revenue"
        COM = "com", "Compounding"

    class ExternalPolicy(models.TextChoices):
        OBSERVE = "OBSERVE", "Watch it"
        ADOPT = "ADOPT", "Treat it as the desk's"
        CANCEL = "CANCEL", "Cancel it"

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=80)
    tier = models.CharField(max_length=6, choices=Tier)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="accounts")
    broker_account = models.CharField(max_length=40)
    is_enabled = models.BooleanField(default=True)
    allows_self_approval = models.BooleanField(default=False)  # may who changed a proposal also approve it?
    baseline = models.DecimalField(max_digits=18, decimal_places=2)  # US dollars put in; forks measure surplus from it
    # What to do about an order at the broker that the desk did not send.
    external_policy = models.CharField(max_length=7, choices=ExternalPolicy, default=ExternalPolicy.OBSERVE)
    position_order = models.PositiveSmallIntegerField(default=0)  # where it stands in lists

    class Meta:
        db_table = "account"
        constraints = [
            models.UniqueConstraint(fields=["connection", "broker_account"], name="one_account_for_each_broker_number"),
            models.CheckConstraint(condition=Q(baseline__gte=0), name="baseline_is_not_negative"),
        ]

    def __str__(self) -> str:
        return self.code
