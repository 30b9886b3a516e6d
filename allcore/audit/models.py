"""The audit trail: entries, and the chain of hashes that PostgreSQL itself lays over them at commit.

An entry is written in the transaction of what it records. A deferred trigger gives it the next sequence number and
links it to the entry before (migration 0002), so the lock on the chain's end is held for the commit alone. Both tables
refuse UPDATE, DELETE and TRUNCATE.
"""

from django.db import models


class AuditEntry(models.Model):
    """One thing that was done. `payload` is JSON; `actor` is "user:<name>", "token:<name>" or "desk:<process>"."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=120)
    action = models.CharField(max_length=60)  # noun.verb: order.staged, limit.changed
    subject = models.CharField(max_length=80)  # kind:id
    account = models.CharField(max_length=20, blank=True)
    trace_id = models.CharField(max_length=32, blank=True)
    payload = models.JSONField()

    class Meta:
        db_table = "audit_entry"
        indexes = [
            models.Index(fields=["subject"], name="audit_by_subject"),
            models.Index(fields=["account", "-id"], name="audit_by_account"),
            models.Index(fields=["action", "-id"], name="audit_by_action"),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.action} {self.subject}"


class AuditLink(models.Model):
    """An entry's place in the chain: hash = SHA-256(prev_hash, seq, the entry's canonical text)."""

    seq = models.BigIntegerField(primary_key=True)
    entry = models.OneToOneField(AuditEntry, on_delete=models.PROTECT, related_name="link")
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        db_table = "audit_link"
        constraints = [models.UniqueConstraint(fields=["hash"], name="no_two_links_have_one_hash")]

    def __str__(self) -> str:
        return f"{self.seq} {self.hash[:12]}"
