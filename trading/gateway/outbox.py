"""Orders out: claim, commit, send once."""

import asyncio
from collections.abc import Sequence
from functools import partial

import structlog
from django.db import InterfaceError, OperationalError

from allcore.kernel.clock import utc_now
from allcore.kernel.errors import InvalidInputError, RefusedError, UnavailableError
from brokers.native import Link, NativeEntry, NativeList, NativeOrder
from brokers.ports import Replacement, Session
from brokers.quiet import window_at
from brokers.terms import PLAIN
from trading.gateway.doorbell import Doorbell
from trading.gateway.threads import DatabaseLine
from trading.services import claim, matching

BATCH = 32
SEND_TIMEOUT = 5.0
NOTHING_LEFT = (InvalidInputError, RefusedError, UnavailableError)  # what the port calls a plain no

log = structlog.get_logger(__name__)


class QuietHoursError(UnavailableError):
    """The broker is expected to be away; nothing was sent."""

    code = "QUIET_HOURS"


class Outbox:
    """Sends what is staged for one connection."""

    def __init__(self, connection: str, session: Session, line: DatabaseLine, epoch: int) -> None:
        self._connection = connection
        self._session = session
        self._line = line
        self._epoch = epoch
        self._out: list[int] = []  # the requests that were handed over, each time they were

    async def run(self, doorbell: Doorbell) -> None:
        """Send for ever: at each ring, and at each sweep."""
        try:
            while True:
                while await self._send_batch() == BATCH:
                    pass
                await doorbell.wait()
        finally:
            await doorbell.close()

    async def compare(self) -> None:
        """Hold what left since the last time against what was entered: orders out are orders in."""
        out, self._out = self._out, []
        if out:
            await self._line.call(partial(matching.compare, self._connection, out, epoch=self._epoch, now=utc_now()))

    async def _send_batch(self) -> int:
        claimed = await self._line.call(
            partial(claim.claim_batch, self._connection, epoch=self._epoch, limit=BATCH, now=utc_now())
        )
        # Different orders go out side by side; what concerns one order keeps its order.
        by_order: dict[str, list[claim.Outbound]] = {}
        by_list: dict[str, list[claim.Outbound]] = {}
        for outbound in claimed.outbounds:
            if outbound.listed is None:
                by_order.setdefault(outbound.orig_cl_ord_id or outbound.cl_ord_id, []).append(outbound)
            else:
                by_list.setdefault(outbound.listed.list_id, []).append(outbound)
        async with asyncio.TaskGroup() as group:
            for outbounds in by_order.values():
                group.create_task(self._send_in_turn(outbounds))
            for outbounds in by_list.values():
                group.create_task(self._send(*outbounds))
        return claimed.taken

    async def _send_in_turn(self, outbounds: list[claim.Outbound]) -> None:
        for outbound in outbounds:
            await self._send(outbound)

    async def _send(self, *outbounds: claim.Outbound) -> None:
        """Send one message, or a list as one, once. Whatever is not a plain yes or no leaves each order in doubt.

        An adapter's UnavailableError is a plain no: by the port's word, nothing was sent.
        """
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await (self._hand_over(outbounds[0]) if len(outbounds) == 1 else self._hand_over_list(outbounds))
        except NOTHING_LEFT as e:
            for outbound in outbounds:
                await self._line.insist(
                    partial(claim.refused_at_the_door, outbound.request_id, reason=e.message, now=utc_now())
                )
        except (OperationalError, InterfaceError):
            raise
        except Exception as e:
            ids = [outbound.cl_ord_id for outbound in outbounds]
            log.exception("send_outcome_unknown", request=outbounds[0].request_id, cl_ord_ids=ids)
            for outbound in outbounds:
                await self._line.insist(
                    partial(claim.in_doubt, outbound.request_id, reason=repr(e)[:200], now=utc_now())
                )

    def _ensure_in_hours(self, outbound: claim.Outbound) -> None:
        """Send nothing but cancels while the broker is expected to be away."""
        window = window_at(self._session.capabilities.quiet, utc_now())
        if window is not None and (outbound.ticket is not None or outbound.quantity is not None):
            raise QuietHoursError(f"Not sent: {window.sentence}.", connection=self._connection)

    async def _hand_over(self, outbound: claim.Outbound) -> None:
        self._ensure_in_hours(outbound)
        self._out.append(outbound.request_id)
        if outbound.native != PLAIN:
            await self._hand_over_native(outbound)
        elif outbound.ticket is not None and outbound.quantity is None:
            await self._session.submit(outbound.cl_ord_id, outbound.broker_account, outbound.ticket)
        elif outbound.quantity is not None:
            await self._session.replace(
                outbound.broker_account,
                Replacement(
                    cl_ord_id=outbound.cl_ord_id,
                    orig_cl_ord_id=outbound.orig_cl_ord_id,
                    quantity=outbound.quantity,
                    limit_price=outbound.limit_price,
                    stop_price=outbound.stop_price,
                    ticket=outbound.ticket,
                ),
            )
        else:
            await self._session.cancel(outbound.broker_account, outbound.cl_ord_id, outbound.orig_cl_ord_id)

    async def _hand_over_native(self, outbound: claim.Outbound) -> None:
        """Send an order with what the broker is to do by itself; it never leaves without that."""
        if outbound.ticket is None or not isinstance(self._session, NativeEntry):
            raise InvalidInputError("Not sent: the broker watches and works no orders.", connection=self._connection)
        order = NativeOrder(outbound.cl_ord_id, outbound.ticket, outbound.native)
        await self._session.submit_native(outbound.broker_account, order)

    async def _hand_over_list(self, outbounds: Sequence[claim.Outbound]) -> None:
        self._ensure_in_hours(outbounds[0])
        if not (self._session.capabilities.native_lists and isinstance(self._session, NativeEntry)):
            raise InvalidInputError("Not sent: the broker keeps no lists of orders.", connection=self._connection)
        self._out += [outbound.request_id for outbound in outbounds]
        await self._session.submit_list(outbounds[0].broker_account, native_list(outbounds))


def native_list(outbounds: Sequence[claim.Outbound]) -> NativeList:
    """Return the list as the broker is to keep it; its orders are in their places."""
    entry: NativeOrder | None = None
    others: list[NativeOrder] = []
    name, link = "", None
    for outbound in sorted(outbounds, key=_index):
        if outbound.listed is None or outbound.ticket is None:
            raise InvalidInputError("Not sent: an order of the list has no ticket, or no place in it.")
        order = NativeOrder(outbound.cl_ord_id, outbound.ticket)
        name, link = outbound.listed.list_id, outbound.listed.link
        if outbound.listed.is_entry:
            entry = order
        else:
            others.append(order)
    return NativeList(name, tuple(others), None if link is None else Link(link), entry)


def _index(outbound: claim.Outbound) -> int:
    return 0 if outbound.listed is None else outbound.listed.index
