"""What was asked of the gateway and is not answered yet: futures by number or name, their parts collected."""

import asyncio
from typing import Any

from allcore.kernel.errors import DeskError


class Questions:
    """The questions of one line."""

    def __init__(self) -> None:
        self._questions: dict[int | str, asyncio.Future[list[Any]]] = {}
        self._parts: dict[int | str, list[Any]] = {}

    def ask(self, key: int | str) -> "asyncio.Future[list[Any]]":
        """Open a question; its answer is the list of its parts."""
        future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._questions[key], self._parts[key] = future, []
        return future

    def answered(self, key: int | str, part: object) -> None:
        """Answer a question in one."""
        self._part(key, part)
        self._end(key)

    def give_up(self, key: int | str) -> None:
        """Forget a question."""
        self._questions.pop(key, None)
        self._parts.pop(key, None)

    def _part(self, key: int | str, part: Any) -> None:
        if key in self._parts:
            self._parts[key].append(part)

    def _end(self, key: int | str, error: DeskError | None = None) -> bool:
        future, parts = self._questions.pop(key, None), self._parts.pop(key, [])
        if future is None or future.done():
            return False
        if error is None:
            future.set_result(parts)
        else:
            future.set_exception(error)
        return True
