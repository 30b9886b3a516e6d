"""What every adapter must do when the broker, the line or the market misbehaves. The paper broker has no such line.

A broker's own test module inherits this and gives the fixture `desk`: a `ServedDesk` on the broker's test server.
"""

import itertools
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

import pytest

from allcore.kernel.errors import DeskError, InvalidInputError, RefusedError, UnavailableError, UnknownOutcomeError
from allcore.kernel.orders import OrdType, Side, TimeInForce, TriggerPrice
from allcore.kernel.reports import ReportKind
from allcore.kernel.tickets import LIMITED, TRIGGERED, OrderTicket
from brokers.ports import KeyBook, OrderKey
from tests.brokers.contract import LOOK_BACK, BrokerContract, Desk, listed, put_spread, working
from tests.brokers.servers.book import Leg, Terms
from tests.brokers.servers.exchange import Exchange
from tests.brokers.servers.faults import Faults, Lapse
from tests.builders.paper import PUT, buy, sell

SHAPES = [
    (ord_type, tif)
    for ord_type, tif in itertools.product(OrdType, TimeInForce)
    if tif not in (TimeInForce.OPG, TimeInForce.CLS) or ord_type in (OrdType.MARKET, OrdType.LIMIT)
]


@dataclass(frozen=True, slots=True)
class Habits:
    """How the broker differs where brokers may. Each behaviour is tested either way; none is skipped.

    `awaits_answers`: a submit waits for the broker's word, so a lost answer is an UnknownOutcomeError there and then.
    `tells_corrections`, `tells_busts`, `tells_expiry`: it says so by itself.
    """

    awaits_answers: bool
    tells_corrections: bool = True
    tells_busts: bool = True
    tells_expiry: bool = True


class ServedDesk(Desk, Protocol):
    """A desk on a test server."""

    rejection: tuple[str, str]  # a code and a text with which the broker rejects an order

    @property
    def exchange(self) -> Exchange:
        """Return the exchange under the server."""

    @property
    def faults(self) -> Faults:
        """Return the server's faults."""

    @property
    def keys(self) -> KeyBook:
        """Return the key book, which outlives the sessions."""

    @property
    def habits(self) -> Habits:
        """Return how the broker differs."""

    async def cut(self) -> None:
        """Cut the line; the broker goes on without us."""

    async def reconnect(self) -> None:
        """Give the broken session up and open another, on the same keys."""

    async def fail_next_query(self) -> None:
        """Let the broker not answer the next question about its books."""

    async def settle(self) -> None:
        """Let what is under way arrive, such as events of what a test did to the exchange."""


def of_type(ord_type: OrdType, tif: TimeInForce) -> OrderTicket:
    """Return a plain order of that type: one `PUT` to sell, too dear or too far away to trade."""
    base = sell(PUT, "9.00")
    trails = ord_type is OrdType.TRAILING_STOP
    return replace(
        base,
        ord_type=ord_type,
        time_in_force=tif,
        limit_price=Decimal("9.00") if ord_type in LIMITED else None,
        stop_price=Decimal("9.00" if ord_type is OrdType.LIMIT_IF_TOUCHED else "1.00")
        if ord_type in TRIGGERED
        else None,
        trail_amount=Decimal("3.00") if trails else None,
        expire_at=datetime(2030, 1, 4, 21, 0, tzinfo=UTC) if tif is TimeInForce.GTD else None,
        trigger=TriggerPrice.LAST if ord_type in TRIGGERED or trails else None,
    )


def doubt(desk: ServedDesk) -> AbstractContextManager[object]:
    """Expect an unknown outcome of brokers whose answers are awaited."""
    return pytest.raises(UnknownOutcomeError) if desk.habits.awaits_answers else nullcontext()


class ServedContract(BrokerContract):
    """Inherit, and provide the fixture `desk`."""

    @pytest.mark.parametrize(("ord_type", "tif"), SHAPES)
    async def test_what_the_broker_cannot_take_is_refused_before_it_leaves(
        self, desk: ServedDesk, ord_type: OrdType, tif: TimeInForce
    ) -> None:
        can = desk.session.capabilities
        is_taken = ord_type in can.ord_types and tif in can.times_in_force

        try:
            await desk.session.submit("C1", desk.account, of_type(ord_type, tif))
            await desk.settle()
            arrived = True
        except (InvalidInputError, RefusedError):
            arrived = False

        assert is_taken or not arrived
        assert arrived or not is_taken or tif is not TimeInForce.DAY  # some take a type by day and not otherwise
        assert len(desk.exchange.orders) == int(arrived)

    async def test_a_rejection_comes_in_the_words_of_the_broker(self, desk: ServedDesk) -> None:
        desk.faults.rejects.append(desk.rejection)

        await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

        report = await desk.hear(ReportKind.REJECT)
        assert desk.rejection[1] in report.text
        assert report.reason
        assert [o.status for o in await listed(desk) if o.cl_ord_id == "C1"] in ([], ["REJECTED"])

    async def test_an_answer_lost_after_booking_leaves_one_order(self, desk: ServedDesk) -> None:
        desk.faults.lapses.append(Lapse.SILENT)
        with doubt(desk):
            await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))
        await desk.settle()

        with pytest.raises(RefusedError):
            await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

        assert [(o.cl_ord_id, o.status) for o in await listed(desk)] == [("C1", "NEW")]
        assert len(desk.exchange.orders) == 1

    async def test_a_line_lost_after_booking_leaves_one_order(self, desk: ServedDesk) -> None:
        desk.faults.lapses.append(Lapse.DROP)
        with doubt(desk):
            await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))
        await desk.settle()
        await desk.reconnect()

        with pytest.raises(RefusedError):
            await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))

        assert [(o.cl_ord_id, o.status) for o in await listed(desk)] == [("C1", "NEW")]
        assert len(desk.exchange.orders) == 1

    async def test_an_order_that_never_arrived_is_not_listed(self, desk: ServedDesk) -> None:
        desk.faults.lapses.append(Lapse.UNREAD)
        with doubt(desk):
            await desk.session.submit("C1", desk.account, buy(PUT, "4.00"))
        await desk.settle()

        await desk.reconnect()

        assert await listed(desk) == ()
        assert desk.exchange.orders == {}

    async def test_a_crash_between_claim_and_send_burns_the_id(self, desk: ServedDesk) -> None:
        order = buy(PUT, "4.00")
        await desk.keys.intend(OrderKey("C1", desk.account, order.as_dict(), desk.now()))
        await desk.restart()

        with pytest.raises(RefusedError):
            await desk.session.submit("C1", desk.account, order)

        assert await listed(desk) == ()
        assert desk.exchange.orders == {}

    async def test_a_fill_while_away_is_found_by_asking(self, desk: ServedDesk) -> None:
        await working(desk, "C1", buy(PUT, "4.00", qty=2))
        await desk.cut()
        desk.exchange.show(PUT, "3.90", "4.00")

        await desk.reconnect()

        order = (await listed(desk))[0]
        assert (order.cl_ord_id, order.status, order.cum_qty) == ("C1", "FILLED", 2)
        assert [f.px for report in order.fills for f in report.fills] == [Decimal("4.00")]

    async def test_a_combo_filled_while_away_is_found_whole(self, desk: ServedDesk) -> None:
        await working(desk, "C1", put_spread("3.15", qty=2))
        await desk.cut()
        desk.exchange.show(PUT, "4.20", "4.30")

        await desk.reconnect()

        order = (await listed(desk))[0]
        assert (order.status, [(f.combo_qty, len(f.fills)) for f in order.fills]) == ("FILLED", [(2, 2)])

    async def test_a_fill_told_before_keeps_its_name_afterwards(self, desk: ServedDesk) -> None:
        await working(desk, "C1", put_spread("3.05"))
        told = await desk.hear(ReportKind.FILL)

        await desk.cut()
        await desk.reconnect()

        order = (await listed(desk))[0]
        assert [f.exec_id for f in order.fills[0].fills] == [f.exec_id for f in told.fills]

    async def test_a_session_without_its_line_sends_nothing(self, desk: ServedDesk) -> None:
        await desk.cut()
        await desk.settle()

        with pytest.raises(DeskError):
            await desk.session.mass_status(desk.now() - LOOK_BACK)

    async def test_what_is_said_twice_is_told_once(self, desk: ServedDesk) -> None:
        desk.faults.duplicates = True
        await working(desk, "C1", buy(PUT, "4.20", qty=15))
        first = await desk.hear(ReportKind.FILL)
        await desk.show(PUT, "4.10", "4.15")

        second = await desk.hear(ReportKind.FILL)

        assert (first.combo_qty, second.combo_qty) == (10, 5)
        await desk.quiet()

    async def test_what_is_said_out_of_order_comes_to_the_same(self, desk: ServedDesk) -> None:
        desk.faults.reorders = True
        await desk.session.submit("C1", desk.account, buy(PUT, "4.20"))

        heard = {(await desk.hear()).kind, (await desk.hear()).kind}

        assert heard == {ReportKind.ACK, ReportKind.FILL}
        assert [(o.status, o.cum_qty) for o in await listed(desk)] == [("FILLED", 1)]
        await desk.quiet()

    async def test_what_is_never_told_is_found_by_asking(self, desk: ServedDesk) -> None:
        await working(desk, "C1", buy(PUT, "4.00"))
        desk.faults.mute = True
        desk.exchange.show(PUT, "3.90", "4.00")

        assert [(o.status, o.cum_qty) for o in await listed(desk)] == [("FILLED", 1)]

    async def test_a_correction_names_the_execution_it_corrects(self, desk: ServedDesk) -> None:
        await working(desk, "C1", buy(PUT, "4.20", qty=2))
        told = await desk.hear(ReportKind.FILL)

        desk.exchange.correct(desk.exchange.executions[0].exec_id, px="4.15")

        await desk.settle()
        if desk.habits.tells_corrections:
            report = await desk.hear(ReportKind.CORRECT)
            assert report.ref_exec_id == told.fills[0].exec_id
            assert [(f.px, f.qty) for f in report.fills] == [(Decimal("4.15"), 2)]
        order = (await listed(desk))[0]
        fills = [r for r in order.fills if r.kind is ReportKind.FILL]  # a correction may follow, for who has the first
        assert [(f.px, f.qty) for r in fills for f in r.fills] == [(Decimal("4.15"), 2)]
        assert order.cum_qty == 2

    async def test_a_bust_names_the_execution_it_takes_back(self, desk: ServedDesk) -> None:
        await working(desk, "C1", buy(PUT, "4.20", qty=15))
        told = await desk.hear(ReportKind.FILL)

        desk.exchange.bust(desk.exchange.executions[0].exec_id)

        await desk.settle()
        if desk.habits.tells_busts:
            report = await desk.hear(ReportKind.BUST)
            assert report.ref_exec_id == told.fills[0].exec_id
        assert [(o.cum_qty, o.fills) for o in await listed(desk)] == [(0, ())]

    async def test_a_fill_may_beat_a_cancel(self, desk: ServedDesk) -> None:
        desk.exchange.cancels_wait = True
        await working(desk, "C1", buy(PUT, "4.00"))
        await desk.session.cancel(desk.account, "C2", "C1")
        await desk.settle()

        desk.exchange.show(PUT, "3.90", "4.00")
        desk.exchange.finish_cancels()

        heard = [await desk.hear(), await desk.hear()]
        assert {r.kind for r in heard} == {ReportKind.FILL, ReportKind.CANCEL_REJECT}
        assert {r.reason for r in heard if r.kind is ReportKind.CANCEL_REJECT} == {"TOO_LATE"}

    async def test_a_part_may_fill_before_a_cancel_arrives(self, desk: ServedDesk) -> None:
        desk.exchange.cancels_wait = True
        await working(desk, "C1", buy(PUT, "4.00", qty=15))
        await desk.session.cancel(desk.account, "C2", "C1")
        await desk.settle()

        desk.exchange.show(PUT, "3.90", "4.00")
        await desk.settle()
        desk.exchange.finish_cancels()

        assert (await desk.hear(ReportKind.FILL)).combo_qty == 10
        assert (await desk.hear(ReportKind.CANCEL_ACK)).cl_ord_id == "C2"

    async def test_a_fill_after_the_end_is_told_all_the_same(self, desk: ServedDesk) -> None:
        await working(desk, "C1", buy(PUT, "4.00"))
        await desk.session.cancel(desk.account, "C2", "C1")
        await desk.hear(ReportKind.CANCEL_ACK)

        desk.exchange.fill(1, 1, ("4.00",))
        await desk.settle()

        order = (await listed(desk))[0]
        assert (order.cum_qty, len(order.fills)) == (1, 1)

    async def test_a_cancel_by_the_broker_answers_no_request(self, desk: ServedDesk) -> None:
        await working(desk, "C1", buy(PUT, "4.00"))

        desk.exchange.cancel(1, reason="broker", now=True)

        await desk.settle()
        report = await desk.hear(ReportKind.UNSOLICITED_CANCEL)
        assert report.cl_ord_id == "C1"

    async def test_a_day_order_ends_with_the_day(self, desk: ServedDesk) -> None:
        await working(desk, "C1", buy(PUT, "4.00"))

        desk.exchange.end_day()

        await desk.settle()
        expected = ReportKind.EXPIRE if desk.habits.tells_expiry else ReportKind.UNSOLICITED_CANCEL
        assert (await desk.hear(expected)).cl_ord_id == "C1"

    async def test_orders_of_others_are_listed_without_an_id_of_ours(self, desk: ServedDesk) -> None:
        desk.exchange.place(desk.account, Terms((Leg(PUT, Side.BUY),), 1, limit=Decimal("4.00")))

        orders = await listed(desk)

        assert [(o.cl_ord_id, o.status, o.order_qty) for o in orders] == [("", "NEW", 1)]
        assert orders[0].broker_order_id

    async def test_a_query_that_failed_is_an_error_never_an_empty_list(self, desk: ServedDesk) -> None:
        await working(desk, "C1", buy(PUT, "4.00"))
        await desk.fail_next_query()

        with pytest.raises(UnavailableError):
            await desk.session.mass_status(desk.now() - LOOK_BACK)

        assert len(await listed(desk)) == 1

    async def test_what_was_heard_before_the_close_is_told(self, desk: ServedDesk) -> None:
        await working(desk, "C1", buy(PUT, "4.00"))
        await desk.show(PUT, "3.90", "4.00")
        await desk.settle()

        await desk.session.close()

        assert [event.kind async for event in desk.session.events()] == [ReportKind.FILL]

    async def test_a_stop_waits_for_its_price(self, desk: ServedDesk) -> None:
        await working(desk, "C1", replace(of_type(OrdType.STOP, TimeInForce.DAY), stop_price=Decimal("4.00")))
        await desk.quiet()

        await desk.show(PUT, "4.00", "4.10")

        assert (await desk.hear(ReportKind.FILL)).fills[0].px == Decimal("4.00")
