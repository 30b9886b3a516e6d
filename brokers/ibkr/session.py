"""One login at a gateway: the port that every broker has."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from allcore.kernel.errors import UnknownOutcomeError
from allcore.kernel.reports import BookReport, ExecutionReport, MassStatus, ReportKind
from allcore.kernel.tickets import OrderTicket
from brokers.errors import UnknownAccountError
from brokers.ibkr import accounts, preview, resume
from brokers.ibkr.contracts import Contracts
from brokers.ibkr.desk import Desk, Room
from brokers.ibkr.errors import GatewayDownError, LineLostError
from brokers.ibkr.gateway import Gateway
from brokers.ibkr.library import Library, load
from brokers.ibkr.orders import CAPABILITIES, changed, contract_of, ensure_taken, order_of
from brokers.ibkr.quotes import MOST_LINES, IbkrQuotes
from brokers.ibkr.settings import IbkrSettings
from brokers.ibkr.tracks import Track, Tracks, key_of
from brokers.ports import Health, Lane, OrderKey, Plumbing, Preview, Replacement
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
        self._contracts: Contracts
        self._accounts: tuple[str, ...] = ()
        self._next_id = 1
        self._numbering = asyncio.Lock()  # orders leave in the order of their numbers
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
            wanted = self._settings.accounts
            self._accounts = tuple(a for a in shown if not wanted or a in wanted)
            self._contracts = Contracts(
                self._library, lambda wanted: self._details(gateway, wanted), self._plumbing.clock
            )
            self._desk.start(self._library, gateway)
            self._next_id = await resume.take_up(gateway, self._library, self._desk)
        except BaseException:
            gateway.close()
            raise
        self._gateway = gateway
        self._tasks = [asyncio.create_task(self._desk.run()), asyncio.create_task(gateway.keep_alive())]

    async def submit(self, cl_ord_id: str, broker_account: str, ticket: OrderTicket) -> None:
        """Write the order down, then send it, once.

        Raises:
            InvalidInputError: unknown account or instrument, or an order that the broker does not take.
            RefusedError: the id was used before, or the line was lost before anything was sent.
            GatewayDownError: the line is away; nothing was sent and the id may be used.
        """
        gateway = self._up(broker_account)
        ensure_taken(ticket)
        contract = await self._contract(ticket)
        await gateway.pace(Lane.ORDERS)
        async with self._numbering:
            self._up(broker_account)
            number = self._new_number()
            key = OrderKey(
                cl_ord_id,
                broker_account,
                ticket.as_dict(),
                self._plumbing.clock(),
                chain=(key_of(self._settings.client_id, number),),
                details={"ref": cl_ord_id},
            )
            await self._plumbing.keys.intend(key)
            self._still_up(gateway)
            track = Track(cl_ord_id, broker_account, ticket, number, self._settings.client_id, ref=cl_ord_id)
            track.sent_at = self._plumbing.clock()
            self._tracks.add(track)
            self._send(lambda: gateway.client.placeOrder(number, contract, self._order(track, ticket)))
        self._desk.watch(track)

    async def replace(self, broker_account: str, replacement: Replacement) -> None:
        """Ask for new terms under the order's own number; the quantity is the total.

        Raises:
            InvalidInputError, RefusedError, GatewayDownError: as `submit`.
        """
        gateway = self._up(broker_account)
        track = await self._order_of(broker_account, replacement.orig_cl_ord_id)
        ticket = None if track is None else changed(track.ticket, replacement)
        if ticket is not None:
            ensure_taken(ticket)
            contract = await self._contract(ticket)
        await gateway.pace(Lane.ORDERS)
        await self._burn(replacement.cl_ord_id, broker_account, replacement.orig_cl_ord_id, track, ticket)
        self._still_up(gateway)
        if track is None or ticket is None or not track.is_acked:
            self._answer(ReportKind.REPLACE_REJECT, replacement.cl_ord_id, broker_account, "UNKNOWN_ORDER")
        elif track.is_ended:
            self._answer(ReportKind.REPLACE_REJECT, replacement.cl_ord_id, broker_account, "TOO_LATE")
        elif track.replace is not None:
            self._answer(ReportKind.REPLACE_REJECT, replacement.cl_ord_id, broker_account, "REPLACE_PENDING")
        else:
            track.replace = (replacement.cl_ord_id, ticket)
            self._send(lambda: gateway.client.placeOrder(track.order_id, contract, self._order(track, ticket)))

    async def cancel(self, broker_account: str, cl_ord_id: str, orig_cl_ord_id: str) -> None:
        """Ask to cancel the order last accepted as `orig_cl_ord_id`.

        Raises:
            InvalidInputError, RefusedError, GatewayDownError: as `submit`.
        """
        gateway = self._up(broker_account)
        track = await self._order_of(broker_account, orig_cl_ord_id)
        await gateway.pace(Lane.ORDERS)
        await self._burn(cl_ord_id, broker_account, orig_cl_ord_id, None, None)
        self._still_up(gateway)
        if track is None or track.client_id != self._settings.client_id:
            self._answer(ReportKind.CANCEL_REJECT, cl_ord_id, broker_account, "UNKNOWN_ORDER")
            return
        track.cancel = cl_ord_id
        self._send(lambda: gateway.client.cancelOrder(track.order_id))

    async def preview(self, broker_account: str, ticket: OrderTicket) -> Preview:
        """Ask what the order would cost and bind; nothing is placed.

        Raises:
            InvalidInputError: the broker would not take it. UnavailableError: it does not answer.
        """
        gateway = self._up(broker_account)
        ensure_taken(ticket)
        contract = await self._contract(ticket)
        order = order_of(self._library, ticket, broker_account, "")
        order.whatIf = True
        async with self._numbering:
            number = self._new_number()
            state = await gateway.what_if(number, lambda: gateway.client.placeOrder(number, contract, order))
        return preview.read(state)

    async def mass_status(self, since: datetime) -> MassStatus:
        """Return orders, executions, positions and cash, whole.

        Raises:
            UnavailableError: a question was not answered.
        """
        gateway = self._up()
        books = await accounts.read(gateway, self._library)
        teller = accounts.Teller(
            self._plumbing.connection, self._accounts, self._tracks, gateway.ears.fees, self._desk.alert
        )
        return MassStatus(
            connection=self._plumbing.connection,
            taken_at=self._plumbing.clock(),
            orders=await teller.orders(books, since),
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
            "alerts": self._desk.alerts,
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
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._desk.stop()
        if self._gateway is not None:
            await self._desk.drain()
            self._gateway.close()
        self._events.put_nowait(None)
        await self._plumbing.release()

    def quote_feed(self, *, lines: int = MOST_LINES) -> IbkrQuotes:
        """Return the line's quotes; they are asked for again by themselves whenever the gateway has forgotten them.

        Raises:
            GatewayDownError: there is no line.
        """
        feed = IbkrQuotes(self._up(), self._contracts, self._plumbing.clock, lines=lines)
        self._desk.on_data_lost = feed.renew
        return feed

    async def _details(self, gateway: Gateway, wanted: Any) -> list[Any]:
        return await gateway.numbered(lambda number: gateway.client.reqContractDetails(number, wanted))

    async def _contract(self, ticket: OrderTicket) -> Any:
        found = {leg.symbol: await self._contracts.of(leg.symbol) for leg in ticket.legs}
        return contract_of(self._library, ticket, found)

    def _order(self, track: Track, ticket: OrderTicket) -> Any:
        return order_of(self._library, ticket, track.account, track.ref)

    async def _order_of(self, account: str, cl_ord_id: str) -> Track | None:
        track = await self._tracks.named(cl_ord_id)
        return track if track is not None and track.account == account else None

    async def _burn(
        self, cl_ord_id: str, account: str, orig: str, track: Track | None, ticket: OrderTicket | None
    ) -> None:
        """Write a request's id down before anything is sent."""
        names = () if track is None else (track.key, *([str(track.perm_id)] if track.perm_id else []))
        details: dict[str, object] = {} if track is None else {"ref": track.ref, "perm_id": track.perm_id}
        terms = {} if ticket is None else ticket.as_dict()
        now = self._plumbing.clock()
        await self._plumbing.keys.intend(OrderKey(cl_ord_id, account, terms, now, names, orig, details))

    def _answer(self, kind: ReportKind, cl_ord_id: str, account: str, reason: str) -> None:
        """Answer a request that need not be sent."""
        report = ExecutionReport(kind, self._plumbing.connection, account, cl_ord_id, self._plumbing.clock())
        self._events.put_nowait(replace(report, reason=reason, text="Answered by the desk; it was not sent."))

    def _send(self, send: Callable[[], object]) -> None:
        try:
            send()
        except ConnectionError as e:
            raise UnknownOutcomeError("The line was lost while the order was being sent.") from e

    def _new_number(self) -> int:
        number = max(self._next_id, 0 if self._gateway is None else self._gateway.ears.next_order_id)
        self._next_id = number + 1
        return number

    def _still_up(self, gateway: Gateway) -> None:
        if not self._is_up() or not gateway.is_up:
            raise LineLostError("The line was lost before anything was sent.")

    def _is_up(self) -> bool:
        return not self._is_closed and self._gateway is not None and self._gateway.is_up

    def _up(self, account: str | None = None) -> Gateway:
        if self._gateway is None or not self._is_up():
            raise GatewayDownError(f"{self._plumbing.connection} is not connected; nothing was sent.")
        if account is not None and account not in self._accounts:
            raise UnknownAccountError(f"{self._plumbing.connection} has no account {account!r}.", account=account)
        if account is not None and self._desk.is_upstream_lost:
            raise GatewayDownError("The gateway has lost its line to the broker; nothing was sent.")
        return self._gateway
