"""The desk's tables exist."""

import pytest
from django.db import connection


@pytest.mark.django_db
def test_migrations_make_every_table() -> None:
    assert "order" in connection.introspection.table_names()
