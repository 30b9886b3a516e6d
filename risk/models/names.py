"""What stands in the way of a name or a kind of trade until a person lets it go on."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from allcore.kernel.orders import Side
from brokers.models import Account
from risk.domain.circumstances import NameRuleKind
from risk.domain.structure import Structure

KIND_LABELS = {
    NameRuleKind.RESTRICTED: "Not traded",
    NameRuleKind.CLOSE_ONLY: "Closed only",
    NameRuleKind.ALLOWED: "Allowed",
}


class NameRule(models.Model):
    """A rule of one name, for everybody or one account. What is stricter holds at once, what is looser needs two."""

    underlying = models.CharField(max_length=10)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, blank=True, related_name="name_rules")
    kind = models.CharField(max_length=10, choices=[(k.value, KIND_LABELS[k]) for k in NameRuleKind])
    reason = models.CharField(max_length=400)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    in_force_at = models.DateTimeField(null=True)
    lift_asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    lift_reason = models.CharField(max_length=400, blank=True)
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "name_rule"
        constraints = [
            models.UniqueConstraint(
                fields=["underlying", "account", "kind"],
                condition=Q(lifted_at=None),
                nulls_distinct=False,
                name="one_name_rule_of_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None)
                | (Q(lifted_by__isnull=False, lift_asked_by__isnull=False) & ~Q(lifted_by=F("lift_asked_by"))),
                name="two_people_lift_a_name_rule",
            ),
            models.CheckConstraint(
                condition=~Q(kind="ALLOWED", in_force_at__isnull=False)
                | (Q(confirmed_by__isnull=False) & ~Q(confirmed_by=F("asked_by"))),
                name="two_people_allow_a_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.underlying} {self.kind}"


class StrategyHold(models.Model):
    """A kind of trade that repeated executions have stopped on one side of a name, until a person lets it go on."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="strategy_holds")
    structure = models.CharField(max_length=20, choices=[(s.value, s.value) for s in Structure])
    underlying = models.CharField(max_length=10)
    side = models.CharField(max_length=4, choices=[(s.value, s.value) for s in Side])
    fills = models.PositiveIntegerField()
    engaged_at = models.DateTimeField()
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    release_reason = models.CharField(max_length=400, blank=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "strategy_hold"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "underlying", "structure", "side"],
                condition=Q(released_at=None),
                name="one_hold_of_a_strategy",
            ),
            models.CheckConstraint(
                condition=Q(released_at=None) | (Q(released_by__isnull=False) & ~Q(release_reason="")),
                name="a_person_lets_a_strategy_go_on_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.structure} {self.underlying} {self.side}"
