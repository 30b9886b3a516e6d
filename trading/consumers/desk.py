"""The desk's socket: a signed-in tab subscribes, and is fed by the hub."""

import asyncio
from contextlib import suppress
from typing import Any, cast
from weakref import WeakKeyDictionary

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from allcore.accounts.models import User
from trading.consumers.client import BAD_MESSAGE, SIGNED_OUT, TOO_SLOW, Client
from trading.consumers.hub import STREAMS, Hub
from trading.consumers.reading import Readers, Reading
from trading.selectors import live

MESSAGE_LIMIT = 4096
CLOSE_TIMEOUT = 1.0
UNDERLYINGS_LIMIT = 16
SYMBOL_LENGTH = 21

READERS = Readers(
    snapshot=live.snapshot,
    quotes=live.quotes,
    quote_row=live.quote_row,
    system=live.system_row,
    audience=live.audience,
)
_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Hub, Reading]] = WeakKeyDictionary()


class BadMessageError(ValueError):
    """The tab said something that is not of the protocol."""


def hub_here() -> tuple[Hub, Reading]:
    """Return the hub of the running loop: a process has one loop, a test run has many."""
    loop = asyncio.get_running_loop()
    if loop not in _hubs:
        reading = Reading(READERS)
        _hubs[loop] = (Hub(settings.REDIS_URL, reading), reading)
    return _hubs[loop]


def read_message(text: str | None) -> tuple[list[str], list[str] | None]:
    """Return the streams and underlyings a message asks for; a resync is a subscription made again.

    Raises:
        BadMessageError: it is neither, or asks for what there is not.
    """
    if text is None or len(text) > MESSAGE_LIMIT:
        raise BadMessageError
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadMessageError from error
    match message:
        case {"type": "subscribe", "streams": [*streams]}:
            underlyings = message.get("underlyings")
        case {"type": "resync", "stream": str(stream)}:
            streams, underlyings = [stream], None
        case _:
            raise BadMessageError
    if not all(isinstance(stream, str) and stream in STREAMS for stream in streams):
        raise BadMessageError
    if underlyings is not None and not _are_symbols(underlyings):
        raise BadMessageError
    return streams, underlyings


def _are_symbols(values: object) -> bool:
    return (
        isinstance(values, list)
        and len(values) <= UNDERLYINGS_LIMIT
        and all(isinstance(value, str) and 0 < len(value) <= SYMBOL_LENGTH for value in values)
    )


class DeskConsumer(AsyncWebsocketConsumer):
    """`/ws/desk/`: `{"stream", "seq", "type", "data"}` out; `subscribe` and `resync` in."""

    channel_layer_alias = "none"  # the hub carries all; a channel layer would close the socket when Redis goes
    client: Client | None = None
    feeding: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Take a signed-in person in; anybody else is told to sign in."""
        await self.accept()
        scope = cast("dict[str, Any]", self.scope)  # with what AuthMiddlewareStack put there
        user, session_key = scope["user"], scope["session"].session_key
        hub, reading = hub_here()
        audience = await reading.audience(user.pk, session_key) if isinstance(user, User) and session_key else None
        if audience is None:
            await self.close(code=SIGNED_OUT)
            return
        self.client = Client(*audience, str(session_key), self._say, self.close)
        hub.join(self.client)
        self.feeding = asyncio.create_task(self._feed(self.client))

    async def _feed(self, client: Client) -> None:
        try:
            await client.feed()
        except TimeoutError:
            await hub_here()[0].leave(client)
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await self.close(code=TOO_SLOW)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Subscribe or resync; anything else closes the socket."""
        if self.client is None:
            return
        try:
            streams, underlyings = read_message(text_data)
        except BadMessageError:
            await self.close(code=BAD_MESSAGE)
            return
        await hub_here()[0].subscribe(self.client, streams, underlyings)

    async def disconnect(self, code: int) -> None:
        """Leave the hub."""
        if self.client is None:
            return
        if self.feeding is not None:
            self.feeding.cancel()
            with suppress(asyncio.CancelledError):
                await self.feeding
        await hub_here()[0].leave(self.client)

    async def _say(self, text: str) -> None:
        """Send, unless the socket is gone already: its disconnection is on the way."""
        with suppress(RuntimeError, OSError):
            await self.send(text_data=text)
