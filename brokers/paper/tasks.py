"""Background tasks of a session, and how they end."""

import asyncio
from collections.abc import Sequence

CANCEL_SECONDS = 1.0


async def end_all(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel the tasks until they have ended: a library that is just closing a line may swallow one cancellation."""
    waiting = {task for task in tasks if not task.done()}
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=CANCEL_SECONDS)
