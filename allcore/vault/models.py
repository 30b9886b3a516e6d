"""The table of what is kept under lock."""

from django.db import models
from django.db.models import Q


class SealedRecord(models.Model):
    """The credentials of one owner, such as `connection:schwab-1`, as one sealed document.

    `sealed` is AES-256-GCM under a data key of this record alone; `wrapped_key` is that key under the master key
    `master_key_id`, which the database never holds. `expires_at` is the end of the shortest-lived part, if known.
    """

    owner = models.CharField(max_length=80, unique=True)
    sealed = models.BinaryField()
    wrapped_key = models.BinaryField()
    master_key_id = models.CharField(max_length=120)
    names = models.JSONField(default=list)  # which values it holds, never the values
    version = models.PositiveIntegerField(default=1)
    expires_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "sealed_record"
        constraints = [
            models.CheckConstraint(condition=~Q(owner=""), name="a_secret_has_an_owner"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | Q(names=[]), name="what_is_revoked_holds_nothing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner} v{self.version}"
