"""`make run`: the whole desk on one machine, from nothing to "ready"."""

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from honcho.environ import parse_procfile

from allcore import __version__
from allcore.embedded import brokers, preflight
from allcore.embedded.local import ROOT, environment, port_setting, revive, servers, var_dir
from allcore.embedded.supervisor import Program, say, supervise

DEMO = ROOT / "allcore" / "demo"
READY_SECONDS = 120.0
LATER = frozenset({"worker", "beat", "monitor", "algos"})  # eight at once keep each other, and the page, waiting
POLL_SECONDS = 0.25
SERVER_CHECK_SECONDS = 2.0


def main() -> None:
    """Check, start the servers, prepare the data, run until told to stop."""
    started = time.monotonic()
    var = var_dir()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    with preflight.take(var):
        places = _check(var)
        try:
            with servers(var) as addresses:
                told = environment(var, addresses) | places
                preflight.check_settings(told)
                preflight.check_redis(addresses["REDIS_URL"])
                _prepare(var, told)
                asyncio.run(_serve(var, addresses, told, started))
        except KeyboardInterrupt:
            say("Interrupted.")
    say("Stopped.")


def _check(var: Path) -> dict[str, str]:
    """Refuse to start where it would fail later; return where the desk will be found and what it counts."""
    preflight.check_disk(var)
    preflight.check_version(var, __version__)
    host, port = os.environ.get("HOST") or "127.0.0.1", port_setting("PORT", 8000)
    socket_port = port_setting("SOCKET_PORT", port + 1)
    preflight.check_port(host, port, "PORT")
    preflight.check_port(host, socket_port, "SOCKET_PORT")
    beside = {}
    if brokers.chosen() is not None:
        broker_port = port_setting("BROKER_PORT", port + 2)
        preflight.check_port(brokers.LOOPBACK, broker_port, "BROKER_PORT")
        beside = {"BROKER_PORT": str(broker_port)}
    counters = var / "metrics"
    shutil.rmtree(counters, ignore_errors=True)  # the counters of processes that are gone
    counters.mkdir()
    return {
        "HOST": host,
        "PORT": str(port),
        "SOCKET_PORT": str(socket_port),
        "PROMETHEUS_MULTIPROC_DIR": str(counters),
    } | beside


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _prepare(var: Path, told: dict[str, str]) -> None:
    """Migrate and seed, unless our own database was prepared by this very code; the command says what went wrong."""
    stamp = var / "PREPARED"
    wanted = _preparation(told)
    if not os.environ.get("DATABASE_URL") and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    command = [sys.executable, "manage.py", "prepare"]
    if subprocess.run(command, cwd=ROOT, env=told, check=False).returncode != 0:  # noqa: S603 our own command
        raise preflight.StartRefusedError("The desk's data could not be prepared; the reason stands above.")
    stamp.write_text(wanted, encoding="ascii")


def _preparation(told: dict[str, str]) -> str:
    """Return a digest of all that decides what preparing does: migrations, the demo's plan, the feed, the broker."""
    files = sorted([*ROOT.glob("*/migrations/*.py"), *ROOT.glob("allcore/*/migrations/*.py"), *DEMO.glob("*.py")])
    digest = hashlib.sha256("\n".join(told.get(name, "") for name in ("FEED", "BROKER", "BROKER_PORT")).encode())
    for file in files:
        digest.update(str(file).encode() + file.read_bytes())
    return digest.hexdigest()


async def _serve(var: Path, addresses: dict[str, str], told: dict[str, str], started: float) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    programs = _programs(var, told)
    first = [program for program in programs if program.name not in LATER]
    async with asyncio.TaskGroup() as group:
        group.create_task(_keep_servers(var, addresses, stop))
        group.create_task(supervise(first, var, stop))
        await _announce(told, started, stop)
        group.create_task(supervise([program for program in programs if program not in first], var, stop))


def _programs(var: Path, told: dict[str, str]) -> list[Program]:
    """Return the Procfile's programs, without a feed where there is none, and the broker that is beside it, if any."""
    commands = dict(parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes)
    if told.get("FEED") == "none":
        del commands["feed"]
    if (sim := brokers.chosen()) is not None:
        commands[sim.name] = sim.command(var, int(told["BROKER_PORT"]), told["REDIS_URL"])
    return [Program(name, command, told | {"PROCESS_NAME": f"desk-{name}"}) for name, command in commands.items()]


async def _keep_servers(var: Path, addresses: dict[str, str], stop: asyncio.Event) -> None:
    """Start our own PostgreSQL and Valkey again should one die; the processes find them where they were."""
    while not stop.is_set():
        try:
            for name in await asyncio.to_thread(revive, var, addresses):
                say(f"{name} died and was started again. Its log: {var / name / 'log'}")
        except (OSError, subprocess.SubprocessError) as e:
            say(f"An embedded server is gone and does not start: {e}")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SERVER_CHECK_SECONDS)


async def _announce(told: dict[str, str], started: float, stop: asyncio.Event) -> None:
    """Say "ready" once pages and sockets answer, or what is missing if they do not."""
    deadline = started + READY_SECONDS
    missing = "nothing answers yet"
    while not stop.is_set() and time.monotonic() < deadline:
        missing = await asyncio.to_thread(_missing, told)
        if not missing:
            address = f"http://{told['HOST']}:{told['PORT']}/"
            say(f"ready after {time.monotonic() - started:.1f} s: {address}   (Ctrl-C stops the desk)")
            return
        await asyncio.sleep(POLL_SECONDS)
    if not stop.is_set():
        say(f"Not ready after {READY_SECONDS:.0f} s: {missing}. Logs: {told['VAR_DIR']}/log")


def _missing(told: dict[str, str]) -> str:
    answers = (_get(told, "PORT", "/readyz"), _get(told, "SOCKET_PORT", "/healthz"))
    return next((problem for problem in answers if problem), "")


def _get(told: dict[str, str], port: str, path: str) -> str:
    host = told["HOST"].replace("0.0.0.0", "127.0.0.1")  # noqa: S104 it is compared, not bound
    known_as = told.get("ALLOWED_HOSTS", "127.0.0.1").split(",")[0]
    connection = HTTPConnection(host, int(told[port]), timeout=5)
    try:
        connection.request("GET", path, headers={"Host": known_as})
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
    except (OSError, HTTPException) as e:
        return f"{port} does not answer ({e})"
    finally:
        connection.close()
    return "" if answer.status == 200 else f"{path} says {text[:300]}"


if __name__ == "__main__":
    main()
