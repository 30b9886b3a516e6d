"""A strategy that repeats itself is stopped, and a person lets it go on."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from allcore.audit.models import AuditEntry
from allcore.kernel.orders import PositionEffect, Side
from brokers.models import Account
from risk.models import Limit, StrategyHold
from risk.services.limits import ensure_defaults
from tests.builders.orders import CALL, NOW, PUT, leg, make_account, make_sent_order, make_ticket
from tests.builders.reports import fill, leg_fill
from trading.models import AlgoChild, AlgoRun, Order
from trading.selectors.facts import facts
from trading.services.settle import apply_reports

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    ensure_defaults(NOW)
    return make_account()


def sell(account: Account, name: str, minute: float = 0, *, symbol: str = PUT, **changes: Any) -> Order:
    """An order of the desk's own that sells one to open, filled so many minutes after NOW."""
    side, effect = Side.SELL, changes.pop("effect", PositionEffect.OPEN)
    order = make_sent_order(
        make_ticket(account, [leg(symbol, side, effect)], quantity=2),
        account,
        origin=name,
    )
    opens = Decimal(24_000) if effect is PositionEffect.OPEN else None
    if run := changes.pop("run", None):
        AlgoChild.objects.create(run=run, step=int(name), order=order)
    fields: dict[str, object] = {"origin": "API", "unit_notional": opens, **changes}
    Order.objects.filter(pk=order.pk).update(**fields)
    at = NOW + timedelta(minutes=minute)
    for part in "ab":
        said = fill(order, leg_fill(f"{name}{part}", 1, "3.10", symbol=symbol), at=at)
        apply_reports("paper", [said], now=NOW)
    return order


def test_the_fifth_fill_of_a_kind_within_ten_minutes_stops_it(account: Account) -> None:
    for n in range(4):
        sell(account, str(n), n)
    assert not StrategyHold.objects.exists()

    sell(account, "4", 4)

    hold = StrategyHold.objects.get()
    assert (hold.structure, hold.underlying, hold.side, hold.fills) == ("CASH_SECURED_PUT", "TSLA", "SELL", 5)
    assert AuditEntry.objects.filter(action="strategy.stopped").count() == 1
    around = facts(account, make_ticket(account), now=NOW, exchange_now=NOW).around
    assert {(str(kind), str(side)) for kind, side in around.held} == {("CASH_SECURED_PUT", "SELL")}


@pytest.mark.parametrize(("minute", "is_stopped"), [(9.9, True), (10, False), (10.1, False)])
def test_what_filled_ten_minutes_ago_counts_no_more(account: Account, minute: float, is_stopped: bool) -> None:
    for n in range(4):
        sell(account, str(n))

    sell(account, "4", minute)

    assert StrategyHold.objects.exists() is is_stopped


def test_more_fills_stop_nothing_twice(account: Account) -> None:
    for n in range(7):
        sell(account, str(n))

    assert StrategyHold.objects.count() == 1


def make_run(order: Order) -> AlgoRun:
    assert order.approval is not None
    assert order.verdict is not None
    return AlgoRun.objects.create(
        account=order.account,
        underlying="TSLA",
        ticket={},
        algo="TWAP",
        parameters={},
        choice={},
        origin="API",
        started_by=order.approval.user,
        approval=order.approval,
        verdict=order.verdict,
        quantity=12,
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=1),
        created_at=NOW,
    )


def test_slices_of_one_algorithm_are_one_decision(account: Account) -> None:
    run = make_run(sell(account, "first"))
    for n in range(6):
        sell(account, str(n), run=run)

    assert not StrategyHold.objects.exists()


@pytest.mark.parametrize(
    "changes", [{"origin": "TICKET"}, {"effect": PositionEffect.CLOSE}], ids=["by hand", "closing"]
)
def test_tickets_by_hand_and_what_closes_are_not_counted(account: Account, changes: dict[str, Any]) -> None:
    for n in range(6):
        sell(account, str(n), **changes)

    assert not StrategyHold.objects.exists()


def test_another_kind_of_trade_is_counted_by_itself(account: Account) -> None:
    for n in range(4):
        sell(account, str(n))

    sell(account, "call", symbol=CALL)

    assert not StrategyHold.objects.exists()


def test_the_limit_is_the_account_s_own_and_without_one_nothing_is_stopped(account: Account) -> None:
    Limit.objects.create(code="repeated_fills", account=account, unit="COUNT", soft=1, hard=None, effective_at=NOW)

    for n in range(6):
        sell(account, str(n))

    assert not StrategyHold.objects.exists()


def test_where_no_limit_would_stop_it_nothing_is_counted(account: Account) -> None:
    Limit.objects.filter(code="repeated_fills").update(soft=5, hard=None)
    sell(account, "0")

    with CaptureQueriesContext(connection) as asked:
        sell(account, "1")

    assert not [one for one in asked.captured_queries if "algo_child" in one["sql"]]
