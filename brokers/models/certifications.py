"""The reports of certification."""

from django.db import models
from django.db.models import F, Q

from brokers.certification.levels import Level
from brokers.models.connections import Connection


class Certification(models.Model):
    """One dated report: what an adapter, told by the digest of its source, was asked to show, and what was seen."""

    broker = models.CharField(max_length=40)
    level = models.CharField(max_length=16, choices=[(level.value, level.value) for level in Level])
    adapter_digest = models.CharField(max_length=64)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, null=True, related_name="certifications")
    findings = models.JSONField(default=list)  # [{check, outcome, seen}]
    is_passed = models.BooleanField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    certified_by = models.CharField(max_length=120)

    class Meta:
        db_table = "certification"
        constraints = [
            models.CheckConstraint(
                condition=Q(finished_at__gte=F("started_at"), expires_at__gt=F("finished_at")),
                name="a_certification_ends_after_it_began",
            ),
            models.CheckConstraint(
                condition=Q(level="SIMULATED") | Q(connection__isnull=False),
                name="above_simulated_a_connection_was_tried",
            ),
        ]
        indexes = [models.Index(fields=["broker", "-finished_at"], name="certification_newest")]

    def __str__(self) -> str:
        return f"{self.broker} {self.level} {'passed' if self.is_passed else 'failed'}"
