"""The Django app."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """What was done, by whom, in a chain that shows tampering."""

    name = "allcore.audit"
