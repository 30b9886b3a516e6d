"""The desk's processes are started again when they die and end together when told to."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from allcore.embedded import supervisor
from allcore.embedded.supervisor import Program, supervise

pytestmark = pytest.mark.road


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.3)


def program(directory: Path, source: str, name: str = "feed") -> Program:
    file = directory / f"{name}.py"
    file.write_text(source)
    return Program(name, f"{sys.executable} $SCRIPT", {"SCRIPT": str(file), "HOME": str(directory)})


ENDS_THREE_TIMES = """
import os, pathlib, signal, sys
runs = pathlib.Path(os.environ["HOME"], "runs")
with runs.open("a") as file: file.write(".")
print("run", flush=True)
count = len(runs.read_text())
if count < 4: sys.exit(0 if count == 2 else 7)
pathlib.Path(os.environ["HOME"], "told").write_text("here")
while True: signal.pause()
"""


async def test_what_dies_or_ends_is_started_again_until_the_desk_stops(tmp_path: Path) -> None:
    await start_then_stop(tmp_path, ENDS_THREE_TIMES)

    assert (tmp_path / "runs").read_text() == "...."
    assert (tmp_path / "log" / "feed.log").read_text() == "run\n" * 4


WAITS = """
import os, pathlib, signal, sys
def bye(*_):
    pathlib.Path(os.environ["HOME"], "bye").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, bye)
pathlib.Path(os.environ["HOME"], "told").write_text("here")
while True: signal.pause()
"""
DEAF = """
import os, pathlib, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(os.environ["HOME"], "told").write_text("here")
while True: signal.pause()
"""


async def start_then_stop(directory: Path, source: str) -> None:
    os.mkfifo(directory / "told")
    stop = asyncio.Event()
    running = asyncio.create_task(supervise([program(directory, source)], directory, stop))
    await asyncio.to_thread((directory / "told").read_text)  # returns once the program has written
    stop.set()
    await running


async def test_a_program_is_asked_to_end_before_it_is_made_to(tmp_path: Path) -> None:
    await start_then_stop(tmp_path, WAITS)

    assert (tmp_path / "bye").exists()
    assert not (tmp_path / "run" / "feed.pid").exists()


async def test_a_program_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    await asyncio.wait_for(start_then_stop(tmp_path, DEAF), 20)


KILLED_ONCE = """
import os, pathlib, signal
first = pathlib.Path(os.environ["HOME"], "first")
if not first.exists():
    first.touch()
    os.kill(os.getpid(), signal.SIGKILL)
pathlib.Path(os.environ["HOME"], "told").write_text("here")
while True: signal.pause()
"""


async def test_a_death_is_told_with_its_cause_and_its_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await start_then_stop(tmp_path, KILLED_ONCE)

    told = capsys.readouterr().out
    assert f"feed died ({signal.SIGKILL.name})" in told
    assert str(tmp_path / "log" / "feed.log") in told
