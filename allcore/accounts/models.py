"""Who may come in."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class User(AbstractUser):
    """A person. What they may do on which account is granted in `risk.AccountGrant`."""

    class Meta:
        db_table = "user"


class ApiToken(models.Model):
    """A script's key: it acts for its user, within its scopes. Only the digest is kept."""

    class Scope(models.TextChoices):
        READ = "read", "Read"
        TRADE = "trade", "Send, replace and cancel orders"
        APPROVE = "approve", "Decide proposals"
        RISK = "risk", "Edit limits, hold the kill switch"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of the key
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope))
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_token"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "name"], condition=Q(revoked_at=None), name="a_user_names_each_live_token_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}:{self.name}"
