"""One browser tab: what it listens to, and the loop that feeds it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field

from allcore.accounts.models import User
from trading.consumers.outbox import Outbox

SEND_TIMEOUT = 20.0

# Closing codes, which the page answers by signing in again, by reconnecting, or by giving up.
BAD_MESSAGE = 4400
SIGNED_OUT = 4401
TOO_SLOW = 4408


@dataclass(eq=False, slots=True)
class Client:
    """A signed-in tab. `accounts` are the codes its person may see; nothing of another account reaches it."""

    user: User
    accounts: frozenset[str]
    session_key: str
    send: Callable[[str], Awaitable[None]]
    close: Callable[[int], Awaitable[None]]
    streams: set[str] = field(default_factory=set)
    underlyings: frozenset[str] = frozenset()
    outbox: Outbox = field(default_factory=Outbox)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    send_timeout: float = SEND_TIMEOUT

    def hears(self, stream: str, account: str) -> bool:
        """Whether a message of the stream about the account ("": about none) is for this client."""
        return stream in self.streams and (account == "" or account in self.accounts)

    def put(self, stream: str, kind: str, data: bytes, *, key: Hashable | None) -> None:
        """Queue a message and wake the loop."""
        self.outbox.put(stream, kind, data, key=key)
        self.wake.set()

    async def feed(self) -> None:
        """Send what waits, for ever.

        Raises:
            TimeoutError: the tab took nothing for `send_timeout` seconds.
        """
        while True:
            await self.wake.wait()
            self.wake.clear()
            while (frame := self.outbox.pop()) is not None:
                async with asyncio.timeout(self.send_timeout):  # wait_for may lose a cancellation on Python 3.11
                    await self.send(frame.decode())
