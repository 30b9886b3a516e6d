"""What a benchmark that runs a gateway of its own waits with: a loop in a thread, processes, ports."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Self

WITHIN = 120.0


async def _end_all() -> None:
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


class Loop:
    """An asyncio loop in a thread of its own."""

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.run(_end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WITHIN * 2)

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        async def begin() -> "asyncio.Task[None]":
            return asyncio.create_task(work)

        return self.run(begin())  # type: ignore[no-any-return]  # it is one

    def stop(self, task: "asyncio.Task[None]") -> None:
        async def end() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self.run(end())


def wait_until_up(name: str) -> None:
    from brokers.models import Connection

    wait_until(lambda: Connection.objects.filter(name=name, state="UP").exclude(lease_owner="").exists())


def wait_until_hosting(names: dict[str, Any]) -> None:
    """Wait until each of the processes has the database open: the one without the lease stands by."""
    from django.db import connection

    def are_there() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(DISTINCT application_name) FROM pg_stat_activity WHERE application_name = ANY(%s)",
                [list(names)],
            )
            return bool(cursor.fetchone()[0] == len(names))

    wait_until(are_there)


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + WITHIN
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError("What was waited for did not come.")
        time.sleep(0.01)


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + WITHIN
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def asked(control: int, what: dict[str, object]) -> object:
    """Ask the server's control channel."""
    with socket.create_connection(("127.0.0.1", control), timeout=10) as line, line.makefile("rw") as talk:
        talk.write(json.dumps(what) + "\n")
        talk.flush()
        return json.loads(talk.readline())["ok"]
