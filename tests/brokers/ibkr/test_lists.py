"""Order lists that the gateway keeps: brackets and groups, and what the desk hears when one order acts on another."""

from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest
import pytest_asyncio

from allcore.kernel.errors import InvalidInputError, RefusedError
from allcore.kernel.orders import OrdType
from allcore.kernel.reports import ReportKind
from allcore.kernel.tickets import OrderTicket
from brokers.ibkr.places import ALONE, Place
from brokers.native import InvalidListError, Link, NativeList, NativeOrder
from brokers.ports import Replacement
from tests.brokers.contract import listed
from tests.brokers.ibkr.desks import IbkrDesk, opened
from tests.brokers.servers.book import Order, Status
from tests.brokers.servers.faults import Lapse
from tests.brokers.servers.tws.messages import card_of
from tests.builders.paper import PUT, buy, sell

TARGET, STOP = "5.00", Decimal("3.50")


@pytest_asyncio.fixture(params=[176, 178])
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[IbkrDesk]:
    desk = await opened(request.param)
    yield desk
    assert (await desk.session.health()).details["alerts"] == []
    await desk.close()
    assert desk.server.protocol_errors == []


def exits(qty: int = 1) -> tuple[NativeOrder, ...]:
    stop = replace(sell(PUT, "1.00", qty=qty), ord_type=OrdType.STOP, limit_price=None, stop_price=STOP)
    return NativeOrder("TARGET", sell(PUT, TARGET, qty=qty)), NativeOrder("STOP", stop)


def bracket(entry: OrderTicket | None = None, link: Link | None = Link.REDUCE) -> NativeList:
    ticket = buy(PUT, "4.00", qty=2) if entry is None else entry
    return NativeList("L1", exits(ticket.quantity), link, NativeOrder("ENTRY", ticket))


def group(link: Link, qty: int = 3) -> NativeList:
    return NativeList("L1", exits(qty), link)


def booked(desk: IbkrDesk) -> dict[str, Order]:
    return {order.ref: order for order in desk.exchange.orders.values()}


async def accepted(desk: IbkrDesk, orders: NativeList) -> None:
    await desk.session.submit_list(desk.account, orders)
    heard = {(await desk.hear(ReportKind.ACK)).cl_ord_id for _ in orders.orders}
    assert heard == {one.cl_ord_id for one in orders.orders}


async def test_a_bracket_is_sent_as_one_and_nothing_works_before_its_last_order(desk: IbkrDesk) -> None:
    await accepted(desk, bracket())

    orders = booked(desk)
    assert list(orders) == ["ENTRY", "TARGET", "STOP"]
    cards = [card_of(order) for order in orders.values()]
    entry = str(cards[0].order_id)
    assert [card.placing["transmit"] for card in cards] == ["0", "0", "1"]
    assert [card.placing["parentId"] for card in cards] == ["0", entry, entry]
    assert [(card.placing["ocaGroup"], card.placing["ocaType"]) for card in cards] == [
        ("", "0"),
        ("L1", "2"),
        ("L1", "2"),
    ]
    assert [order.status for order in orders.values()] == [Status.WORKING, Status.HELD, Status.HELD]


async def test_the_exits_wait_for_the_entry_and_one_ends_the_other(desk: IbkrDesk) -> None:
    await accepted(desk, bracket())

    await desk.show(PUT, "3.90", "4.00")
    assert (await desk.hear(ReportKind.FILL)).cl_ord_id == "ENTRY"
    await desk.show(PUT, "5.00", "5.10")

    assert (await desk.hear(ReportKind.FILL)).cl_ord_id == "TARGET"
    ended = await desk.hear(ReportKind.UNSOLICITED_CANCEL)
    assert ended.cl_ord_id == "STOP"
    assert "one cancels the other" in ended.text
    await desk.quiet()


async def test_a_cancel_of_what_its_sibling_ended_is_refused_and_nothing_is_told_twice(desk: IbkrDesk) -> None:
    await accepted(desk, group(Link.CANCEL, qty=1))
    await desk.show(PUT, "5.00", "5.10")
    assert (await desk.hear(ReportKind.FILL)).cl_ord_id == "TARGET"
    assert (await desk.hear(ReportKind.UNSOLICITED_CANCEL)).cl_ord_id == "STOP"

    await desk.session.cancel(desk.account, "X1", "STOP")

    refused = await desk.hear(ReportKind.CANCEL_REJECT)
    assert (refused.cl_ord_id, refused.reason) == ("X1", "TOO_LATE")
    await desk.quiet()


async def test_the_first_execution_cancels_the_rest_of_a_group_that_cancels(desk: IbkrDesk) -> None:
    await accepted(desk, group(Link.CANCEL))

    await desk.show(PUT, "5.00", "5.10", size=1)

    assert (await desk.hear(ReportKind.FILL)).combo_qty == 1
    assert (await desk.hear(ReportKind.UNSOLICITED_CANCEL)).cl_ord_id == "STOP"
    assert [card_of(order).placing["ocaType"] for order in booked(desk).values()] == ["1", "1"]


async def test_an_execution_takes_as_much_from_the_rest_of_a_group_that_reduces(desk: IbkrDesk) -> None:
    await accepted(desk, group(Link.REDUCE))

    await desk.show(PUT, "5.00", "5.10", size=1)

    assert (await desk.hear(ReportKind.FILL)).combo_qty == 1
    restated = await desk.hear(ReportKind.RESTATE)
    assert (restated.cl_ord_id, restated.order_qty) == ("STOP", 2)
    assert {(o.cl_ord_id, o.order_qty, o.cum_qty) for o in await listed(desk)} == {("TARGET", 3, 1), ("STOP", 2, 0)}
    await desk.quiet()


async def test_an_entry_that_is_cancelled_takes_its_exits_along(desk: IbkrDesk) -> None:
    await accepted(desk, bracket())

    await desk.session.cancel(desk.account, "X1", "ENTRY")

    heard = [await desk.hear() for _ in range(3)]
    assert {(r.kind, r.cl_ord_id) for r in heard} == {
        (ReportKind.CANCEL_ACK, "X1"),
        (ReportKind.UNSOLICITED_CANCEL, "TARGET"),
        (ReportKind.UNSOLICITED_CANCEL, "STOP"),
    }


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_new_terms_leave_an_order_in_its_place(desk: IbkrDesk, is_restarted: bool) -> None:
    await accepted(desk, bracket())
    if is_restarted:
        await desk.restart()

    terms = sell(PUT, "5.50", qty=2)
    await desk.session.replace(desk.account, Replacement("R1", "TARGET", 2, terms.limit_price, None, ticket=terms))

    assert (await desk.hear(ReportKind.REPLACE_ACK)).cl_ord_id == "R1"
    asked = card_of(booked(desk)["TARGET"]).placing
    parent = str(card_of(booked(desk)["ENTRY"]).order_id)
    assert (asked["ocaGroup"], asked["ocaType"], asked["parentId"], asked["lmtPrice"]) == ("L1", "2", parent, "5.50")


async def test_children_without_a_link_only_wait_for_their_entry(desk: IbkrDesk) -> None:
    await accepted(desk, bracket(link=None))

    assert {order.group for order in booked(desk).values()} == {""}
    assert [order.parent is None for order in booked(desk).values()] == [True, False, False]


async def test_a_list_with_an_order_that_is_not_taken_leaves_nothing_behind(desk: IbkrDesk) -> None:
    with pytest.raises(InvalidInputError):
        await desk.session.submit_list(desk.account, bracket(buy("NIX", "4.00")))

    assert booked(desk) == {}
    assert desk.keys.rows == {}


async def test_a_list_with_an_id_that_was_used_is_not_sent_in_part(desk: IbkrDesk) -> None:
    await desk.session.submit("STOP", desk.account, buy(PUT, "3.00"))
    await desk.hear(ReportKind.ACK)

    with pytest.raises(RefusedError):
        await desk.session.submit_list(desk.account, bracket())

    assert list(booked(desk)) == ["STOP"]


async def test_a_list_whose_line_is_lost_is_found_whole_by_asking(desk: IbkrDesk) -> None:
    desk.faults.lapses.append(Lapse.DROP)

    await desk.session.submit_list(desk.account, bracket())
    await desk.settle()
    await desk.reconnect()

    assert {(o.cl_ord_id, o.status) for o in await listed(desk)} == {
        ("ENTRY", "NEW"),
        ("TARGET", "NEW"),
        ("STOP", "NEW"),
    }
    with pytest.raises(RefusedError):
        await desk.session.submit_list(desk.account, bracket())
    assert len(booked(desk)) == 3


async def test_an_exit_whose_entry_never_arrived_does_not_work_by_itself(desk: IbkrDesk) -> None:
    desk.faults.lapses.append(Lapse.UNREAD)

    await desk.session.submit_list(desk.account, bracket())
    await desk.settle()
    await desk.reconnect()

    assert booked(desk) == {}
    assert set(desk.keys.rows) == {"ENTRY", "TARGET", "STOP"}


def test_what_is_no_list_is_refused() -> None:
    one, other = exits()
    for name, others, link in (("", (one, other), Link.CANCEL), ("L", (one,), Link.CANCEL), ("L", (one, other), None)):
        with pytest.raises(InvalidListError):
            NativeList(name, others, link)
    with pytest.raises(InvalidListError):
        NativeList("L", (one, one), Link.CANCEL)


def test_a_place_is_kept_as_it_is() -> None:
    place = Place("L1", 2, 17)

    assert Place.read(place.as_details()) == place
    assert Place.read(ALONE.as_details()) == ALONE
