"""Changes on their way to the store: kept in order, many in one transaction, told only once kept."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from allcore.kernel.reports import BookReport, ExecutionReport
from brokers.paper.records import Change
from brokers.paper.store import DuplicateClOrdIdError, Store

MOST_AT_ONCE = 200
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Job:
    """A change to keep, or a question that waits for the changes before it. `then` runs once the change is kept."""

    change: Change | None = None
    question: Callable[[], Any] | None = None
    answer: asyncio.Future[Any] | None = None
    then: Callable[[], None] | None = None


class Writer:
    """Writes for one session, in one thread, so that what it reads is never older than what it wrote."""

    def __init__(self, store: Store, tell: Callable[[ExecutionReport | BookReport], None], name: str) -> None:
        self._store = store
        self._tell = tell
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"paper-{name}")

    def post(self, change: Change) -> None:
        """Have the change kept; a failure ends the writer."""
        self._jobs.put_nowait(_Job(change=change))

    async def keep(self, change: Change, then: Callable[[], None]) -> None:
        """Have the change kept before going on. `then` runs when it is, even if the caller has stopped waiting.

        Raises:
            DuplicateClOrdIdError: the id is burned.
        """
        job = _Job(change=change, answer=asyncio.get_running_loop().create_future(), then=then)
        await self._asked(job)

    async def read(self, question: Callable[[], Result]) -> Result:
        """Ask the store something, after everything before it has been kept."""
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        await self._asked(_Job(question=question, answer=answer))
        return answer.result()

    async def run(self) -> None:
        """Write for ever; a store that fails ends it, and fails all that wait."""
        batch: list[_Job] = []
        try:
            while True:
                batch = [await self._jobs.get()]
                while batch[-1].change is not None and len(batch) < MOST_AT_ONCE and not self._jobs.empty():
                    batch.append(self._jobs.get_nowait())
                await self._work(batch)
                for _ in batch:
                    self._jobs.task_done()
        except Exception as e:
            self._fail_all(batch, e)
            raise

    async def drain(self) -> None:
        """Return once everything posted so far is kept and told."""
        await self._jobs.join()

    async def stop(self) -> None:
        """Fail what still waits, and let the thread end."""
        self._fail_all([], ConnectionError("The paper session ended."))
        await self._in_thread(self._store.close)
        self._thread.shutdown(wait=False)

    async def _asked(self, job: _Job) -> None:
        self._jobs.put_nowait(job)
        if job.answer is not None:
            await job.answer

    async def _work(self, batch: Sequence[_Job]) -> None:
        """Write the changes, then put the question that may stand at the end."""
        writes = [job for job in batch if job.change is not None]
        if writes:
            await self._write(writes)
        if batch[-1].question is not None:
            await self._answer(batch[-1].question, batch[-1].answer)

    async def _answer(self, question: Callable[[], Any], answer: asyncio.Future[Any] | None) -> None:
        try:
            result = await self._in_thread(question)
        except Exception as e:  # noqa: BLE001 whoever asked is told, and the books are as they were
            _settle(answer, error=e)
        else:
            _settle(answer, result=result)

    async def _write(self, jobs: Sequence[_Job]) -> None:
        changes = [job.change for job in jobs if job.change is not None]
        try:
            await self._in_thread(lambda: self._store.write(changes))
        except DuplicateClOrdIdError as e:
            if len(jobs) > 1:  # one burned id must not take the others with it
                for job in jobs:
                    await self._write([job])
                return
            if jobs[0].answer is None:
                raise
            _settle(jobs[0].answer, error=e)
            return
        for job, change in zip(jobs, changes, strict=True):
            if job.then is not None:
                job.then()
            for report in change.reports:
                self._tell(report)
            _settle(job.answer)

    def _fail_all(self, batch: Sequence[_Job], error: Exception) -> None:
        waiting = list(batch)
        while not self._jobs.empty():
            waiting.append(self._jobs.get_nowait())
        for job in waiting:
            _settle(job.answer, error=error)
            self._jobs.task_done()

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _settle(answer: asyncio.Future[Any] | None, *, result: object = None, error: Exception | None = None) -> None:
    if answer is None or answer.done():
        return
    if error is None:
        answer.set_result(result)
    else:
        answer.set_exception(error)
