"""The line to the gateway: connected, guarded against broken messages, paced, and asked questions with a time limit."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import structlog

from allcore.kernel.errors import DeskError
from brokers.ibkr.ears import FIRST_REQUEST, Ears
from brokers.ibkr.errors import ContradictionError, GatewayDownError, NoAnswerError
from brokers.ibkr.library import Library
from brokers.ibkr.news import News
from brokers.ibkr.orders import MESSAGES
from brokers.ibkr.settings import IbkrSettings
from brokers.ibkr.times import read_time
from brokers.ports import Lane, Pacer

EXEC_DETAILS = 11
EXEC_TIME_AT = 15  # of an execDetails' fields
LEAST_FIELDS = {3: 12, 4: 5, 5: 90, 11: 31, 59: 8, 101: 70}  # of messages about orders
MATTER = {
    3: "orderStatus",
    4: "error",
    5: "openOrder",
    11: "execDetails",
    59: "commissionReport",
    101: "completedOrder",
}

log = structlog.get_logger(__name__)


class Gateway:
    """One socket. Everything that is sent passes `send` or `ask`."""

    def __init__(
        self,
        library: Library,
        settings: IbkrSettings,
        pacer: Pacer,
        *,
        tell: Callable[[News], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._pacer = pacer
        self._summary = asyncio.Lock()  # the gateway answers few of these at once; the named ones only one by one
        self._asking: dict[str, asyncio.Lock] = {}
        self._next_request = FIRST_REQUEST
        self.ears = Ears(tell, clock)
        self.client = library.client(self.ears)
        self._guard()

    async def connect(self) -> tuple[str, ...]:
        """Sign in and return the accounts.

        Raises:
            GatewayDownError, GatewayRefusedError: it is away, or does not let us in.
        """
        settings = self._settings
        opening = asyncio.ensure_future(
            self.client.connectAsync(settings.host, settings.port, settings.client_id, settings.connect_seconds)
        )
        try:
            await asyncio.wait((opening, self.ears.refused), return_when=asyncio.FIRST_COMPLETED)
            if self.ears.refused.done():
                self.ears.refused.result()
            await opening
        except (OSError, TimeoutError) as e:
            raise GatewayDownError(
                f"No gateway at {settings.host}:{settings.port}: {e!r}.", host=settings.host, port=settings.port
            ) from e
        finally:  # what nobody waits for any more would sign in all the same, and keep our client id
            opening.cancel()
            await asyncio.gather(opening, return_exceptions=True)
        return tuple(str(account) for account in self.client.getAccounts())

    @property
    def is_up(self) -> bool:
        """Whether the socket is connected and the gateway has let us in."""
        return bool(self.client.isReady())

    async def pace(self, lane: Lane) -> None:
        """Wait until another message may go out."""
        await self._pacer.take(MESSAGES, lane=lane)

    async def slowed(self) -> None:
        """Hear that we were too fast."""
        await self._pacer.pushed_back(MESSAGES, retry_after=None)

    def new_request(self) -> int:
        """Return a number for a question or subscription."""
        self._next_request += 1
        return self._next_request

    async def numbered(self, send: Callable[[int], object]) -> list[Any]:
        """Ask a question that has a number.

        Raises:
            GatewayDownError, NoAnswerError, QuestionRefusedError: there is no answer.
        """
        number = self.new_request()
        return await self._answer(number, lambda: send(number))

    async def named(self, name: str, send: Callable[[], object]) -> list[Any]:
        """Ask a question that has none: one at a time.

        Raises:
            GatewayDownError, NoAnswerError: there is no answer.
        """
        async with self._asking.setdefault(name, asyncio.Lock()):
            return await self._answer(name, send)

    async def summary(self, tags: str) -> list[Any]:
        """Ask for accounts' figures, once: the subscription that this is with the gateway is ended at once."""
        async with self._summary:
            number = self.new_request()
            try:
                return await self._answer(number, lambda: self.client.reqAccountSummary(number, "All", tags))
            finally:
                if self.is_up:
                    await self.pace(Lane.DATA)
                    self.client.cancelAccountSummary(number)

    async def what_if(self, number: int, send: Callable[[], object]) -> Any:
        """Ask what an order would do; `number` is an order's.

        Raises:
            GatewayDownError, NoAnswerError, QuestionRefusedError: there is no answer.
        """
        return (await self._answer(number, send))[0]

    def close(self) -> None:
        """Hang up."""
        if self.client.connState != self.client.DISCONNECTED:
            self.client.disconnect()
        if not self.ears.refused.done():
            self.ears.refused.cancel()

    def hang_up(self) -> None:
        """Give up a line on which nothing is said any more."""
        self.close()
        self.ears.connectionClosed()

    async def keep_alive(self) -> None:
        """Ask for the time now and then; a gateway that says nothing any more is as good as gone."""
        while True:
            await asyncio.sleep(self._settings.silence_seconds / 2)
            try:
                await self.named("time", self.client.reqCurrentTime)
            except NoAnswerError:
                self.hang_up()
            except GatewayDownError:
                return

    async def _answer(self, key: int | str, send: Callable[[], object]) -> list[Any]:
        await self.pace(Lane.DATA)
        if not self.is_up:
            raise GatewayDownError("The gateway is not connected; it was not asked.")
        future = self.ears.ask(key)
        try:
            send()
            async with asyncio.timeout(self._settings.answer_seconds):
                return await future
        except TimeoutError as e:
            raise NoAnswerError(f"The gateway did not answer {key} in time.", question=str(key)) from e
        finally:
            self.ears.give_up(key)

    def _guard(self) -> None:
        """Let no message about an order be lost quietly: the decoder only logs what it cannot read."""
        handlers: dict[int, Callable[[Sequence[str]], None]] = self.client.decoder.handlers
        for number, kind in MATTER.items():
            handlers[number] = self._guarded(number, kind, handlers[number])

    def _guarded(self, number: int, kind: str, handler: Callable[[list[str]], None]) -> Callable[[Sequence[str]], None]:
        def handle(fields: Sequence[str]) -> None:
            try:
                if len(fields) < LEAST_FIELDS[number]:
                    raise ContradictionError(f"It has {len(fields)} fields.")
                handler(self._timed(list(fields)) if number == EXEC_DETAILS else list(fields))
            except (DeskError, ValueError, TypeError, IndexError, KeyError, AttributeError, ArithmeticError) as e:
                log.warning("ibkr_message_unreadable", kind=kind, error=repr(e))
                self.ears.malformed(kind, repr(e))

        return handle

    def _timed(self, fields: list[str]) -> list[str]:
        """Note the time as it was said, and give the decoder one that it cannot misread."""
        self.ears.execution_time = fields[EXEC_TIME_AT]
        fields[EXEC_TIME_AT] = str(int(read_time(fields[EXEC_TIME_AT]).timestamp()))
        return fields
