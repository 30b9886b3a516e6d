"""Whether a connection stands is seen without a statement, and a dead one is still found out."""

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_line_that_stands_is_usable_without_a_statement() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()

    assert connection.is_usable()

    with connection.copy().cursor() as cursor:
        cursor.execute("SELECT query FROM pg_stat_activity WHERE pid = %s", (pid,))
        assert cursor.fetchone() == ("SELECT pg_backend_pid()",)
        cursor.db.close()


def test_a_line_that_the_server_has_cut_is_not_usable_and_the_next_request_gets_another() -> None:
    connection.ensure_connection()
    other = connection.copy()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with other.cursor() as cursor:
        # The second argument waits, in milliseconds, until the backend is gone.
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    other.close()

    assert not connection.is_usable()
    connection.health_check_done = False  # type: ignore[attr-defined]  # as Django does at the start of a request
    connection.close_if_health_check_failed()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
