"""The lines to one broker, and who is next for one: a queue of our own, so that nothing times out before it leaves.

One line more is for looks alone: however many orders go out, they never wait for more than each other.
"""

import asyncio
import contextlib
import heapq
from collections import deque
from collections.abc import AsyncIterator
from enum import IntEnum

import httpx

PLACES = 8  # requests on their way at one time, beside the look that has a line of its own
CONNECT_SECONDS = 2.0


class Rank(IntEnum):
    """Who goes first when lines are short: an order begun is finished before another is begun, and looks go last."""

    CANCEL = 0
    ORDER = 1
    PREVIEW = 2
    QUESTION = 3


class Places:
    """So many requests at one time; the others wait by rank, and within a rank in the order in which they came."""

    def __init__(self, count: int = PLACES) -> None:
        self._free = count
        self._is_kept_free = True  # the line for looks
        self._came = 0
        self._waiting: list[tuple[Rank, int, asyncio.Future[bool]]] = []
        self._looks: deque[asyncio.Future[bool]] = deque()  # those of them that wait to look

    @contextlib.asynccontextmanager
    async def one(self, rank: Rank, *, within: float) -> AsyncIterator[None]:
        """Hold a place for the length of the block.

        Raises:
            TimeoutError: none came free within so many seconds; the block did not begin.
        """
        async with asyncio.timeout(within):
            is_kept = await self._take(rank)
        try:
            yield
        finally:
            self._give_back(is_kept=is_kept)

    async def _take(self, rank: Rank) -> bool:
        """Wait for a place, and return whether it is the one that is kept for looks."""
        if self._free:
            self._free -= 1
            return False
        if rank is Rank.QUESTION and self._is_kept_free:
            self._is_kept_free = False
            return True
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._came += 1
        heapq.heappush(self._waiting, (rank, self._came, turn))
        if rank is Rank.QUESTION:
            self._looks.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            # A turn that was given in the same moment goes to the next in the queue, or the place would be lost.
            if turn.done() and not turn.cancelled():
                self._give_back(is_kept=turn.result())
            raise

    def _give_back(self, *, is_kept: bool) -> None:
        while self._looks if is_kept else self._waiting:
            turn = self._looks.popleft() if is_kept else heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(is_kept)
                return
        if is_kept:
            self._is_kept_free = True
        else:
            self._free += 1


def lines_to(base_url: str, *, answer_seconds: float) -> httpx.AsyncClient:
    """Return lines to the address. The pool itself makes nobody wait: `Places` does, and the time runs from leaving."""
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=httpx.Timeout(answer_seconds, connect=CONNECT_SECONDS, pool=None),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=PLACES + 1),
    )
