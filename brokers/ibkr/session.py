"""One login at a gateway: the port that every broker has."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from allcore.kernel.instructions import Instruction, InstructionReport
from allcore.kernel.reports import BookReport, ExecutionReport, MassStatus
from allcore.kernel.tickets import OrderTicket
from brokers.ibkr import resume
from brokers.ibkr.accounts import Teller
from brokers.ibkr.books import read
from brokers.ibkr.contracts import Contracts
from brokers.ibkr.desk import Desk
from brokers.ibkr.entry import Entry
from brokers.ibkr.errors import GatewayDownError
from brokers.ibkr.exercises import Exercises, InstructionRefusedError
from brokers.ibkr.gateway import Gateway
from brokers.ibkr.library import Library, load
from brokers.ibkr.orders import CAPABILITIES
from brokers.ibkr.quotes import MOST_LINES, IbkrQuotes
from brokers.ibkr.room import Room
from brokers.ibkr.settings import IbkrSettings
from brokers.ibkr.tracks import Tracks
from brokers.native import NativeList, NativeOrder
from brokers.ports import Health, Plumbing, Preview, Replacement
from brokers.quiet import window_at


class IbkrSession:
    """One socket, one client id, all accounts of the login that the desk has."""

    capabilities = CAPABILITIES

    def __init__(self, plumbing: Plumbing) -> None:
        self._plumbing = plumbing
        self._settings = IbkrSettings.read(plumbing.settings)
        if self._settings.simulated:
            self.capabilities = replace(CAPABILITIES, quiet=())  # the test server is never reset
        self._events: asyncio.Queue[ExecutionReport | BookReport | Exception | None] = asyncio.Queue()
        self._tracks = Tracks(plumbing.keys)
        self._desk = Desk(
            Room(
                connection=plumbing.connection,
                client_id=self._settings.client_id,
                settings=self._settings,
                keys=plumbing.keys,
                tracks=self._tracks,
                clock=plumbing.clock,
                tell=self._events.put_nowait,
            )
        )
        self._library: Library
        self._gateway: Gateway | None = None
        self._entry: Entry | None = None
        self._contracts: Contracts
        self._exercises: Exercises
        self._accounts: tuple[str, ...] = ()
        self._tasks: list[asyncio.Task[None]] = []
        self._is_closed = False

    async def connect(self) -> None:
        """Sign in, refuse a gateway of the other environment, and take up the orders that are at work.

        Raises:
            EnvironmentMismatchError: settings, port and accounts do not agree; nothing was sent.
            GatewayDownError, GatewayRefusedError, NoAnswerError: it is away, or does not answer.
        """
        self._settings.ensure_port(self._plumbing.environment)
        self._library = load(self._settings.library)
        gateway = Gateway(
            self._library,
            self._settings,
            self._plumbing.pacer,
            tell=self._desk.news.put_nowait,
            clock=self._plumbing.clock,
        )
        try:
            shown = await gateway.connect()
            self._settings.ensure_accounts(self._plumbing.environment, shown)
            self._tracks.is_shared = len(shown) > 1
            wanted = self._settings.accounts
            self._accounts = tuple(a for a in shown if not wanted or a in wanted)
            self._desk.room.accounts = self._accounts
            self._contracts = Contracts(
                self._library, lambda wanted: self._details(gateway, wanted), self._plumbing.clock
            )
            self._desk.start(self._library, gateway)
            number = await resume.take_up(gateway, self._library, self._desk)
        except BaseException:
            gateway.close()
            raise
        self._gateway = gateway
        self._entry = Entry(self._desk, gateway, self._library, self._contracts, self._accounts, number)
        self._exercises = Exercises(self._entry)
        self._tasks = [asyncio.create_task(self._desk.run()), asyncio.create_task(gateway.keep_alive())]

    async def submit(self, cl_ord_id: str, broker_account: str, ticket: OrderTicket) -> None:
        """Write the order down, then send it, once.

        Raises:
            InvalidInputError: unknown account or instrument, or an order that the broker does not take.
            RefusedError: the id was used before, or the line was lost before anything was sent.
            GatewayDownError: the line is away; nothing was sent and the id may be used.
        """
        await self._out().submit(cl_ord_id, broker_account, ticket)

    async def submit_native(self, broker_account: str, order: NativeOrder) -> None:
        """Send an order that the broker watches or works by itself: with conditions, or one of its algorithms.

        Raises:
            InvalidInputError, RefusedError, GatewayDownError: as `submit`.
        """
        await self._out().submit_native(broker_account, order)

    async def submit_list(self, broker_account: str, orders: NativeList) -> None:
        """Send orders that the gateway keeps as a list: an entry with its exits, or a group.

        Raises:
            InvalidInputError, RefusedError, GatewayDownError: as `submit`, of any of the orders; none was sent.
        """
        await self._out().submit_list(broker_account, orders)

    async def replace(self, broker_account: str, replacement: Replacement) -> None:
        """Ask for new terms under the order's own number; the quantity is the total.

        Raises:
            InvalidInputError, RefusedError, GatewayDownError: as `submit`.
        """
        await self._out().replace(broker_account, replacement)

    async def cancel(self, broker_account: str, cl_ord_id: str, orig_cl_ord_id: str) -> None:
        """Ask to cancel the order last accepted as `orig_cl_ord_id`.

        Raises:
            InvalidInputError, RefusedError, GatewayDownError: as `submit`.
        """
        await self._out().cancel(broker_account, cl_ord_id, orig_cl_ord_id)

    async def preview(self, broker_account: str, ticket: OrderTicket) -> Preview:
        """Ask what the order would cost and bind; nothing is placed.

        Raises:
            InvalidInputError: the broker would not take it. UnavailableError: it does not answer.
        """
        return await self._out().preview(broker_account, ticket)

    async def instruct(self, broker_account: str, instruction: Instruction) -> InstructionReport:
        """Send an instruction on a long option, once. Raises as `Exercises.instruct`."""
        return await self._desk_of_options().instruct(broker_account, instruction)

    async def withdraw(self, broker_account: str, instruction_id: str) -> InstructionReport:
        """Refuse: the gateway takes no such request back.

        Raises:
            InstructionRefusedError: always.
        """
        raise InstructionRefusedError(
            "The gateway takes no exercise request back: do it in TWS, or by phone. It stands as it was given.",
            instruction_id=instruction_id,
        )

    async def instructions(self, ids: Sequence[str]) -> tuple[InstructionReport, ...]:
        """Return how the instructions stand, as far as that is known.

        Raises:
            UnavailableError: the gateway does not answer.
        """
        return await self._desk_of_options().instructions(ids)

    async def mass_status(self, since: datetime) -> MassStatus:
        """Return orders, executions, positions and cash, whole.

        Raises:
            UnavailableError: a question was not answered.
        """
        gateway = self._out().up()
        books = await read(gateway, self._library)
        teller = Teller(
            self._plumbing.connection,
            self._accounts,
            self._tracks,
            self._contracts,
            gateway.ears.fees,
            self._desk.room.alert,
        )
        orders = await teller.orders(books, since)
        self._desk.has_told(books.executions)
        return MassStatus(
            connection=self._plumbing.connection,
            taken_at=self._plumbing.clock(),
            orders=orders,
            positions=teller.positions(books),
            balances=teller.balances(books),
        )

    async def health(self) -> Health:
        """Say how the session is."""
        heard_at = None if self._gateway is None else self._gateway.ears.heard_at
        details: dict[str, object] = {
            "accounts": self._accounts,
            "open_orders": len(self._tracks.open()),
            "upstream": "lost" if self._desk.is_upstream_lost else "up",
            "reset_window": window_at(self.capabilities.quiet, self._plumbing.clock()) is not None,
            "alerts": self._desk.room.alerts,
        }
        return Health(is_connected=self._is_up(), heard_at=heard_at, details=details)

    async def events(self) -> AsyncIterator[ExecutionReport | BookReport]:
        """Yield what the gateway says, in its order; ends at close, raises if the line was lost."""
        while (event := await self._events.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event

    async def close(self) -> None:
        """Hang up; what was heard is told first."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._entry is not None:
            self._entry.is_closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._gateway is not None:
            await self._desk.stop()
            await self._desk.drain()
            self._gateway.close()
        self._events.put_nowait(None)
        await self._plumbing.release()

    def quote_feed(self, *, lines: int = MOST_LINES) -> IbkrQuotes:
        """Return the line's quotes; they are asked for again by themselves whenever the gateway has forgotten them.

        Raises:
            GatewayDownError: there is no line.
        """
        feed = IbkrQuotes(self._out().up(), self._contracts, self._plumbing.clock, lines=lines)
        self._desk.on_data_lost = feed.renew
        return feed

    async def _details(self, gateway: Gateway, wanted: Any) -> list[Any]:
        return await gateway.numbered(lambda number: gateway.client.reqContractDetails(number, wanted))

    def _out(self) -> Entry:
        if self._entry is None:
            raise GatewayDownError(f"{self._plumbing.connection} is not connected; nothing was sent.")
        return self._entry

    def _desk_of_options(self) -> Exercises:
        self._out()
        return self._exercises

    def _is_up(self) -> bool:
        return self._entry is not None and self._entry.is_up
