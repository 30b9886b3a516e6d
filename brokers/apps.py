"""The Django app."""

from django.apps import AppConfig


class BrokersConfig(AppConfig):
    """The outside world: connections, accounts, sessions."""

    name = "brokers"
