"""A trade somebody is asked to approve, and the approval."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from brokers.models import Account
from risk.models import Verdict


class Proposal(models.Model):
    """What is proposed, immutable: `content` is the whole card as it was shown, `content_hash` binds an approval to it.

    A change of price or quantity makes a new proposal that supersedes this one.
    """

    class Status(models.TextChoices):
        PENDING = "PENDING", "Waits for a decision"
        HELD = "HELD", "Held by a person"
        PARTIAL = "PARTIAL", "One of two has approved"
        APPROVED = "APPROVED", "Approved"
        REJECTED = "REJECTED", "Rejected"
        EXPIRED = "EXPIRED", "Expired"
        WITHDRAWN = "WITHDRAWN", "Withdrawn by the strategy"
        SUPERSEDED = "SUPERSEDED", "Replaced by a changed one"
        VOIDED = "VOIDED", "Voided by the kill switch"

    OPEN = (Status.PENDING, Status.HELD, Status.PARTIAL)

    class Strategy(models.TextChoices):
        CASH_SECURED_PUT = "CASH_SECURED_PUT", "Cash-secured put"
        COVERED_CALL = "COVERED_CALL", "Covered call"
        ROLL = "ROLL", "Roll"
        BUY_TO_CLOSE = "BUY_TO_CLOSE", "Buy to close"
        OFFSET = "OFFSET", "Offset of a fault"
        CLOSE_SHORT = "CLOSE_SHORT", "Close before assignment"

    class RejectReason(models.TextChoices):
        PRICE = "PRICE", "Price"
        SIZE = "SIZE", "Size"
        TIMING = "TIMING", "Timing"
        THESIS = "THESIS", "Thesis"
        DATA = "DATA", "Data looks wrong"
        RISK = "RISK", "Risk"
        OTHER = "OTHER", "Other"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="proposals")
    strategy = models.CharField(max_length=20, choices=Strategy)
    underlying = models.CharField(max_length=10)
    sleeve_key = models.CharField(max_length=80)  # account:underlying:strategy; one open proposal for each
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    verdict = models.ForeignKey(Verdict, on_delete=models.PROTECT, related_name="proposals")
    approvals_needed = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    version = models.PositiveIntegerField(default=1)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="proposals"
    )  # empty: the strategy
    held_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    reason_code = models.CharField(max_length=10, choices=RejectReason, blank=True)
    reason_text = models.CharField(max_length=400, blank=True)
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    trace_id = models.CharField(max_length=32)
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()  # the system's clock
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "proposal"
        constraints = [
            models.UniqueConstraint(
                fields=["sleeve_key"],
                condition=Q(status__in=["PENDING", "HELD", "PARTIAL"]),
                name="one_open_proposal_for_each_sleeve",
            ),
            models.CheckConstraint(
                condition=~Q(status="REJECTED") | ~Q(reason_code=""), name="a_rejection_has_a_reason"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["APPROVED", "REJECTED"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="a_decision_has_a_person_and_a_time",
            ),
        ]
        indexes = [models.Index(fields=["status", "expires_at", "id"], name="proposal_queue")]

    def __str__(self) -> str:
        return f"{self.sleeve_key} {self.status}"


class Mandate(models.Model):
    """What a person signed so that a script may send orders in their name: one account, a ceiling, an end."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="mandates")
    grantee = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="mandates")
    signed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="signed_mandates")
    max_order_cash = models.DecimalField(max_digits=18, decimal_places=2)  # dollars secured or paid by one order
    reason = models.CharField(max_length=400)
    signed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mandate"
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("signed_at")), name="a_mandate_ends"),
            models.CheckConstraint(condition=Q(max_order_cash__gt=0), name="a_mandate_has_a_ceiling"),
            models.UniqueConstraint(
                fields=["account", "grantee"], condition=Q(revoked_at=None), name="one_mandate_for_a_grantee"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.grantee_id}"


class Approval(models.Model):
    """A person's yes, bound to the hash of what they saw. No order is sent without one (see `Order`)."""

    class Kind(models.TextChoices):
        PROPOSAL = "PROPOSAL", "A proposal was approved"
        TICKET = "TICKET", "A person sent their own ticket"
        MANDATE = "MANDATE", "A signed mandate covers it"

    kind = models.CharField(max_length=8, choices=Kind)
    proposal = models.ForeignKey(
        Proposal, on_delete=models.PROTECT, null=True, db_index=False, related_name="approvals"
    )
    mandate = models.ForeignKey(Mandate, on_delete=models.PROTECT, null=True, db_index=False, related_name="approvals")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals")
    content_hash = models.CharField(max_length=64)
    evidence = models.JSONField(default=dict)  # address, session or token, authentication method
    approved_at = models.DateTimeField()

    class Meta:
        db_table = "approval"
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "user"], condition=Q(proposal__isnull=False), name="a_person_approves_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="PROPOSAL", proposal__isnull=False, mandate=None)
                | Q(kind="TICKET", proposal=None, mandate=None)
                | Q(kind="MANDATE", proposal=None, mandate__isnull=False),
                name="an_approval_names_what_it_approves",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.user_id}"
