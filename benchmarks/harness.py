"""A whole desk of its own for a benchmark: real servers, real processes, a directory that goes away."""

import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from allcore import memory

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
READY_SECONDS = 120


def count(default: int) -> int:
    """Return how many to measure: as `make bench NAME=orders COUNT=150` says, or as many as usual."""
    return int(os.environ.get("COUNT") or default)


@contextmanager
def servers() -> Iterator[dict[str, str]]:
    """Start PostgreSQL and Valkey and set the environment that Django reads."""
    from allcore.embedded import postgres, valkey

    directory = Path(tempfile.mkdtemp(prefix="desk-bench-"))
    settings = {
        "VAR_DIR": str(directory),
        "SECRET_KEY": "benchmark-only",
        "DATABASE_URL": postgres.start(directory),
        "REDIS_URL": valkey.start(directory),
        "FEED": "sim",
        "LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "allcore.settings",
    }
    os.environ.update(settings)
    try:
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
        import django

        django.setup()
        yield settings
    finally:
        postgres.stop(directory)
        valkey.stop(directory)
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def processes(commands: dict[str, list[str]]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Run the desk's processes; their output goes to files beside the data and is shown if one dies."""
    logs = Path(os.environ["VAR_DIR"])
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands.items():
            out = (logs / f"{name}.log").open("wb")
            env = {**os.environ, "PROCESS_NAME": name}
            running[name] = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT)
        memory.settle()  # a full round of this process's own collector takes 0.15 s, and would be taken for the desk's
        yield running
    finally:
        for name, process in running.items():
            if process.poll() not in (None, 0):
                sys.stderr.write(f"--- {name} ended with {process.returncode}\n")
                sys.stderr.write((logs / f"{name}.log").read_text()[-4000:])
            process.terminate()
        for process in running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(url: str) -> None:
    """Return once the address answers 200."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError as e:
            if time.monotonic() > deadline:
                said = e.read().decode() if isinstance(e, HTTPError) else ""
                raise TimeoutError(f"{url} did not answer within {READY_SECONDS} s: {e} {said}") from e
        time.sleep(0.1)


def figures(milliseconds: list[float], seconds: float) -> dict[str, float | int]:
    """Return one case's figures, percentiles by nearest rank; `seconds` is the wall time of the whole case."""
    ordered = sorted(milliseconds)
    return {
        "p50_ms": round(statistics.median(ordered), 2),
        "p99_ms": round(ordered[math.ceil(len(ordered) * 0.99) - 1], 2),
        "per_s": round(len(ordered) / seconds, 1),
        "n": len(ordered),
    }


def report(name: str, results: dict[str, object], **more: object) -> None:
    """Print the benchmark's one line."""
    machine = {"cpus": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    print(json.dumps({"name": name, "results": results, **more, "machine": machine}))
