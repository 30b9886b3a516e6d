"""`make run`, from an empty directory to "ready" and back, with real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from allcore.embedded import postgres, valkey
from allcore.embedded.postgres import free_port
from tests.house.tree import ROOT

pytestmark = pytest.mark.road

GIVEN_BY_TESTS = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "VAR_DIR", "FEED", "PROMETHEUS_MULTIPROC_DIR"}


def start(var: Path) -> subprocess.Popen[str]:
    clean = {name: value for name, value in os.environ.items() if name not in GIVEN_BY_TESTS}
    return subprocess.Popen(
        [sys.executable, "-m", "allcore.embedded.run"],
        cwd=ROOT,
        env=clean | {"VAR_DIR": str(var), "PORT": str(free_port()), "SOCKET_PORT": str(free_port()), "FEED": "none"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def read_until_ready(desk: subprocess.Popen[str]) -> list[str]:
    assert desk.stdout is not None
    said = []
    for line in desk.stdout:
        said.append(line)
        if line.startswith(("ready", "Not ready")):
            break
    assert said[-1].startswith("ready"), said
    return said


def stop(desk: subprocess.Popen[str]) -> str:
    desk.send_signal(signal.SIGINT)
    said, _ = desk.communicate(timeout=60)
    return said


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "var"
    for server in (postgres, valkey):
        server.stop(tmp_path / "var")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_desk_starts_from_nothing_stops_whole_and_finds_its_data_again(var: Path) -> None:
    first = start(var)
    said = read_until_ready(first)
    pids = [int(file.read_text()) for file in (var / "run").glob("*.pid")]
    second = start(var)
    refused, _ = second.communicate(timeout=60)
    ending = stop(first)

    assert any("approver" in line for line in said)
    assert (second.returncode, "already runs" in refused) == (1, True)
    assert first.returncode == 0, ending
    assert len(pids) >= 3
    assert not any(is_alive(pid) for pid in pids)
    assert postgres.running_port(var / "postgres") is None
    assert valkey.running_port(var / "valkey") is None

    again = start(var)
    said = read_until_ready(again)
    stop(again)

    assert not any("approver" in line for line in said)  # the people are there, so no password is made


def test_a_feed_that_cannot_be_meant_stops_the_start_with_a_sentence(
    var: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in GIVEN_BY_TESTS}
    command = [sys.executable, "-m", "allcore.embedded.run"]
    places = {"VAR_DIR": str(var), "PORT": str(free_port()), "SOCKET_PORT": str(free_port()), "FEED": "tape"}

    desk = subprocess.run(
        command, cwd=ROOT, env=clean | places, capture_output=True, text=True, check=False, timeout=120
    )

    assert desk.returncode == 1
    assert "Setting FEED was 'tape'" in desk.stderr
    assert "Traceback" not in desk.stderr
