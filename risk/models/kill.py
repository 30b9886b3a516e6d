"""The kill switch: its state, and everything that was done to it."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class KillLevel(models.IntegerChoices):
    """Each level includes those before it."""

    NORMAL = 0, "Normal"
    PAUSE = 1, "Pause: no new opening intents"
    BLOCK_NEW = 2, "Block new: no opening orders, open proposals voided"
    CANCEL_ALL = 3, "Cancel all: working orders are cancelled"


class KillScope(models.TextChoices):
    """What the switch holds."""

    GLOBAL = "GLOBAL", "The whole desk"
    BROKER = "BROKER", "One broker connection"
    ACCOUNT = "ACCOUNT", "One account"
    UNDERLYING = "UNDERLYING", "One underlying"


class KillEvent(models.Model):
    """Somebody engaged or released the switch. Engaging at or below the level in force is the same event again."""

    scope = models.CharField(max_length=10, choices=KillScope)
    target = models.CharField(max_length=40, blank=True)  # connection name, account code or symbol
    from_level = models.PositiveSmallIntegerField(choices=KillLevel)
    to_level = models.PositiveSmallIntegerField(choices=KillLevel)
    actor = models.CharField(max_length=120)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    second = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=400, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "kill_event"
        constraints = [
            models.CheckConstraint(
                condition=Q(to_level__gte=models.F("from_level"))
                | (Q(user__isnull=False, second__isnull=False) & ~Q(reason="")),
                name="release_needs_two_people_and_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(second=None) | ~Q(second=models.F("user")), name="the_second_person_is_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.target} {self.from_level}->{self.to_level}"


class KillRelease(models.Model):
    """A release that waits for its second person."""

    scope = models.CharField(max_length=10, choices=KillScope)
    target = models.CharField(max_length=40, blank=True)
    to_level = models.PositiveSmallIntegerField(choices=KillLevel)
    reason = models.CharField(max_length=400)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "kill_release"
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "target"], condition=Q(closed_at=None), name="one_open_release_for_each_scope"
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.target} -> {self.to_level}"


class KillState(models.Model):
    """The level in force for one scope; no row is level 0. The level of an order is the highest that holds it."""

    scope = models.CharField(max_length=10, choices=KillScope)
    target = models.CharField(max_length=40, blank=True)
    level = models.PositiveSmallIntegerField(choices=KillLevel)
    event = models.ForeignKey(KillEvent, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "kill_state"
        constraints = [models.UniqueConstraint(fields=["scope", "target"], name="one_level_for_each_scope")]

    def __str__(self) -> str:
        return f"{self.scope} {self.target} {self.level}"
