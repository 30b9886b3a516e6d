"""Which lots a closing trade takes: what an account elected, and what an order named."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from brokers.models import Account
from trading.domain.books.lots import LotMethod
from trading.models.executions import BookEvent, Execution
from trading.models.orders import Order


class LotElection(models.Model):
    """From this New York date on, the account's closing trades take lots by this method; before the first, FIFO."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lot_elections")
    method = models.CharField(max_length=8, choices=[(m.value, m.value) for m in LotMethod])
    effective_from = models.DateField()  # New York
    elected_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    elected_at = models.DateTimeField()

    class Meta:
        db_table = "lot_election"
        constraints = [models.UniqueConstraint(fields=["account", "effective_from"], name="one_lot_election_a_day")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.method} from {self.effective_from}"


class LotInstruction(models.Model):
    """So much of a leg of a closing order is to come from the lot that this fill or book event opened."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lot_instructions")
    leg = models.PositiveSmallIntegerField()
    position = models.PositiveSmallIntegerField()  # in the order the person named them
    execution = models.ForeignKey(Execution, on_delete=models.PROTECT, null=True, related_name="+")
    book_event = models.ForeignKey(BookEvent, on_delete=models.PROTECT, null=True, related_name="+")
    qty = models.PositiveIntegerField()

    class Meta:
        db_table = "lot_instruction"
        constraints = [
            models.UniqueConstraint(fields=["order", "leg", "position"], name="lot_instructions_are_numbered"),
            models.CheckConstraint(
                condition=Q(execution__isnull=False, book_event=None) | Q(execution=None, book_event__isnull=False),
                name="a_lot_instruction_names_one_lot",
            ),
            models.CheckConstraint(condition=Q(qty__gte=1), name="a_lot_instruction_takes_something"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id}/{self.leg} {self.qty}"
