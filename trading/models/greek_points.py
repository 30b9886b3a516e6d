"""What the market was at a moment that the P&L is explained from."""

from django.db import models

from marketdata.models import Instrument


class GreekPoint(models.Model):
    """An instrument's mark with what moves it, at a session's close or at a trade; a day's P&L is explained from these.

    Model values of one share, as the desk quotes them: theta a day, vega and rho a point of a hundred. `spot`, `iv` and
    the Greeks are None where they were not known: what moved then is residual. Ten places are finer than any model is
    right, and what is read again is what was written.
    """

    class Kind(models.TextChoices):
        CLOSE = "CLOSE", "A session's close"
        TRADE = "TRADE", "A trade or a first sight"

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, db_index=False, related_name="+")
    kind = models.CharField(max_length=5, choices=Kind)
    day = models.DateField()  # New York
    at = models.DateTimeField()  # the exchange's clock
    px = models.DecimalField(max_digits=18, decimal_places=8)  # the mark, per share
    spot = models.DecimalField(max_digits=22, decimal_places=10, null=True)
    iv = models.DecimalField(max_digits=22, decimal_places=10, null=True)
    rate = models.DecimalField(max_digits=22, decimal_places=10, null=True)  # a year, continuous
    delta = models.DecimalField(max_digits=22, decimal_places=10, null=True)
    gamma = models.DecimalField(max_digits=22, decimal_places=10, null=True)
    theta = models.DecimalField(max_digits=22, decimal_places=10, null=True)
    vega = models.DecimalField(max_digits=22, decimal_places=10, null=True)
    rho = models.DecimalField(max_digits=22, decimal_places=10, null=True)
    vanna = models.DecimalField(max_digits=22, decimal_places=10, null=True)
    volga = models.DecimalField(max_digits=22, decimal_places=10, null=True)

    class Meta:
        db_table = "greek_point"
        constraints = [models.UniqueConstraint(fields=["instrument", "at"], name="one_greek_point_a_moment")]
        indexes = [models.Index(fields=["instrument", "day", "at"], name="greek_points_of_a_day")]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.at:%F %T} {self.px}"
