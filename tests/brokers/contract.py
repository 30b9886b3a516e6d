"""What every adapter must do. A broker's own test module inherits this and gives the fixture `desk`."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

import pytest

from allcore.kernel.errors import InvalidInputError, RefusedError
from allcore.kernel.orders import PriceEffect, Side
from allcore.kernel.reports import ExecutionReport, OrderReport, ReportKind
from allcore.kernel.tickets import OrderTicket
from brokers.ports import Replacement, Session
from tests.builders.paper import LOW_PUT, PUT, buy, leg, sell, ticket

LOOK_BACK = timedelta(days=1)


class Desk(Protocol):
    """One connection and its client: sessions come and go, the broker's books and the market stay.

    `account` holds 100,000 dollars; `PUT` is shown at 4.10 to 4.20, `LOW_PUT` at 1.00 to 1.05, ten a side.
    """

    @property
    def session(self) -> Session:
        """Return the session that is open."""

    @property
    def connection(self) -> str:
        """Return the connection's name."""

    @property
    def account(self) -> str:
        """Return the broker's number of the account."""

    def now(self) -> datetime:
        """Return the system's time."""

    async def show(self, symbol: str, bid: str, ask: str, *, size: int = 10) -> None:
        """Show a quote, and let what trades on it trade."""

    async def hear(self, kind: ReportKind | None = None) -> ExecutionReport:
        """Return the next report, which is of that kind."""

    async def quiet(self) -> None:
        """Fail if the session has anything more to say."""

    async def restart(self) -> None:
        """Close the session and open another."""


def new_terms(cl_ord_id: str, orig: str, *, quantity: int, limit: str) -> Replacement:
    """Return a replacement of an order to buy `PUT`."""
    return Replacement(cl_ord_id, orig, quantity, Decimal(limit), None, ticket=buy(PUT, limit, qty=quantity))


def put_spread(limit: str, qty: int = 1) -> OrderTicket:
    """Return an order to sell `PUT` and buy `LOW_PUT` for a credit."""
    return ticket(leg(PUT, Side.SELL), leg(LOW_PUT, Side.BUY), limit=limit, qty=qty, effect=PriceEffect.CREDIT)


async def listed(desk: Desk, since: datetime | None = None) -> tuple[OrderReport, ...]:
    """Return the orders that the broker lists."""
    return (await desk.session.mass_status(desk.now() - LOOK_BACK if since is None else since)).orders


async def working(desk: Desk, cl_ord_id: str, order: OrderTicket) -> None:
    """Submit and hear the acknowledgement."""
    await desk.session.submit(cl_ord_id, desk.account, order)
    report = await desk.hear(ReportKind.ACK)
    assert report.cl_ord_id == cl_ord_id


class BrokerContract:
    """Inherit, and provide the fixture `desk`."""

    async def test_a_submitted_order_is_acknowledged_under_its_own_id(self, desk: Desk) -> None:
        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

        report = await desk.hear(ReportKind.ACK)

        assert (report.cl_ord_id, report.account, report.connection) == ("C1", desk.account, desk.connection)
        assert report.broker_order_id

    async def test_an_id_used_before_is_refused_and_the_first_order_stands(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.00"))

        with pytest.raises(RefusedError):
            await desk.session.submit("C1", desk.account, buy(PUT, "4.05"))

        assert [(o.cl_ord_id, o.status) for o in await listed(desk)] == [("C1", "NEW")]

    async def test_an_account_of_nobody_is_refused_at_the_door(self, desk: Desk) -> None:
        with pytest.raises(InvalidInputError):
            await desk.session.submit("C1", "NOBODY", buy(PUT, "4.00"))

        assert await listed(desk) == ()

    async def test_an_order_no_rule_allows_is_rejected_with_a_reason(self, desk: Desk) -> None:
        await desk.session.submit("C1", desk.account, buy(PUT, "4.03"))

        report = await desk.hear(ReportKind.REJECT)

        assert report.cl_ord_id == "C1"
        assert report.reason
        assert report.text

    async def test_executions_have_their_own_ids_and_sum_to_the_order(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.20", qty=15))
        first = await desk.hear(ReportKind.FILL)
        await desk.show(PUT, "4.10", "4.15")

        second = await desk.hear(ReportKind.FILL)

        assert [first.combo_qty, second.combo_qty] == [10, 5]
        assert first.fills[0].exec_id != second.fills[0].exec_id
        assert [second.fills[0].side, second.fills[0].symbol, second.fills[0].px] == [Side.BUY, PUT, Decimal("4.15")]

    async def test_a_combo_fills_with_all_its_legs_at_once(self, desk: Desk) -> None:
        await working(desk, "C1", put_spread("3.05", qty=3))

        fill = await desk.hear(ReportKind.FILL)

        assert (fill.cl_ord_id, fill.combo_qty) == ("C1", 3)
        assert sorted((f.leg, f.symbol, f.side, f.qty, f.px) for f in fill.fills) == [
            (0, PUT, Side.SELL, 3, Decimal("4.10")),
            (1, LOW_PUT, Side.BUY, 3, Decimal("1.05")),
        ]
        assert len({f.exec_id for f in fill.fills}) in (1, 2)

    async def test_a_combo_fills_in_whole_units(self, desk: Desk) -> None:
        await desk.show(LOW_PUT, "1.00", "1.05", size=2)
        await working(desk, "C1", put_spread("3.05", qty=3))
        first = await desk.hear(ReportKind.FILL)

        await desk.show(LOW_PUT, "1.00", "1.05", size=2)

        second = await desk.hear(ReportKind.FILL)
        assert [(r.combo_qty, len(r.fills)) for r in (first, second)] == [(2, 2), (1, 2)]
        order = (await listed(desk))[0]
        assert (order.cum_qty, order.status, len(order.fills)) == (3, "FILLED", 2)

    async def test_a_working_order_is_canceled(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.00"))

        await desk.session.cancel(desk.account, "C2", "C1")

        assert (await desk.hear(ReportKind.CANCEL_ACK)).cl_ord_id == "C2"
        assert [o.status for o in await listed(desk)] == ["CANCELED"]

    async def test_a_cancel_after_a_part_has_filled_keeps_the_part(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.20", qty=15))
        await desk.hear(ReportKind.FILL)

        await desk.session.cancel(desk.account, "C2", "C1")

        await desk.hear(ReportKind.CANCEL_ACK)
        order = (await listed(desk))[0]
        assert (order.status, order.cum_qty, sum(f.combo_qty for f in order.fills)) == ("CANCELED", 10, 10)

    async def test_a_cancel_after_the_fill_is_too_late(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.20"))
        await desk.hear(ReportKind.FILL)

        await desk.session.cancel(desk.account, "C2", "C1")

        report = await desk.hear(ReportKind.CANCEL_REJECT)
        assert (report.cl_ord_id, report.reason) == ("C2", "TOO_LATE")

    async def test_a_cancel_of_an_order_nobody_sent_is_rejected(self, desk: Desk) -> None:
        await desk.session.cancel(desk.account, "C2", "C1")

        report = await desk.hear(ReportKind.CANCEL_REJECT)

        assert (report.cl_ord_id, report.reason) == ("C2", "UNKNOWN_ORDER")

    async def test_mass_status_agrees_with_what_was_told(self, desk: Desk) -> None:
        await working(desk, "C1", sell(PUT, "4.10", qty=3))
        told = await desk.hear(ReportKind.FILL)

        status = await desk.session.mass_status(desk.now() - LOOK_BACK)

        fill = told.fills[0]
        assert [(f.exec_id, f.qty, f.px, f.fee) for f in status.orders[0].fills[0].fills] == [
            (fill.exec_id, fill.qty, fill.px, fill.fee)
        ]
        assert [(p.symbol, p.qty, p.avg_px) for p in status.positions] == [(PUT, -3, fill.px)]
        assert [b.cash for b in status.balances] == [Decimal(100_000) + 300 * fill.px - fill.fee]

    async def test_mass_status_leaves_out_what_was_closed_before(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.20"))
        await desk.hear(ReportKind.FILL)

        status = await desk.session.mass_status(desk.now() + timedelta(seconds=2))

        assert status.orders == ()
        assert len(status.positions) == 1

    async def test_many_orders_at_once_are_each_acknowledged_once(self, desk: Desk) -> None:
        ids = [f"C{n}" for n in range(100)]

        await asyncio.gather(*(desk.session.submit(name, desk.account, buy(PUT, "1.00")) for name in ids))

        heard = [await desk.hear(ReportKind.ACK) for _ in ids]
        assert sorted(report.cl_ord_id for report in heard) == sorted(ids)
        assert sorted(order.cl_ord_id for order in await listed(desk)) == sorted(ids)
        await desk.quiet()

    async def test_a_restart_loses_no_working_order(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.00", qty=2))

        await desk.restart()
        await desk.show(PUT, "3.90", "4.00")

        report = await desk.hear(ReportKind.FILL)
        assert (report.cl_ord_id, report.combo_qty) == ("C1", 2)

    async def test_an_order_is_canceled_after_a_restart(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.00"))
        await desk.restart()

        await desk.session.cancel(desk.account, "C2", "C1")

        assert (await desk.hear(ReportKind.CANCEL_ACK)).cl_ord_id == "C2"

    async def test_an_id_stays_burned_across_a_restart(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.20"))
        await desk.hear(ReportKind.FILL)
        await desk.restart()

        with pytest.raises(RefusedError):
            await desk.session.submit("C1", desk.account, buy(PUT, "4.20"))

    async def test_an_id_is_burned_for_orders_and_requests_alike(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.00"))

        with pytest.raises(RefusedError):
            await desk.session.cancel(desk.account, "C1", "C1")

    async def test_the_events_end_when_the_session_is_closed(self, desk: Desk) -> None:
        await desk.session.close()

        heard: list[ExecutionReport] = [event async for event in desk.session.events()]  # type: ignore[misc]

        assert heard == []
        assert not (await desk.session.health()).is_connected


class ReplacesInPlace:
    """What a broker that changes a working order must do. Inherit beside the contract."""

    async def test_a_replace_counts_the_total_quantity_and_renames_the_order(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.20", qty=15))
        await desk.hear(ReportKind.FILL)

        await desk.session.replace(desk.account, new_terms("C2", "C1", quantity=12, limit="4.05"))

        assert (await desk.hear(ReportKind.REPLACE_ACK)).cl_ord_id == "C2"
        order = (await listed(desk))[0]
        assert (order.cl_ord_id, order.order_qty, order.cum_qty, order.status) == ("C2", 12, 10, "PARTIALLY_FILLED")

    async def test_a_replaced_order_is_one_order_with_all_its_executions(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.20", qty=15))
        first = await desk.hear(ReportKind.FILL)
        await desk.session.replace(desk.account, new_terms("C2", "C1", quantity=12, limit="4.05"))
        await desk.hear(ReportKind.REPLACE_ACK)

        await desk.show(PUT, "4.00", "4.05")

        second = await desk.hear(ReportKind.FILL)
        assert (second.cl_ord_id, second.combo_qty) == ("C2", 2)
        orders = [o for o in await listed(desk) if o.cum_qty]
        assert [(o.cl_ord_id, o.cum_qty, o.status) for o in orders] == [("C2", 12, "FILLED")]
        told = [f.fills[0].exec_id for f in (first, second)]
        assert sorted(f.fills[0].exec_id for f in orders[0].fills) == sorted(told)

    async def test_a_replaced_order_fills_on_its_new_terms(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.00"))

        await desk.session.replace(desk.account, new_terms("C2", "C1", quantity=1, limit="4.20"))

        await desk.hear(ReportKind.REPLACE_ACK)
        fill = await desk.hear(ReportKind.FILL)
        assert fill.cl_ord_id == "C2"
        assert fill.fills[0].px == Decimal("4.20")

    async def test_a_replaced_order_is_canceled_under_its_new_id(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.00"))
        await desk.session.replace(desk.account, new_terms("C2", "C1", quantity=1, limit="4.05"))
        await desk.hear(ReportKind.REPLACE_ACK)

        await desk.session.cancel(desk.account, "C3", "C2")

        assert (await desk.hear(ReportKind.CANCEL_ACK)).cl_ord_id == "C3"

    async def test_a_replace_down_to_what_has_traded_ends_the_order(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.20", qty=15))
        await desk.hear(ReportKind.FILL)

        await desk.session.replace(desk.account, new_terms("C2", "C1", quantity=5, limit="4.20"))

        await desk.hear(ReportKind.REPLACE_ACK)
        order = (await listed(desk))[0]
        assert (order.order_qty, order.cum_qty, order.status) == (10, 10, "FILLED")

    async def test_a_refused_replace_leaves_the_order_as_it_was(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.00"))

        await desk.session.replace(desk.account, new_terms("C2", "C1", quantity=1, limit="4.03"))

        assert (await desk.hear(ReportKind.REPLACE_REJECT)).reason
        order = (await listed(desk))[0]
        assert (order.cl_ord_id, order.status) == ("C1", "NEW")

    async def test_a_replace_after_the_fill_is_too_late(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.20"))
        await desk.hear(ReportKind.FILL)

        await desk.session.replace(desk.account, new_terms("C2", "C1", quantity=2, limit="4.20"))

        assert (await desk.hear(ReportKind.REPLACE_REJECT)).reason == "TOO_LATE"


class ReplacesByCancelling:
    """What an adapter must do whose broker cannot change an order: the desk cancels, and sends anew what is left."""

    async def test_a_replace_is_refused_and_the_order_works_on(self, desk: Desk) -> None:
        await working(desk, "C1", buy(PUT, "4.00"))

        with pytest.raises(InvalidInputError):
            await desk.session.replace(desk.account, new_terms("C2", "C1", quantity=2, limit="4.05"))

        assert [(o.cl_ord_id, o.order_qty, o.status) for o in await listed(desk)] == [("C1", 1, "NEW")]
        await desk.quiet()
