"""The Django app."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """Credentials, encrypted one by one under keys that the database never sees."""

    name = "allcore.vault"
