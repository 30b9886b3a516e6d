"""Keeps the processes of the Procfile running: logs to files, starts again what dies, stops all together.

One process ending does not end the others: a desk whose feed has died must still cancel orders.
"""

import asyncio
import contextlib
import os
import shlex
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

STOP_SECONDS = 15.0  # the broker worker needs up to ten to hand its lease back
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
HEALTHY_SECONDS = 60.0
LOG_BYTES = 20_000_000


@dataclass(frozen=True, slots=True)
class Program:
    """One line of the Procfile."""

    name: str
    command: str
    environment: Mapping[str, str] = field(repr=False)

    def arguments(self) -> list[str]:
        """Return the command's words, its $VARIABLES replaced from the program's own environment."""
        return [Template(word).substitute(self.environment) for word in shlex.split(self.command)]


def say(sentence: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


async def supervise(programs: list[Program], var: Path, stop: asyncio.Event) -> None:
    """Run the programs until `stop` is set; then end them all, first kindly."""
    for folder in ("log", "run"):
        (var / folder).mkdir(exist_ok=True)
    async with asyncio.TaskGroup() as group:
        for program in programs:
            group.create_task(_keep(program, var, stop))


async def _keep(program: Program, var: Path, stop: asyncio.Event) -> None:
    pause = FIRST_PAUSE
    clock = asyncio.get_running_loop().time
    while not stop.is_set():
        started = clock()
        code = await _run_once(program, var, stop)
        if stop.is_set():
            return
        pause = FIRST_PAUSE if clock() - started > HEALTHY_SECONDS else min(pause * 2, LONGEST_PAUSE)
        say(f"{program.name} {_end(code)}; starting it again in {pause:.0f} s. Its log: {_log(program, var)}")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


def _end(code: int) -> str:
    if code == 0:
        return "ended by itself"  # somebody else's SIGTERM; none of the desk's processes is ever done
    return f"died ({signal.Signals(-code).name if code < 0 else f'exit code {code}'})"


def _log(program: Program, var: Path) -> Path:
    return var / "log" / f"{program.name}.log"


async def _run_once(program: Program, var: Path, stop: asyncio.Event) -> int:
    log = _log(program, var)
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *program.arguments(),
            env=dict(program.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # else Ctrl-C reaches it beside our own, orderly, signal
        )
    pid_file = var / "run" / f"{program.name}.pid"
    pid_file.write_text(str(process.pid), encoding="ascii")
    try:
        return await _wait(process, stop)
    finally:
        pid_file.unlink(missing_ok=True)


async def _wait(process: asyncio.subprocess.Process, stop: asyncio.Event) -> int:
    ending, stopping = asyncio.ensure_future(process.wait()), asyncio.ensure_future(stop.wait())
    await asyncio.wait({ending, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not ending.done():
        _signal(process, signal.SIGTERM)
        await asyncio.wait({ending}, timeout=STOP_SECONDS)
    _signal(process, signal.SIGKILL)  # what it may have left behind in its session
    return await ending


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number) if number == signal.SIGKILL else process.send_signal(number)
