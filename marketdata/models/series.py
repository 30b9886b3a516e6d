"""Bars, and where each feed stands."""

from django.db import models

from marketdata.models.instruments import Instrument


class Bar(models.Model):
    """Open, high, low, close of one interval that began at `start_at`; a day's bar begins at the session's open."""

    class Interval(models.TextChoices):
        MINUTE = "1m", "Minute"
        DAY = "1d", "Day"

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="bars")
    interval = models.CharField(max_length=2, choices=Interval)
    start_at = models.DateTimeField()
    open = models.DecimalField(max_digits=14, decimal_places=4)
    high = models.DecimalField(max_digits=14, decimal_places=4)
    low = models.DecimalField(max_digits=14, decimal_places=4)
    close = models.DecimalField(max_digits=14, decimal_places=4)
    volume = models.BigIntegerField(default=0)

    class Meta:
        db_table = "bar"
        constraints = [
            models.UniqueConstraint(fields=["instrument", "interval", "start_at"], name="one_bar_an_interval")
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.interval} {self.start_at:%F %R}"


class FeedState(models.Model):
    """Which source feeds the desk, and its exchange clock; one row, so that a restart goes on where it stopped.

    The exchange's time is exchange_anchor_at + (system time - system_anchor_at) x speed, not past stops_at.
    """

    DESK = "desk"

    name = models.CharField(max_length=20, unique=True)
    spec = models.CharField(max_length=300)  # the FEED setting it was started with
    source = models.CharField(max_length=20)  # SIMULATED, REPLAY, LIVE
    system_anchor_at = models.DateTimeField()
    exchange_anchor_at = models.DateTimeField()
    speed = models.FloatField(default=1.0)
    rate = models.FloatField(default=0.0)  # a year, continuous: what the source's options are valued with
    beat_at = models.DateTimeField()  # system time of the last sign of life
    stops_at = models.DateTimeField(null=True)
    checkpoint = models.JSONField(default=dict)  # the source's own state

    class Meta:
        db_table = "feed_state"

    def __str__(self) -> str:
        return self.name
