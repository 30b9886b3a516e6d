"""Corporate actions as people entered them: what befalls a share, and from when."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from allcore.kernel.reports import BookKind

KINDS = (BookKind.SPLIT, BookKind.DIVIDEND, BookKind.SPECIAL_DIVIDEND, BookKind.SYMBOL_CHANGE)


class CorporateAction(models.Model):
    """An action that holds for positions from before `ex_date`; brokers of the desk's own hear of confirmed ones only.

    The days are New York's. `amount` is in dollars a share; a split gives `ratio_new` for `ratio_old`.
    """

    class State(models.TextChoices):
        ENTERED = "ENTERED", "Entered"
        CONFIRMED = "CONFIRMED", "Confirmed"
        WITHDRAWN = "WITHDRAWN", "Withdrawn"

    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in KINDS])
    symbol = models.CharField(max_length=10)
    ex_date = models.DateField()
    record_date = models.DateField(null=True)
    pay_date = models.DateField(null=True)
    ratio_new = models.PositiveIntegerField(default=1)
    ratio_old = models.PositiveIntegerField(default=1)
    amount = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    to_symbol = models.CharField(max_length=10, blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.ENTERED)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "corporate_action"
        constraints = [
            models.UniqueConstraint(
                fields=["symbol", "kind", "ex_date"],
                condition=~Q(state="WITHDRAWN"),
                name="one_corporate_action_of_a_kind_a_day",
            ),
            models.CheckConstraint(
                condition=Q(kind="SPLIT", ratio_new__gte=1, ratio_old__gte=1, amount=None, to_symbol="")
                & ~Q(ratio_new=F("ratio_old"))
                | Q(
                    kind__in=["DIVIDEND", "SPECIAL_DIVIDEND"],
                    amount__isnull=False,
                    ratio_new=1,
                    ratio_old=1,
                    to_symbol="",
                )
                & Q(amount__gt=0)
                | Q(kind="SYMBOL_CHANGE", amount=None, ratio_new=1, ratio_old=1) & ~Q(to_symbol=""),
                name="a_corporate_action_says_what_its_kind_needs",
            ),
            models.CheckConstraint(
                condition=~Q(state="CONFIRMED") | ~Q(decided_by=F("entered_by")),
                name="a_corporate_action_is_confirmed_by_another",
            ),
            models.CheckConstraint(
                condition=Q(pay_date=None) | Q(pay_date__gte=F("ex_date")),
                name="a_dividend_is_not_paid_before_its_ex_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.symbol} {self.ex_date}"
