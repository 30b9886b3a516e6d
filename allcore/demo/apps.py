"""The Django app."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """A desk to try: accounts, people, limits and parameters, made at the first `make run`."""

    name = "allcore.demo"
