"""Fixtures of every test."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

from allcore.accounts.models import User


def pytest_configure() -> None:
    """Hash passwords cheaply: argon2 takes a fifth of a second for each, and a seeded desk has five people.

    What the desk itself does with a password is tested with its own setting, in tests/allcore/test_accounts.py.
    """
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Let tests with real transactions empty the tables after them: the audit trail refuses TRUNCATE."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_no_truncate")
        cursor.execute("ALTER TABLE audit_link DISABLE TRIGGER audit_link_no_truncate")


@pytest.fixture
def user(db: None) -> Callable[[str], User]:
    """Make a user by name: `user("alice")`."""

    def make(name: str) -> User:
        return User.objects.create(username=name, password="!")

    return make


@pytest.fixture
def alice(user: Callable[[str], User]) -> User:
    return user("alice")


@pytest.fixture
def bob(user: Callable[[str], User]) -> User:
    return user("bob")
