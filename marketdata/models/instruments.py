"""Instruments and the dates that matter to them."""

from django.db import models
from django.db.models import Q

from allcore.kernel.instruments import InstrumentKind, Right, TickRule


class Instrument(models.Model):
    """A share, an index or a listed option. An option's `symbol` is its padded 21-character OCC name."""

    Kind = InstrumentKind

    symbol = models.CharField(max_length=21, unique=True)
    kind = models.CharField(max_length=8, choices=[(k.value, k.value) for k in InstrumentKind])
    name = models.CharField(max_length=80, blank=True)
    underlying = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="options")
    expiry = models.DateField(null=True)  # New York
    strike = models.DecimalField(max_digits=11, decimal_places=3, null=True)
    right = models.CharField(max_length=1, choices=[(r.value, r.name) for r in Right], blank=True)
    multiplier = models.PositiveIntegerField(default=1)
    tick_rule = models.CharField(max_length=8, choices=[(t.value, t.value) for t in TickRule], default=TickRule.CENT)
    dividend_yield = models.FloatField(default=0.0)  # a year, continuous; for models only
    sector = models.CharField(max_length=40, blank=True)  # of a share, in the desk's own words; empty: not known
    is_active = models.BooleanField(default=True)
    is_simulated = models.BooleanField(default=False)

    class Meta:
        db_table = "instrument"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind="OPTION",
                    underlying__isnull=False,
                    expiry__isnull=False,
                    strike__gt=0,
                    right__in=["C", "P"],
                )
                | (~Q(kind="OPTION") & Q(underlying=None, expiry=None, strike=None, right="")),
                name="options_and_only_options_have_terms",
            ),
            models.CheckConstraint(condition=Q(multiplier__gte=1), name="multiplier_is_at_least_one"),
        ]
        indexes = [models.Index(fields=["underlying", "expiry", "strike", "right"], name="instrument_chain")]

    def __str__(self) -> str:
        return self.symbol


class MarketEvent(models.Model):
    """An earnings release or an ex-dividend date."""

    class Kind(models.TextChoices):
        EARNINGS = "EARNINGS", "Earnings"
        EX_DIVIDEND = "EX_DIVIDEND", "Ex-dividend"

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind)
    day = models.DateField()  # New York
    amount = models.DecimalField(max_digits=10, decimal_places=4, null=True)  # dollars a share, of a dividend

    class Meta:
        db_table = "market_event"
        constraints = [models.UniqueConstraint(fields=["instrument", "kind", "day"], name="one_event_of_a_kind_a_day")]

    def __str__(self) -> str:
        return f"{self.kind} {self.day}"
