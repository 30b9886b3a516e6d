"""The Django app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People who sign in, and the tokens of their scripts."""

    name = "allcore.accounts"
