"""The Django app."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People who sign in, and the tokens of their scripts."""

    name = "allcore.accounts"

    def ready(self) -> None:
        """Register the description of tokens, and the kinds of path that the addresses of every app are made of."""
        import_module("allcore.accounts.schema")
        import_module("allcore.api.paths")
