"""What the market was at a moment that the P&L is explained from."""

from django.db import models

from marketdata.models import Instrument


class GreekPoint(models.Model):
    """An instrument's mark with what moves it, at a session's close or at a trade; a day's P&L is explained from these.

    Model values of one share, as the desk quotes them: theta a day, vega and rho a point of a hundred. `spot`, `iv` and
    the Greeks are None where they were not known: what moved then is residual.
    """

    class Kind(models.TextChoices):
        CLOSE = "CLOSE", "A session's close"
        TRADE = "TRADE", "A trade or a first sight"

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=5, choices=Kind)
    day = models.DateField()  # New York
    at = models.DateTimeField()  # the exchange's clock
    px = models.DecimalField(max_digits=18, decimal_places=8)  # the mark, per share
    spot = models.FloatField(null=True)
    iv = models.FloatField(null=True)
    rate = models.FloatField(null=True)  # a year, continuous
    delta = models.FloatField(null=True)
    gamma = models.FloatField(null=True)
    theta = models.FloatField(null=True)
    vega = models.FloatField(null=True)
    rho = models.FloatField(null=True)
    vanna = models.FloatField(null=True)
    volga = models.FloatField(null=True)

    class Meta:
        db_table = "greek_point"
        constraints = [models.UniqueConstraint(fields=["instrument", "at"], name="one_greek_point_a_moment")]
        indexes = [models.Index(fields=["instrument", "day", "at"], name="greek_points_of_a_day")]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.at:%F %T} {self.px}"
