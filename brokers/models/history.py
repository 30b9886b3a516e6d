"""What an account did before the desk knew it."""

from django.db import models
from django.db.models import Q

from brokers.models.connections import Account


class HistoryEntry(models.Model):
    """One transaction of a broker's own books, imported from a file: shown, and never part of the desk's books."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    transaction_id = models.CharField(max_length=40)
    at = models.DateTimeField()  # New York's midnight where the file has only a day
    kind = models.CharField(max_length=40)  # the broker's word
    symbol = models.CharField(max_length=40, blank=True)  # an option under its OCC name
    side = models.CharField(max_length=4, blank=True)
    qty = models.DecimalField(max_digits=18, decimal_places=6, null=True)  # contracts or shares
    price = models.DecimalField(max_digits=18, decimal_places=6, null=True)  # dollars per share
    fees = models.DecimalField(max_digits=18, decimal_places=6)  # dollars
    amount = models.DecimalField(max_digits=18, decimal_places=6)  # dollars to the cash; what was paid is negative
    description = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "history_entry"
        constraints = [
            models.UniqueConstraint(fields=["account", "transaction_id"], name="a_transaction_is_kept_once"),
            models.CheckConstraint(condition=Q(side__in=["", "BUY", "SELL"]), name="history_side_is_a_side"),
        ]
        indexes = [models.Index(fields=["account", "-at", "-id"], name="history_by_account")]

    def __str__(self) -> str:
        return f"{self.transaction_id} {self.kind} {self.amount}"
