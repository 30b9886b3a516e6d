"""Fixtures of every test."""

from collections.abc import Callable

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from allcore.accounts.models import User


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
