"""The desk's own servers, when they die under it."""

import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from allcore.embedded import local, postgres


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    return tmp_path


def kill(pid_file: Path) -> None:
    os.kill(int(pid_file.read_text().split()[0]), signal.SIGKILL)


def is_gone(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text().split()[0]), 0)
    except ProcessLookupError:
        return True
    return False


def test_servers_that_were_killed_come_back_where_they_were_with_what_was_committed(var: Path) -> None:
    with local.servers(var) as addresses:
        with psycopg.connect(addresses["DATABASE_URL"]) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
        kill(var / "postgres" / "postmaster.pid")
        kill(var / "valkey" / "pid")
        while not is_gone(var / "postgres" / "postmaster.pid") or not is_gone(var / "valkey" / "pid"):
            pass  # a killed process takes a moment to be gone

        revived = local.revive(var, addresses)

        assert sorted(revived) == ["postgres", "valkey"]
        with psycopg.connect(addresses["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)
        client = redis.Redis(port=urlsplit(addresses["REDIS_URL"]).port or 0)
        assert client.ping()
        client.close()


def test_the_desk_reaches_its_own_database_over_a_socket(var: Path) -> None:
    with local.servers(var) as addresses, psycopg.connect(addresses["DATABASE_URL"]) as connection:
        assert connection.info.host == (postgres.socket_directory(var / "postgres") or "127.0.0.1")


@pytest.mark.parametrize(
    ("data", "directory"),
    [
        ("/srv/desk/var/postgres", "/srv/desk/var/postgres"),
        (f"/{'d' * 87}", f"/{'d' * 87}"),
        (f"/{'d' * 88}", ""),  # with the socket's name it is one byte too long
        ("/home/the desk/postgres", ""),
        ("/home/bücher/postgres", ""),
        ("/srv/a,b/postgres", ""),
    ],
)
def test_a_path_that_no_socket_can_have_is_left_to_tcp(data: str, directory: str) -> None:
    assert postgres.socket_directory(Path(data)) == directory


def test_servers_that_run_are_left_alone(var: Path) -> None:
    with local.servers(var) as addresses:
        assert local.revive(var, addresses) == []
