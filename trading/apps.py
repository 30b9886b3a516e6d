"""The Django app."""

from django.apps import AppConfig


class TradingConfig(AppConfig):
    """What we do and why: strategy, proposals, orders, books."""

    name = "trading"
