"""Answers already given."""

from django.conf import settings
from django.db import models


class IdempotencyKey(models.Model):
    """A caller's key, what was asked under it, and the answer. `status` empty: the first call is not done."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+")
    key = models.CharField(max_length=80)
    request_hash = models.CharField(max_length=64)  # method, path and body
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.JSONField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "idempotency_key"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="a_key_is_used_once")]

    def __str__(self) -> str:
        return self.key
