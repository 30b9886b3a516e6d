"""Schwab's stream: LOGIN first, one line a user, account activity and level-one quotes."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import WSMsgType, web

from tests.brokers.servers.exchange import Event, Exchange, Kind
from tests.brokers.servers.faults import Clock, Faults

TYPES = {
    Kind.BOOKED: "OrderCreated",
    Kind.TRIGGERED: "OrderAccepted",
    Kind.FILLED: "OrderFillCompleted",
    Kind.CANCELED: "OrderUROutCompleted",
    Kind.EXPIRED: "OrderUROutCompleted",
    Kind.REPLACED: "ChangeAccepted",
    Kind.CORRECTED: "ExecutionCreated",
    Kind.BUSTED: "ExecutionCreated",
}
# By number: bid, ask, last, bid size, ask size.
OPTION_FIELDS, EQUITY_FIELDS = ("2", "3", "4", "16", "17"), ("1", "2", "3", "4", "5")
NOT_SIGNED_IN, CLOSED_BY_ANOTHER, BAD_LOGIN = 20, 12, 3


class Streamer:
    """Serves the stream."""

    def __init__(self, exchange: Exchange, lets_in: Callable[[str], bool], faults: Faults, clock: Clock) -> None:
        self._exchange = exchange
        self._lets_in = lets_in
        self._faults = faults
        self._clock = clock
        self._line: web.WebSocketResponse | None = None
        self._has_activity = False
        self._symbols: set[str] = set()
        self._told: dict[str, dict[str, float]] = {}
        self._seq = 0
        self.lines = 0
        self._came = asyncio.Event()
        self._changed = asyncio.Event()
        exchange.listen(self._happened)
        exchange.watch(self._shown)
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Talk to one user's program; a second line closes the first."""
        line = web.WebSocketResponse(heartbeat=None)
        await line.prepare(request)
        if self._line is not None and not self._line.closed:
            with contextlib.suppress(ConnectionError):
                await self._line.send_str(_response("ADMIN", "LOGIN", CLOSED_BY_ANOTHER, "replaced"))
            await self._line.close()
        self._line, self._has_activity, self._symbols, self._told = line, False, set(), {}
        self.lines += 1
        self._came.set()
        is_in = False
        async for message in line:
            if message.type is not WSMsgType.TEXT:
                break
            said = json.loads(message.data)
            for asked in said.get("requests", [said]):  # one alone needs no list
                is_in = await self._answer(line, asked, is_in=is_in)
        return line

    async def had(self, lines: int) -> None:
        """Wait until so many have come."""
        while self.lines < lines:
            self._came.clear()
            await self._came.wait()

    async def say(self, text: str) -> None:
        """Send a message of any form."""
        assert self._line is not None
        await self._line.send_str(text)

    async def asked_for(self, symbols: set[str]) -> None:
        """Wait until quotes of these, and no others, are wanted."""
        while self._symbols != symbols:
            self._changed.clear()
            await self._changed.wait()

    async def beat(self) -> None:
        """Say that the line is alive."""
        assert self._line is not None
        await self._line.send_str(json.dumps({"notify": [{"heartbeat": str(int(self._clock().timestamp() * 1000))}]}))

    async def drop(self) -> None:
        """Cut the line."""
        if self._line is not None:
            await self._line.close()

    async def _answer(self, line: web.WebSocketResponse, asked: Mapping[str, Any], *, is_in: bool) -> bool:
        service, command, parameters = asked["service"], asked["command"], asked.get("parameters", {})
        if command == "LOGIN":
            is_in = self._lets_in(f"Bearer {parameters.get('Authorization', '')}")
            await line.send_str(_response(service, command, 0 if is_in else BAD_LOGIN, "", asked["requestid"]))
            return is_in
        if not is_in:
            await line.send_str(_response(service, command, NOT_SIGNED_IN, "", asked["requestid"]))
            return False
        if service == "ACCT_ACTIVITY":
            self._has_activity = command == "SUBS"
        elif command in ("SUBS", "ADD"):
            self._changed.set()
            self._symbols |= (keys := set(parameters["keys"].split(",")))
            await line.send_str(_response(service, command, 0, "", asked["requestid"]))
            for symbol in sorted(keys):
                self._told.pop(symbol, None)
                self._shown(symbol)
            return True
        elif command == "UNSUBS":
            self._symbols -= set(parameters["keys"].split(","))
            self._changed.set()
        await line.send_str(_response(service, command, 0, "", asked["requestid"]))
        return True

    def _happened(self, event: Event) -> None:
        if self._line is None or self._line.closed or not self._has_activity:
            return
        self._seq += 1
        content = {"seq": self._seq, "key": "activity", "1": event.order.account, "2": TYPES[event.kind], "3": "{}"}
        for one in self._faults.arranged([content]):
            self._send("ACCT_ACTIVITY", [one])

    def _shown(self, symbol: str) -> None:
        if self._line is None or self._line.closed or symbol not in self._symbols:
            return
        board = self._exchange.board.get(symbol)
        if board is None:
            return
        is_option = len(symbol) == 21
        names = OPTION_FIELDS if is_option else EQUITY_FIELDS
        values = (board.bid, board.ask, board.last, board.bid_size, board.ask_size)
        fields = {name: float(value or 0) for name, value in zip(names, values, strict=True)}
        before = self._told.get(symbol, {})
        changed = {name: value for name, value in fields.items() if before.get(name) != value}
        self._told[symbol] = fields
        if changed:  # only what changed is sent, and everything at the start
            content = {"key": symbol, **changed}
            self._send("LEVELONE_OPTIONS" if is_option else "LEVELONE_EQUITIES", [content])

    def _send(self, service: str, content: list[Mapping[str, Any]]) -> None:
        assert self._line is not None
        stamp = int(self._clock().timestamp() * 1000)
        text = json.dumps({"data": [{"service": service, "timestamp": stamp, "command": "SUBS", "content": content}]})
        task = asyncio.get_running_loop().create_task(self._line.send_str(text))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _response(service: str, command: str, code: int, text: str, requestid: str = "") -> str:
    answer = {
        "service": service,
        "command": command,
        "requestid": str(requestid),
        "content": {"code": code, "msg": text},
    }
    return json.dumps({"response": [answer]})
