"""Two workers with the same news: it is booked once; with different news: both are."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection

from allcore.kernel.reports import ExecutionReport
from brokers.models import Account
from tests.builders.orders import NOW, make_account, make_sent_order, make_ticket
from tests.builders.reports import fill, leg_fill
from trading.models import CashBalance, Execution, OrderEvent, Position
from trading.services import rebuild
from trading.services.fund import deposit
from trading.services.settle import apply_reports

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def account() -> Account:
    account = make_account()
    deposit(account, Decimal(100_000), NOW - timedelta(days=1), "Opening balance")
    return account


def at_once(*batches: Sequence[ExecutionReport]) -> None:
    together = Barrier(len(batches))

    def work(batch: Sequence[ExecutionReport]) -> None:
        try:
            together.wait(timeout=10)
            apply_reports("paper", batch, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(batches)) as pool:
        for done in [pool.submit(work, batch) for batch in batches]:
            done.result(timeout=30)


def test_the_same_fill_applied_by_four_workers_is_booked_once(account: Account) -> None:
    order = make_sent_order(make_ticket(account, quantity=3), account)
    said = fill(order, leg_fill("e1", 2, "3.00"))

    at_once([said], [said], [said], [said])

    order.refresh_from_db()
    assert (order.cum_qty, Execution.objects.count(), Position.objects.get().qty) == (2, 1, -2)
    assert CashBalance.objects.get().cash == Decimal("100599.35")
    assert OrderEvent.objects.filter(event="fill").count() == 1


def test_fills_of_one_order_and_of_two_at_once_are_all_booked(account: Account) -> None:
    one = make_sent_order(make_ticket(account, quantity=4), account, origin="one")
    two = make_sent_order(make_ticket(account, quantity=4), account, origin="two")
    fills = [fill(one, leg_fill(f"a{n}", 1, f"3.0{n}")) for n in range(4)]
    others = [fill(two, leg_fill(f"b{n}", 1, f"3.1{n}")) for n in range(4)]

    at_once(fills[:2], [fills[2], others[2]], [others[3], fills[3]], others[:2])

    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.status, two.status, Position.objects.get().qty) == ("FILLED", "FILLED", -8)
    assert list(rebuild.differences(account, now=NOW)) == []
