"""A TWS or IB Gateway on loopback: the socket API in its text form, on the test exchange."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from tests.brokers.servers.book import Account, Order
from tests.brokers.servers.control import Server
from tests.brokers.servers.exchange import Event, Exchange
from tests.brokers.servers.faults import Clock
from tests.brokers.servers.port import Port
from tests.brokers.servers.tws import trading
from tests.brokers.servers.tws.depth import Ladder, changes
from tests.brokers.servers.tws.exercises import Requests
from tests.brokers.servers.tws.line import Line
from tests.brokers.servers.tws.messages import Writer, card_of, time_text
from tests.brokers.servers.tws.requests import ANSWERS, tick
from tests.brokers.servers.tws.wire import ProtocolError, frame, read_frame

NEWEST = 178
HELLO = b"API\0"
START = 71
FARMS = ((2104, "Market data farm connection is OK:usfarm"), (2158, "Sec-def data farm connection is OK:secdefil"))


@dataclass
class TwsServer(Server):
    """The gateway. `version` is the newest that it speaks; `time_style` how it writes times: zone, utc or naive.

    `protocol_errors` are requests the real gateway would not understand; `deaf_to` counts requests, by message
    number, that will not be answered; `too_fast` counts messages beyond fifty within a second.
    """

    version: int = NEWEST
    time_style: str = "zone"
    protocol_errors: list[str] = field(default_factory=list)
    deaf_to: Counter[int] = field(default_factory=Counter)
    heard: Counter[int] = field(default_factory=Counter)
    too_fast: int = 0
    is_silent: bool = False
    by_key: dict[tuple[int, int], int] = field(default_factory=dict)
    highest: dict[int, int] = field(default_factory=dict)
    facts: dict[tuple[int, str], Decimal] = field(default_factory=dict)  # what conditions see beside prices
    ladders: dict[str, Ladder] = field(default_factory=dict)
    greeks: dict[str, tuple[float, ...]] = field(default_factory=dict)
    requests: Requests = field(default_factory=Requests)
    lines: dict[int, Line] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.port = Port(self._talk)
        self.exchange.listen(self._happened)
        self.exchange.watch(self._shown)
        self.verbs |= {"broadcast": self.broadcast, "say": self.say, "drop": self.port.drop, "restart": self.restart}
        self.verbs["too_fast"] = lambda: self.too_fast

    @classmethod
    def make(
        cls, accounts: Iterable[str] = ("DU1",), *, cash: Decimal = Decimal(100_000), version: int = NEWEST
    ) -> "TwsServer":
        """Return a gateway of paper accounts, not yet listening."""
        clock = Clock()
        return cls(Exchange(clock, accounts=dict.fromkeys(accounts, cash)), clock=clock, version=version)

    async def restart(self) -> None:
        """Go away and come back; the exchange goes on meanwhile."""
        await self.port.close()
        await self.port.open()

    def broadcast(self, code: int, text: str = "") -> None:
        """Say something to everybody, such as that the line to the exchange is lost (1100)."""
        for line in self.lines.values():
            line.send(line.say.error(-1, code, text))

    def say(self, number: int, code: int, text: str = "said by the test") -> None:
        """Say a code about an order to its owner, whatever the order's state."""
        order = self.exchange.orders[number]
        if (line := self.line_of(order)) is not None:
            line.send(line.say.error(card_of(order).order_id, code, text))

    def show_depth(self, symbol: str, ladder: Ladder) -> None:
        """Show a new book, bids and offers, each best first; who has asked for it is told what changed."""
        self.exchange.listing.add(symbol)
        self.ladders[symbol] = ladder
        for line in self.lines.values():
            for number, book in line.books.items():
                if book.symbol == symbol:
                    line.send(*changes(number, book, ladder))

    def line_of(self, order: Order) -> Line | None:
        """Return the line of the client that hears of the order."""
        return self.lines.get(card_of(order).client)

    def next_id(self, client: int) -> int:
        """Return the least order number that the client may use."""
        return self.highest.get(client, 0) + 1

    def tell(self, order: Order, status: str, *, why: str = "") -> None:
        """Tell the owner how the order is."""
        line = self.line_of(order)
        if line is not None and not self.is_silent:
            line.tell(line.say.open_order(order, status), line.say.order_status(order, status, why=why))

    def worth(self, account: Account) -> Decimal:
        """Return cash and positions at the middle."""
        total = account.cash
        for symbol, (qty, avg) in account.positions.items():
            shown = self.exchange.board.get(symbol)
            price = avg if shown is None or shown.mid is None else shown.mid
            total += qty * price * self.exchange.listing.add(symbol).multiplier
        return total

    def _happened(self, event: Event) -> None:
        trading.happened(self, event)

    def _shown(self, symbol: str) -> None:
        for line in self.lines.values():
            for number, subscribed in line.quotes.items():
                if subscribed == symbol:
                    tick(self, line, number, symbol)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        version = await self._greet(reader, writer)
        line = Line(writer, self.faults, version)
        line.say = Writer(self.exchange.listing, version, self.time_style)
        try:
            if await self._sign_in(reader, line):
                await self._serve(reader, line)
            await line.finish()
        except ProtocolError as e:
            self.protocol_errors.append(str(e))
            line.send(line.say.error(-1, 507, f"Bad message length or contents: {e}"))
            await line.finish()
        finally:
            line.drop()
            if self.lines.get(line.client) is line:
                del self.lines[line.client]

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
        if await reader.readexactly(len(HELLO)) != HELLO:
            raise asyncio.IncompleteReadError(b"", None)
        length = int.from_bytes(await reader.readexactly(4), "big")
        offered = (await reader.readexactly(length)).decode().split()[0]
        version = min(self.version, int(offered.rpartition("..")[2]))
        writer.write(frame(version, time_text(self.clock(), "zone")))
        return version

    async def _sign_in(self, reader: asyncio.StreamReader, line: Line) -> bool:
        hello = await read_frame(reader)
        if hello[:2] != [str(START), "2"]:
            raise ProtocolError(f"The first message is startApi, was {hello[:2]}.")
        client = int(hello[2])
        if client in self.lines:
            line.send(line.say.error(-1, 326, "Unable to connect as the client id is already in use."))
            return False
        line.client = client
        self.lines[client] = line
        line.send(frame(15, 1, ",".join(self.exchange.accounts)), frame(9, 1, self.next_id(client)))
        line.send(*(line.say.error(-1, code, text) for code, text in FARMS))
        return True

    async def _serve(self, reader: asyncio.StreamReader, line: Line) -> None:
        loop = asyncio.get_running_loop()
        while True:
            fields = await read_frame(reader)
            number = int(fields[0])
            self.heard[number] += 1
            if line.count(loop.time()):
                self.too_fast += 1
                line.send(line.say.error(-1, 100, "Max rate of messages per second has been exceeded:max=50"))
            if self.deaf_to[number] > 0:
                self.deaf_to[number] -= 1
            elif number in ANSWERS:
                ANSWERS[number](self, line, fields)
            else:
                raise ProtocolError(f"No request has the number {number}.")
