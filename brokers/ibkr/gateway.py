"""The line to the gateway: connected, guarded against broken messages, paced, and asked questions with a time limit."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

from brokers.ibkr.ears import FIRST_REQUEST, Ears
from brokers.ibkr.errors import GatewayDownError, GatewayRefusedError, NoAnswerError
from brokers.ibkr.guard import Guard
from brokers.ibkr.library import Library
from brokers.ibkr.news import News
from brokers.ibkr.orders import MESSAGES
from brokers.ibkr.second import Second
from brokers.ibkr.settings import IbkrSettings
from brokers.ports import Lane, Pacer

MOST_A_SECOND = 48  # of the 50 that the gateway counts: two for what the road to it may push together


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
        self._second = Second(MOST_A_SECOND)
        self.ears = Ears(tell, clock)
        self.client = library.client(self.ears)
        self.client.MaxRequests = 0  # we pace what is sent ourselves; what the library held back would leave unseen
        self.client.apiError += self._complained
        Guard(self.client, self.ears).put()

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
            if opening.done():
                await opening
            else:
                self.ears.refused.result()
        except (OSError, TimeoutError) as e:
            why = "No gateway" if self.ears.heard_at is None else "The gateway did not say accounts and numbers"
            raise GatewayDownError(
                f"{why} at {settings.host}:{settings.port}: {e!r}.", host=settings.host, port=settings.port
            ) from e
        finally:  # what nobody waits for any more would sign in all the same, and keep our client id
            opening.cancel()
            self.ears.refused.cancel()
            await asyncio.gather(opening, self.ears.refused, return_exceptions=True)
        self._ensure_understood()
        told = (str(account).strip() for account in self.client.getAccounts())
        return tuple(dict.fromkeys(account for account in told if account))

    @property
    def is_up(self) -> bool:
        """Whether the socket is connected and the gateway has let us in."""
        return bool(self.client.isReady())

    async def pace(self, lane: Lane) -> None:
        """Wait until another message may go out. One about an order then waits for `room` before it leaves."""
        await self._pacer.take(MESSAGES, lane=lane)
        if lane is Lane.DATA:
            await self.room(reserved=MESSAGES.reserved)

    async def room(self, count: int = 1, *, reserved: int = 0) -> None:
        """Wait until `count` messages may leave at once; they are counted as leaving now.

        The last thing before a message is sent: who waits for anything after it may send it into another second.
        """
        clock = asyncio.get_running_loop().time
        while (wait := self._second.wait(count, clock(), reserved=reserved)) > 0:  # noqa: ASYNC110 a computed wait
            await asyncio.sleep(wait)
        self._second.note(count, clock())

    async def slowed(self) -> None:
        """Hear that we were too fast."""
        await self._pacer.pushed_back(MESSAGES, retry_after=None)

    async def renumber(self) -> None:
        """Ask for the least number that an order may have: one was used before, by whom we do not know."""
        await self.pace(Lane.ORDERS)
        if self.is_up:
            self.client.reqIds(-1)

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

    def _ensure_understood(self) -> None:
        """Refuse a gateway whose words would be misread.

        Raises:
            GatewayRefusedError: its version was not offered, or its order numbers are among those of our questions.
        """
        version, offered = self.client.serverVersion(), (self.client.MinClientVersion, self.client.MaxClientVersion)
        if not offered[0] <= version <= offered[1]:
            text = f"The gateway speaks version {version}, and was offered {offered[0]} to {offered[1]}."
        elif self.ears.next_order_id >= FIRST_REQUEST:
            text = f"The gateway's next order number is {self.ears.next_order_id}: reset its sequence in TWS."
        else:
            return
        self.close()
        raise GatewayRefusedError(text, version=version)

    def _complained(self, text: str) -> None:
        """Take the library's words for a line that fails; what `connect` raises it says itself."""
        if not text.startswith("API connection failed"):
            self.ears.failed(text)
