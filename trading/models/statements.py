"""What each session left behind: the account's statement, and the broker's book that it was held against."""

from django.db import models

from brokers.models import Account


class BrokerBook(models.Model):
    """An account's book as its broker last told it whole; kept, so that the day's end can be held against it."""

    account = models.OneToOneField(Account, on_delete=models.PROTECT, primary_key=True, related_name="told")
    taken_at = models.DateTimeField()  # the system's clock
    cash = models.DecimalField(max_digits=18, decimal_places=4, null=True)  # dollars; None: the broker says none
    positions = models.JSONField(default=list)  # [symbol, signed quantity, average price per share as text]

    class Meta:
        db_table = "broker_book"

    def __str__(self) -> str:
        return f"{self.account_id} {self.taken_at:%F %T}"


class DayStatement(models.Model):
    """An account at the end of a session. Never changed: the audit trail has the SHA-256 of its `content`."""

    class Verdict(models.TextChoices):
        AGREES = "AGREES", "Agrees with the broker"
        BREAKS = "BREAKS", "Differs from the broker"
        UNTOLD = "UNTOLD", "The broker's book was not to be had"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="statements")
    day = models.DateField()  # New York
    verdict = models.CharField(max_length=6, choices=Verdict)
    equity = models.DecimalField(max_digits=18, decimal_places=2, null=True)  # None: a position has no mark
    day_pnl = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    made_at = models.DateTimeField()  # the system's clock

    class Meta:
        db_table = "day_statement"
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="one_statement_a_day")]
        indexes = [models.Index(fields=["-day", "account"], name="statements_by_day")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.day} {self.verdict}"
