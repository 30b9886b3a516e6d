"""The Django app."""

from django.apps import AppConfig


class MarketdataConfig(AppConfig):
    """What the market is: instruments, quotes, bars, chains."""

    name = "marketdata"
