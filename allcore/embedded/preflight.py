"""What must be true before anything is started; what is not is said in one sentence that names the way out."""

import fcntl
import shutil
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from redis import Redis, RedisError

ROOT = Path(__file__).resolve().parents[2]
FREE_BYTES = 500_000_000
REDIS_SECONDS = 3.0


class StartRefusedError(SystemExit):
    """The desk does not start; the message says why and what to do."""


def take(var: Path) -> IO[str]:
    """Make the directory if need be and hold it for this process, until the returned file is closed."""
    try:
        var.mkdir(parents=True, exist_ok=True)
        lock = (var / "lock").open("w", encoding="ascii")
    except OSError as e:
        raise StartRefusedError(f"{var} cannot be written ({e.strerror}). Name another directory: VAR_DIR=...") from e
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as e:
        lock.close()
        raise StartRefusedError(f"A desk already runs on {var}. Stop it, or name another directory: VAR_DIR=...") from e
    return lock


def check_disk(var: Path, needed: int = FREE_BYTES) -> None:
    """Refuse to start a database on a full disk."""
    free = shutil.disk_usage(var).free
    if free < needed:
        raise StartRefusedError(
            f"Only {free // 1_000_000} MB are free where {var} lies; the desk needs {needed // 1_000_000} MB."
        )


def check_port(host: str, port: int, name: str) -> None:
    """Refuse a port that somebody listens on; `name` is the setting that chooses another."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as e:
            sentence = f"Port {port} of {host} is taken ({e.strerror}). Stop what uses it, or choose another: {name}="
            raise StartRefusedError(f"{sentence}{port + 10}") from e


def check_settings(told: Mapping[str, str]) -> None:
    """Refuse settings that no process could start with, rather than let each of them fail and be started again."""
    command = [sys.executable, "-c", "import allcore.settings"]
    tried = subprocess.run(command, cwd=ROOT, env=dict(told), capture_output=True, text=True, check=False)  # noqa: S603 our own
    if tried.returncode != 0:
        raise StartRefusedError(tried.stderr.strip())


def check_redis(url: str) -> None:
    """Refuse a Redis that is not there: every process waits for it, and none says so where the start is read."""
    try:
        with Redis.from_url(url, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS) as client:
            client.ping()
    except (RedisError, ValueError) as e:
        raise StartRefusedError(
            f"Redis does not let the desk in: {e} Set REDIS_URL=redis://host:port/number, or "
            "leave it out: the desk then starts one of its own."
        ) from e


def check_version(var: Path, ours: str) -> None:
    """Refuse data that a newer version of the desk has written, and sign what is ours."""
    file = var / "VERSION"
    theirs = file.read_text(encoding="ascii").strip() if file.exists() else ours
    if _numbers(theirs) > _numbers(ours):
        raise StartRefusedError(
            f"{var} was written by version {theirs} of the desk, and this is {ours}: an older desk may misread it. "
            "Start the newer version, or name another directory: VAR_DIR=..."
        )
    file.write_text(ours + "\n", encoding="ascii")


def _numbers(version: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in version.split("."))
    except ValueError:
        raise StartRefusedError(f"VERSION holds {version!r}, which is no version. Restore it from a backup.") from None
