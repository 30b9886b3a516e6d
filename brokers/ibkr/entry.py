"""Orders out: written down under their numbers, then sent, once, in the order of the numbers."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from allcore.kernel.errors import UnknownOutcomeError
from allcore.kernel.reports import ExecutionReport, ReportKind
from allcore.kernel.tickets import OrderTicket
from brokers.errors import UnknownAccountError
from brokers.ibkr import preview
from brokers.ibkr.contracts import Contracts
from brokers.ibkr.desk import Desk
from brokers.ibkr.errors import GatewayDownError, LineLostError
from brokers.ibkr.gateway import Gateway
from brokers.ibkr.library import Library
from brokers.ibkr.natives import ensure_terms_taken, put_terms
from brokers.ibkr.orders import changed, contract_of, ensure_taken, order_of
from brokers.ibkr.places import ALONE, Place, places_of
from brokers.ibkr.tracks import Track, key_of
from brokers.native import NativeList, NativeOrder
from brokers.ports import Lane, OrderKey, Preview, Replacement


@dataclass(slots=True)
class Entry:
    """The way out of a session that is connected. `number` is the least that the next order may have."""

    desk: Desk
    gateway: Gateway
    library: Library
    contracts: Contracts
    accounts: tuple[str, ...]
    number: int = 1
    is_closed: bool = False
    _numbering: asyncio.Lock = field(default_factory=asyncio.Lock)  # orders leave in the order of their numbers

    async def submit(self, cl_ord_id: str, broker_account: str, ticket: OrderTicket) -> None:
        """Write the order down, then send it, once. Raises as `IbkrSession.submit`."""
        await self.submit_native(broker_account, NativeOrder(cl_ord_id, ticket))

    async def submit_native(self, broker_account: str, order: NativeOrder) -> None:
        """Write the order down, then send it, once. Raises as `IbkrSession.submit`."""
        ensure_terms_taken(order, is_listed=False)
        await self._place(broker_account, (order,), lambda _: (ALONE,))

    async def submit_list(self, broker_account: str, orders: NativeList) -> None:
        """Write all orders of the list down, then send them. Raises as `IbkrSession.submit`."""
        for one in orders.orders:
            ensure_terms_taken(one, is_listed=True)
        await self._place(
            broker_account, orders.orders, lambda first: places_of(orders, first), is_family=orders.entry is not None
        )

    async def replace(self, broker_account: str, replacement: Replacement) -> None:
        """Ask for new terms under the order's own number, and in its place. Raises as `IbkrSession.submit`."""
        gateway = self.up(broker_account)
        track = await self._order_of(broker_account, replacement.orig_cl_ord_id)
        ticket = None if track is None else changed(track.ticket, replacement)
        made = None
        if track is not None and ticket is not None:
            ensure_taken(ticket)
            made = await self._made(NativeOrder(track.cl_ord_id, ticket, track.terms), broker_account, track.ref)
        await gateway.pace(Lane.ORDERS)
        await self._burn(replacement.cl_ord_id, broker_account, replacement.orig_cl_ord_id, track, ticket)
        await gateway.room()
        self._ensure_up()
        if track is None or ticket is None or made is None or not track.is_acked:
            reason = self._unknown(replacement.orig_cl_ord_id)
            self._answer(ReportKind.REPLACE_REJECT, replacement.cl_ord_id, broker_account, reason)
        elif track.is_ended:
            self._answer(ReportKind.REPLACE_REJECT, replacement.cl_ord_id, broker_account, "TOO_LATE")
        elif track.replace is not None:
            self._answer(ReportKind.REPLACE_REJECT, replacement.cl_ord_id, broker_account, "REPLACE_PENDING")
        else:
            track.replace = (replacement.cl_ord_id, ticket)
            self._send(track, made)

    async def cancel(self, broker_account: str, cl_ord_id: str, orig_cl_ord_id: str) -> None:
        """Ask to cancel the order last accepted as `orig_cl_ord_id`. Raises as `IbkrSession.submit`."""
        gateway = self.up(broker_account)
        track = await self._order_of(broker_account, orig_cl_ord_id)
        await gateway.pace(Lane.ORDERS)
        await self._burn(cl_ord_id, broker_account, orig_cl_ord_id, None, None)
        await gateway.room()
        self._ensure_up()
        if track is None or track.client_id != self.desk.room.client_id:
            self._answer(ReportKind.CANCEL_REJECT, cl_ord_id, broker_account, self._unknown(orig_cl_ord_id))
            return
        track.cancel = cl_ord_id
        _sent(lambda: gateway.client.cancelOrder(track.order_id))

    async def instruct(self, account: str, key: Callable[[int], OrderKey], send: Callable[[int], object]) -> int:
        """Write a request that is no order down under an order's number, send it, once, and return the number."""
        gateway = self.up(account)
        await gateway.pace(Lane.ORDERS)
        async with self._numbering:
            self.up(account)
            number = self._new_number()
            await self.desk.room.keys.intend(key(number))
            await gateway.room()
            self._ensure_up()
            _sent(lambda: send(number))
        return number

    async def preview(self, broker_account: str, ticket: OrderTicket) -> Preview:
        """Ask what the order would cost and bind; nothing is placed. Raises as `IbkrSession.preview`."""
        gateway = self.up(broker_account)
        ensure_taken(ticket)
        contract, order = await self._made(NativeOrder("", ticket), broker_account, "")
        order.whatIf = True
        async with self._numbering:
            number = self._new_number()
            state = await gateway.what_if(number, lambda: gateway.client.placeOrder(number, contract, order))
        return preview.read(state)

    def up(self, account: str | None = None) -> Gateway:
        """Return the line, if orders of that account may be sent on it.

        Raises:
            GatewayDownError: it is away. UnknownAccountError: the account is not the desk's.
        """
        name = self.desk.room.connection
        if not self.is_up:
            raise GatewayDownError(f"{name} is not connected; nothing was sent.")
        if account is not None and account not in self.accounts:
            raise UnknownAccountError(f"{name} has no account {account!r}.", account=account)
        if account is not None and self.desk.is_upstream_lost:
            raise GatewayDownError("The gateway has lost its line to the broker; nothing was sent.")
        return self.gateway

    @property
    def is_up(self) -> bool:
        """Whether the line stands."""
        return not self.is_closed and self.gateway.is_up

    async def _place(
        self,
        account: str,
        orders: Sequence[NativeOrder],
        places: Callable[[int], Sequence[Place]],
        *,
        is_family: bool = False,
    ) -> None:
        """Send new orders. Of a family only the last is transmitted, and the gateway lets all go with it."""
        gateway = self.up(account)
        for one in orders:
            ensure_taken(one.ticket)
        made = [await self._made(one, account, one.cl_ord_id) for one in orders]
        for _ in orders:
            await gateway.pace(Lane.ORDERS)
        async with self._numbering:
            self.up(account)
            numbers = [self._new_number() for _ in orders]
            tracks = [
                self._track(one, account, number, place)
                for one, number, place in zip(orders, numbers, places(numbers[0]), strict=True)
            ]
            for track in tracks:
                await self._intend(track)
            await gateway.room(len(tracks))
            self._ensure_up()
            for track, its_own in zip(tracks, made, strict=True):
                track.sent_at = self.desk.room.clock()
                self.desk.room.tracks.add(track)
                self._send(track, its_own, transmit=not is_family or track is tracks[-1])
        for track in tracks:
            self.desk.watch(track)

    def _track(self, one: NativeOrder, account: str, number: int, place: Place) -> Track:
        client = self.desk.room.client_id
        track = Track(one.cl_ord_id, account, one.ticket, number, client, ref=one.cl_ord_id)
        track.place, track.terms = place, one.terms
        return track

    async def _intend(self, track: Track) -> None:
        room = self.desk.room
        chain = (key_of(room.client_id, track.order_id),)
        key = OrderKey(track.cl_ord_id, track.account, track.ticket.as_dict(), room.clock(), chain, details=track.kept)
        await room.keys.intend(key)

    async def _made(self, one: NativeOrder, account: str, ref: str) -> tuple[Any, Any]:
        """Return the library's contract and order."""
        legs = {leg.symbol for leg in one.ticket.legs}
        looked_at = {condition.symbol for condition in one.terms.conditions if condition.symbol}
        found = {symbol: await self.contracts.of(symbol) for symbol in sorted(legs | looked_at)}
        order = order_of(self.library, one.ticket, account, ref)
        return contract_of(self.library, one.ticket, found), put_terms(self.library, order, one.terms, found)

    async def _order_of(self, account: str, cl_ord_id: str) -> Track | None:
        track = await self.desk.room.tracks.named(cl_ord_id)
        return track if track is not None and track.account == account else None

    async def _burn(
        self, cl_ord_id: str, account: str, orig: str, track: Track | None, ticket: OrderTicket | None
    ) -> None:
        """Write a request's id down before anything is sent."""
        names = () if track is None else (track.key, *([str(track.perm_id)] if track.perm_id else []))
        details: dict[str, object] = {}
        if track is not None:
            details = {**track.kept, "perm_id": track.perm_id}
        terms = {} if ticket is None else ticket.as_dict()
        now = self.desk.room.clock()
        await self.desk.room.keys.intend(OrderKey(cl_ord_id, account, terms, now, names, orig, details))

    def _unknown(self, name: str) -> str:
        """Say why an order of that name is not reached from here."""
        return "NOT_FROM_HERE" if self.desk.room.tracks.is_stranger(name) else "UNKNOWN_ORDER"

    def _answer(self, kind: ReportKind, cl_ord_id: str, account: str, reason: str) -> None:
        """Answer a request that need not be sent."""
        report = ExecutionReport(kind, self.desk.room.connection, account, cl_ord_id, self.desk.room.clock())
        self.desk.room.tell(replace(report, reason=reason, text="Answered by the desk; it was not sent."))

    def _send(self, track: Track, made: tuple[Any, Any], *, transmit: bool = True) -> None:
        contract, order = made[0], track.place.put(made[1], transmit=transmit)
        _sent(lambda: self.gateway.client.placeOrder(track.order_id, contract, order))

    def _new_number(self) -> int:
        number = max(self.number, self.gateway.ears.next_order_id)
        self.number = number + 1
        return number

    def _ensure_up(self) -> None:
        if not self.is_up:
            raise LineLostError("The line was lost before anything was sent.")


def _sent(send: Callable[[], object]) -> None:
    try:
        send()
    except ConnectionError as e:
        raise UnknownOutcomeError("The line was lost while the order was being sent.") from e
