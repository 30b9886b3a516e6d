"""The protocol's parameters, and how it read each week."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from brokers.models import Account


class ParameterSet(models.Model):
    """The protocol's numbers, whole. A version is never changed; one is active."""

    version = models.PositiveIntegerField(unique=True)
    parameters = models.JSONField()
    reason = models.CharField(max_length=400)
    is_active = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "parameter_set"
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"], condition=Q(is_active=True), name="one_parameter_set_is_active"
            )
        ]

    def __str__(self) -> str:
        return f"v{self.version}"


class MarketWeek(models.Model):
    """The market's class for one week. The engine may worsen it within the week; only a person improves it."""

    class Klass(models.TextChoices):
        GREEN = "GREEN", "Green"
        CHOP = "CHOP", "Chop"
        RED = "RED", "Red"

    monday = models.DateField(unique=True)
    klass = models.CharField(max_length=5, choices=Klass)
    evidence = models.JSONField()  # trend, volatility, support, with the numbers they came from
    classified_at = models.DateTimeField()

    class Meta:
        db_table = "market_week"

    def __str__(self) -> str:
        return f"{self.monday} {self.klass}"


class WeekLabel(models.Model):
    """The outcome type of one account, underlying and week: one of the eleven."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="week_labels")
    underlying = models.CharField(max_length=10)
    monday = models.DateField()
    week_type = models.CharField(max_length=8)  # a trading.domain.protocol WeekType
    flags = models.JSONField(default=list)
    inputs = models.JSONField()
    is_final = models.BooleanField(default=False)
    labelled_at = models.DateTimeField()

    class Meta:
        db_table = "week_label"
        constraints = [
            models.UniqueConstraint(fields=["account", "underlying", "monday"], name="one_label_a_week_and_sleeve")
        ]

    def __str__(self) -> str:
        return f"{self.monday} {self.account_id} {self.underlying} {self.week_type}"


class StrategyNote(models.Model):
    """What the engine last decided for one sleeve, and why: shown on the Strategy page, replaced at each run."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="strategy_notes")
    underlying = models.CharField(max_length=10)
    outcome = models.CharField(max_length=20)  # PROPOSED, WAITING, IDLE
    reason_code = models.CharField(max_length=40)
    sentence = models.CharField(max_length=300)
    details = models.JSONField(default=dict)
    decided_at = models.DateTimeField()  # the exchange's clock

    class Meta:
        db_table = "strategy_note"
        constraints = [models.UniqueConstraint(fields=["account", "underlying"], name="one_note_a_sleeve")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.underlying} {self.outcome}"
