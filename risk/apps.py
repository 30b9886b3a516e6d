"""The Django app."""

from django.apps import AppConfig


class RiskConfig(AppConfig):
    """May we? Limits, checks, reservations, the kill switch."""

    name = "risk"
