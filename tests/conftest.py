"""Fixtures of every test."""

import os
from collections.abc import Callable, Iterator

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

from allcore.accounts.models import User

# How long an example takes says how busy the machine is. Under CI the library's own profile holds, which says the same.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
if "CI" not in os.environ:
    hypothesis.settings.load_profile("patient")


def pytest_configure() -> None:
    """Hash passwords cheaply: argon2 takes a fifth of a second for each, and a seeded desk has five people.

    What the desk itself does with a password is tested with its own setting, in tests/allcore/test_accounts.py.
    """
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let tests with real transactions empty the tables after them: the audit trail refuses TRUNCATE.

    At the end sessions of threads that outlived their test are closed: one alone keeps the database from being dropped.
    """
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_no_truncate")
        cursor.execute("ALTER TABLE audit_link DISABLE TRIGGER audit_link_no_truncate")
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


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
