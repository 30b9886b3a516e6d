"""The whole desk in processes of its own, as `make run` starts it, in a directory of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from allcore.embedded.postgres import free_port

ROOT = Path(__file__).resolve().parents[2]
READY = re.compile(r"ready after .*: (http://\S+?)/")
PASSWORD = re.compile(r"^\s+(\w+)\s+(\S{16,})$")
PATIENCE = 180.0
OURS = {"DATABASE_URL", "REDIS_URL", "VAR_DIR", "FEED", "BROKER", "SECRET_KEY", "DJANGO_SETTINGS_MODULE"}


@dataclass(frozen=True, slots=True)
class Desk:
    """Where it is, and the passwords it printed."""

    url: str
    passwords: dict[str, str]


@contextmanager
def running(directory: Path, broker: str = "paper") -> Iterator[Desk]:
    """Start a desk, wait until it says that it is ready, and stop it as Ctrl-C does."""
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    environment |= {"VAR_DIR": str(directory), "PORT": str(free_port()), "SOCKET_PORT": str(free_port()), "FEED": "sim"}
    environment |= {"BROKER": broker, "BROKER_PORT": str(free_port())}
    command = [sys.executable, "-u", "-m", "allcore.embedded.run"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield _ready(process)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def _ready(process: "subprocess.Popen[str]") -> Desk:
    said: list[str] = []
    passwords: dict[str, str] = {}
    giving_up = threading.Timer(PATIENCE, process.kill)
    giving_up.start()
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if password := PASSWORD.match(line):
            passwords[password[1]] = password[2]
        if ready := READY.search(line):
            giving_up.cancel()
            threading.Thread(target=process.stdout.read, daemon=True).start()  # a full pipe would stop the desk
            return Desk(ready[1], passwords)
    raise AssertionError("The desk did not start:\n" + "".join(said))
