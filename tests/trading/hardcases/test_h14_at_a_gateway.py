"""H14 at a gateway's own window: what a person places in TWS, from the wire to the books and the break desk."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from allcore.kernel.orders import Side
from allcore.kernel.reports import MassStatus, OrderReport
from tests.brokers.contract import LOOK_BACK
from tests.brokers.ibkr.desks import IbkrDesk, opened
from tests.brokers.servers.book import Leg, Terms
from tests.builders.orders import make_instrument
from tests.builders.paper import LOW_PUT, PUT
from tests.trading.hardcases.floor import CONNECTION, Floor, position
from trading.domain.reconcile.doubts import Asked
from trading.models import Break, Execution, ExternalOrder, Order, Quarantine
from trading.services import reconcile

AT_FOUR = Terms((Leg(PUT, Side.BUY),), 2, limit=Decimal("4.00"))
SPREAD = Terms((Leg(PUT, Side.SELL), Leg(LOW_PUT, Side.BUY)), 2, limit=Decimal("-3.50"))


async def looked_at(*, trades: bool) -> tuple[MassStatus, MassStatus]:
    """Return what a gateway tells of two orders by hand, before and after somebody there cancels the first."""
    desk: IbkrDesk = await opened()
    first = desk.exchange.place(desk.account, AT_FOUR)
    desk.exchange.place(desk.account, SPREAD)
    if trades:
        desk.exchange.show(PUT, "4.60", "4.70", size=1)
    before = await desk.session.mass_status(desk.now() - LOOK_BACK)
    desk.exchange.cancel(first.number)
    after = await desk.session.mass_status(desk.now() - LOOK_BACK)
    await desk.close()
    return before, after


def here(floor: Floor, status: MassStatus) -> MassStatus:
    """Return the answer as if it were of the desk's own account and connection."""
    number = floor.account.broker_account

    def ours(order: OrderReport) -> OrderReport:
        fills = tuple(replace(fill, account=number, connection=CONNECTION) for fill in order.fills)
        return replace(order, account=number, fills=fills)

    return replace(
        status,
        connection=CONNECTION,
        orders=tuple(ours(order) for order in status.orders),
        positions=tuple(replace(held, account=number) for held in status.positions),
        balances=(),
    )


def compare(floor: Floor, status: MassStatus) -> None:
    asked = Asked(since=floor.start - LOOK_BACK, is_healthy=True, indexes_our_ids=True)
    reconcile.apply(here(floor, status), asked=asked, now=floor.later(60))


@pytest.mark.parametrize("trades", [False, True])
def test_h14_what_is_placed_in_tws_is_shown_booked_and_ended_once(floor: Floor, trades: bool) -> None:
    for symbol in (PUT, LOW_PUT):
        make_instrument(symbol)
    before, after = asyncio.run(looked_at(trades=trades))

    for status in (before, before, after, after):
        compare(floor, status)

    orders = {order.legs.count(): order for order in Order.objects.all()}
    assert {count: order.status for count, order in orders.items()} == {
        1: "CANCELED",
        2: "PARTIALLY_FILLED" if trades else "NEW",
    }
    assert [row.state for row in ExternalOrder.objects.all()] == ["OBSERVED", "OBSERVED"]
    assert (position(PUT), position(LOW_PUT)) == ((-1, 1) if trades else (0, 0))
    assert Execution.objects.count() == (2 if trades else 0)
    assert not Quarantine.objects.exists()
    assert not Break.objects.exists()
    assert floor.session.submitted == []
