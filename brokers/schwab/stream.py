"""Schwab's stream: hints that an order changed, and quotes. What it says of orders is looked up, never believed."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from allcore.kernel.errors import DeskError
from brokers.rest.views import UNREADABLE
from brokers.schwab.auth import Tokens

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
SIGNED_IN, LOGIN_DENIED, CROWDED_OUT = 0, 3, 12
ASKED = {"LEVELONE_OPTIONS": "0,2,3,4,8,16,17,33,38", "LEVELONE_EQUITIES": "0,1,2,3,4,5,8,32,34"}
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Stream:
    """One line to the stream; Schwab allows one a user. It comes back by itself, and asks again for what it had."""

    url: str
    customer: str
    correlation: str
    channel: str
    function: str
    tokens: Tokens
    on_level_one: Callable[[str, Mapping[str, Any]], None] | None = None  # a service and a row of what changed
    on_heartbeat: Callable[[], None] | None = None
    _line: ClientConnection | None = None
    _count: int = 0
    _symbols: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, preference: Any, tokens: Tokens) -> "Stream | None":
        """Return the stream that the user's preferences name, or None; the schema has them as a list of one.

        Raises:
            LookupError, TypeError, AttributeError: they have not the form they should have.
        """
        rows = preference if isinstance(preference, list) else [preference or {}]
        infos = [info for row in rows for info in row.get("streamerInfo") or ()]
        if not infos:
            return None
        info = infos[0]
        return cls(
            url=str(info["streamerSocketUrl"]),
            customer=str(info["schwabClientCustomerId"]),
            correlation=str(info["schwabClientCorrelId"]),
            channel=str(info["schwabClientChannel"]),
            function=str(info["schwabClientFunctionId"]),
            tokens=tokens,
        )

    async def activity(self) -> AsyncIterator[None]:
        """Yield at each word about an order, and once after each new line: something may have been missed."""
        pause = FIRST_PAUSE
        while True:
            try:
                async for message in self._messages():
                    pause = FIRST_PAUSE if CROWDED_OUT not in self._hear_answers(message) else LONGEST_PAUSE
                    self._pass_on(message)
                    if is_about_orders(message):
                        yield
            except (OSError, WebSocketException, DeskError, *UNREADABLE) as e:
                log.warning("stream_ended", error=repr(e))
            yield
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def subscribe(self, symbols: Iterable[str]) -> None:
        """Ask for quotes of the symbols as well."""
        fresh = set(symbols) - self._symbols
        self._symbols |= fresh
        if self._line is not None and fresh:
            await self._ask_for(self._line, "ADD", fresh)

    async def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Stop asking for quotes of the symbols."""
        known = set(symbols) & self._symbols
        self._symbols -= known
        if self._line is not None and known:
            await self._ask_for(self._line, "UNSUBS", known)

    async def close(self) -> None:
        """Let the line go."""
        if self._line is not None:
            await self._line.close()

    def _pass_on(self, message: Any) -> None:
        for part in parts(message, "data"):
            if str(part.get("service", "")).startswith("LEVELONE"):
                for row in part.get("content") or ():
                    self._level_one(part["service"], row)
        if self.on_heartbeat is not None and any("heartbeat" in part for part in parts(message, "notify")):
            self.on_heartbeat()

    def _hear_answers(self, message: Any) -> list[int]:
        """Return the codes of what was refused; to be crowded out by another line of the user's is one."""
        codes = []
        for part in parts(message, "response"):
            code = int(part["content"]["code"])
            if code != SIGNED_IN:
                log.error("stream_refuses", command=part.get("command"), service=part.get("service"), code=code)
                codes.append(code)
        return codes

    def _level_one(self, service: str, row: Any) -> None:
        try:
            if self.on_level_one is not None:
                self.on_level_one(service, row)
        except UNREADABLE as e:  # one quote without form costs no other, and no order its news
            log.warning("quote_unreadable", error=repr(e))

    async def _messages(self) -> AsyncGenerator[Any, None]:
        async with connect(self.url, open_timeout=5, close_timeout=1) as line:
            await self._sign_in(line)
            self._line = line  # before the symbols are asked for: one that is wanted meanwhile is added
            try:
                await self._send(line, "ACCT_ACTIVITY", "SUBS", {"keys": "Account Activity", "fields": "0,1,2,3"})
                if self._symbols:
                    await self._ask_for(line, "SUBS", self._symbols)
                async for text in line:
                    yield json.loads(text, parse_float=Decimal)
            finally:
                self._line = None

    async def _sign_in(self, line: ClientConnection) -> None:
        parameters = {
            "Authorization": await self.tokens.access(),
            "SchwabClientChannel": self.channel,
            "SchwabClientFunctionId": self.function,
        }
        await self._send(line, "ADMIN", "LOGIN", parameters)
        async with asyncio.timeout(5):
            async for text in line:
                for answer in parts(json.loads(text), "response"):
                    if answer.get("command") == "LOGIN":
                        self._may_go_on(answer["content"])
                        return
        raise ValueError("Schwab's stream closed before it let us in")

    def _may_go_on(self, content: Mapping[str, Any]) -> None:
        code = int(content["code"])
        if code == LOGIN_DENIED:
            self.tokens.forget()
        if code != SIGNED_IN:
            raise ValueError(f"Schwab's stream refuses the sign-in: {content}")

    async def _ask_for(self, line: ClientConnection, command: str, symbols: Iterable[str]) -> None:
        options = sorted(symbol for symbol in symbols if len(symbol) > 6)
        shares = sorted(symbol for symbol in symbols if len(symbol) <= 6)
        for service, keys in (("LEVELONE_OPTIONS", options), ("LEVELONE_EQUITIES", shares)):
            if keys:
                parameters = {"keys": ",".join(keys)}
                if command != "UNSUBS":
                    parameters["fields"] = ASKED[service]
                await self._send(line, service, command, parameters)

    async def _send(self, line: ClientConnection, service: str, command: str, parameters: Mapping[str, str]) -> None:
        self._count += 1
        request = {
            "service": service,
            "command": command,
            "requestid": str(self._count),
            "SchwabClientCustomerId": self.customer,
            "SchwabClientCorrelId": self.correlation,
            "parameters": dict(parameters),
        }
        await line.send(json.dumps({"requests": [request]}))


def is_about_orders(message: Any) -> bool:
    """Return whether the message says that something happened to an order."""
    return any(part.get("service") == "ACCT_ACTIVITY" for part in parts(message, "data"))


def parts(message: Any, name: str) -> list[Mapping[str, Any]]:
    """Return a message's parts of a kind, as far as they have a form."""
    rows = message.get(name) if isinstance(message, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
