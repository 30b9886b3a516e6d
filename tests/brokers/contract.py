"""What every adapter must do. A broker's own test module inherits this and gives the fixture `desk`."""

from datetime import timedelta
from decimal import Decimal

import pytest

from allcore.kernel.errors import InvalidInputError, RefusedError
from allcore.kernel.reports import ExecutionReport, ReportKind
from allcore.kernel.tickets import OrderTicket
from brokers.ports import Replacement
from tests.builders.paper import ACCOUNT, OPEN_AT, PUT, PaperDesk, buy, sell

LONG_AGO = OPEN_AT - timedelta(days=1)


def new_terms(cl_ord_id: str, orig: str, *, quantity: int, limit: str) -> Replacement:
    return Replacement(cl_ord_id, orig, quantity, Decimal(limit), None)


class BrokerContract:
    """Inherit, and provide the fixture `desk`: a started PaperDesk showing `PUT` at 4.10 to 4.20, ten a side."""

    async def _working(self, desk: PaperDesk, cl_ord_id: str, ticket: OrderTicket) -> None:
        await desk.session.submit(cl_ord_id, ACCOUNT, ticket)
        report = await desk.hear(ReportKind.ACK)
        assert report.cl_ord_id == cl_ord_id

    async def test_a_submitted_order_is_acknowledged_under_its_own_id(self, desk: PaperDesk) -> None:
        await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.00"))

        report = await desk.hear(ReportKind.ACK)

        assert (report.cl_ord_id, report.account, report.connection) == ("C1", ACCOUNT, "paper")
        assert report.broker_order_id

    async def test_an_id_used_before_is_refused_and_the_first_order_stands(self, desk: PaperDesk) -> None:
        await self._working(desk, "C1", buy(PUT, "4.00"))

        with pytest.raises(RefusedError):
            await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.05"))

        status = await desk.session.mass_status(LONG_AGO)
        assert [(o.cl_ord_id, o.status) for o in status.orders] == [("C1", "NEW")]

    async def test_an_account_of_nobody_is_refused_at_the_door(self, desk: PaperDesk) -> None:
        with pytest.raises(InvalidInputError):
            await desk.session.submit("C1", "NOBODY", buy(PUT, "4.00"))

    async def test_an_order_no_rule_allows_is_rejected_with_a_code(self, desk: PaperDesk) -> None:
        await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.03"))

        report = await desk.hear(ReportKind.REJECT)

        assert report.reason == "OFF_TICK"
        assert report.text

    async def test_executions_have_their_own_ids_and_sum_to_the_order(self, desk: PaperDesk) -> None:
        await self._working(desk, "C1", buy(PUT, "4.20", qty=15))
        first = await desk.hear(ReportKind.FILL)
        desk.clock.forward(milliseconds=300)
        desk.market.show(PUT, "4.10", "4.15")

        second = await desk.hear(ReportKind.FILL)

        assert [first.combo_qty, second.combo_qty] == [10, 5]
        assert first.fills[0].exec_id != second.fills[0].exec_id

    async def test_a_working_order_is_canceled(self, desk: PaperDesk) -> None:
        await self._working(desk, "C1", buy(PUT, "4.00"))

        await desk.session.cancel(ACCOUNT, "C2", "C1")

        assert (await desk.hear(ReportKind.CANCEL_ACK)).cl_ord_id == "C2"
        status = await desk.session.mass_status(LONG_AGO)
        assert [o.status for o in status.orders] == ["CANCELED"]

    async def test_a_cancel_after_the_fill_is_too_late(self, desk: PaperDesk) -> None:
        await self._working(desk, "C1", buy(PUT, "4.20"))
        await desk.hear(ReportKind.FILL)

        await desk.session.cancel(ACCOUNT, "C2", "C1")

        assert (await desk.hear(ReportKind.CANCEL_REJECT)).reason == "TOO_LATE"

    async def test_a_cancel_of_an_order_nobody_sent_is_rejected(self, desk: PaperDesk) -> None:
        await desk.session.cancel(ACCOUNT, "C2", "C1")

        report = await desk.hear(ReportKind.CANCEL_REJECT)

        assert (report.cl_ord_id, report.reason) == ("C2", "UNKNOWN_ORDER")

    async def test_a_replace_counts_the_total_quantity_and_renames_the_order(self, desk: PaperDesk) -> None:
        await self._working(desk, "C1", buy(PUT, "4.20", qty=15))
        await desk.hear(ReportKind.FILL)

        await desk.session.replace(ACCOUNT, new_terms("C2", "C1", quantity=12, limit="4.05"))

        assert (await desk.hear(ReportKind.REPLACE_ACK)).cl_ord_id == "C2"
        order = (await desk.session.mass_status(LONG_AGO)).orders[0]
        assert (order.cl_ord_id, order.order_qty, order.cum_qty, order.status) == ("C2", 12, 10, "PARTIALLY_FILLED")

    async def test_a_replaced_order_fills_on_its_new_terms(self, desk: PaperDesk) -> None:
        await self._working(desk, "C1", buy(PUT, "4.00"))

        await desk.session.replace(ACCOUNT, new_terms("C2", "C1", quantity=1, limit="4.20"))

        await desk.hear(ReportKind.REPLACE_ACK)
        fill = await desk.hear(ReportKind.FILL)
        assert fill.cl_ord_id == "C2"
        assert fill.fills[0].px == Decimal("4.20")

    async def test_a_replace_down_to_what_has_traded_ends_the_order(self, desk: PaperDesk) -> None:
        await self._working(desk, "C1", buy(PUT, "4.20", qty=15))
        await desk.hear(ReportKind.FILL)

        await desk.session.replace(ACCOUNT, new_terms("C2", "C1", quantity=5, limit="4.20"))

        await desk.hear(ReportKind.REPLACE_ACK)
        order = (await desk.session.mass_status(LONG_AGO)).orders[0]
        assert (order.order_qty, order.cum_qty, order.status) == (10, 10, "FILLED")

    async def test_a_refused_replace_leaves_the_order_as_it_was(self, desk: PaperDesk) -> None:
        await self._working(desk, "C1", buy(PUT, "4.00"))

        await desk.session.replace(ACCOUNT, new_terms("C2", "C1", quantity=1, limit="4.03"))

        assert (await desk.hear(ReportKind.REPLACE_REJECT)).reason == "OFF_TICK"
        order = (await desk.session.mass_status(LONG_AGO)).orders[0]
        assert (order.cl_ord_id, order.status) == ("C1", "NEW")

    async def test_a_replace_after_the_fill_is_too_late(self, desk: PaperDesk) -> None:
        await self._working(desk, "C1", buy(PUT, "4.20"))
        await desk.hear(ReportKind.FILL)

        await desk.session.replace(ACCOUNT, new_terms("C2", "C1", quantity=2, limit="4.20"))

        assert (await desk.hear(ReportKind.REPLACE_REJECT)).reason == "TOO_LATE"

    async def test_mass_status_agrees_with_what_was_told(self, desk: PaperDesk) -> None:
        await self._working(desk, "C1", sell(PUT, "4.10", qty=3))
        told = await desk.hear(ReportKind.FILL)

        status = await desk.session.mass_status(LONG_AGO)

        leg = told.fills[0]
        assert [(f.exec_id, f.qty, f.px, f.fee) for f in status.orders[0].fills[0].fills] == [
            (leg.exec_id, leg.qty, leg.px, leg.fee)
        ]
        assert [(p.symbol, p.qty, p.avg_px) for p in status.positions] == [(PUT, -3, leg.px)]
        assert [b.cash for b in status.balances] == [Decimal(100_000) + 300 * leg.px - leg.fee]

    async def test_mass_status_leaves_out_what_was_closed_before(self, desk: PaperDesk) -> None:
        await self._working(desk, "C1", buy(PUT, "4.20"))
        await desk.hear(ReportKind.FILL)

        status = await desk.session.mass_status(desk.clock() + timedelta(seconds=1))

        assert status.orders == ()
        assert len(status.positions) == 1

    async def test_a_restart_loses_no_working_order(self, desk: PaperDesk) -> None:
        await self._working(desk, "C1", buy(PUT, "4.00", qty=2))

        await desk.restart()
        desk.clock.forward(seconds=1)
        desk.market.show(PUT, "3.90", "4.00")

        report = await desk.hear(ReportKind.FILL)
        assert (report.cl_ord_id, report.combo_qty) == ("C1", 2)

    async def test_a_restart_before_the_acknowledgement_loses_nothing(self, desk: PaperDesk) -> None:
        desk.latency_ms = 500.0
        await desk.restart()
        await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.20"))
        await desk.restart()
        status = await desk.session.mass_status(LONG_AGO)

        desk.clock.forward(minutes=1)
        desk.market.show(PUT, "4.10", "4.20")
        desk.market.show("TSLA", "250.00", "250.02")

        assert [(o.cl_ord_id, o.status) for o in status.orders] == [("C1", "PENDING_NEW")]
        await desk.hear(ReportKind.ACK)
        assert (await desk.hear(ReportKind.FILL)).cl_ord_id == "C1"

    async def test_a_restart_before_a_cancel_arrives_loses_nothing(self, desk: PaperDesk) -> None:
        await self._working(desk, "C1", buy(PUT, "4.00"))
        desk.latency_ms = 500.0
        await desk.restart()
        await desk.session.cancel(ACCOUNT, "C2", "C1")
        await desk.restart()

        desk.clock.forward(minutes=1)

        report = await desk.hear(ReportKind.CANCEL_ACK)
        assert report.cl_ord_id == "C2"

    async def test_an_id_stays_burned_across_a_restart(self, desk: PaperDesk) -> None:
        await self._working(desk, "C1", buy(PUT, "4.20"))
        await desk.hear(ReportKind.FILL)
        await desk.restart()

        with pytest.raises(RefusedError):
            await desk.session.submit("C1", ACCOUNT, buy(PUT, "4.20"))

    async def test_an_id_is_burned_for_orders_and_requests_alike(self, desk: PaperDesk) -> None:
        await self._working(desk, "C1", buy(PUT, "4.00"))

        with pytest.raises(RefusedError):
            await desk.session.cancel(ACCOUNT, "C1", "C1")

    async def test_the_events_end_when_the_session_is_closed(self, desk: PaperDesk) -> None:
        await desk.session.close()

        heard: list[ExecutionReport] = [event async for event in desk.session.events()]  # type: ignore[misc]

        assert heard == []
        assert not (await desk.session.health()).is_connected
