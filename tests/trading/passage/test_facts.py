"""What the gate asks of the books costs the same however many orders there have been."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from allcore.accounts.actors import Actor
from allcore.kernel.clock import new_york_date, utc_now
from brokers.models import Account
from risk.domain.day_trades import DayTrades
from tests.builders import market
from tests.trading.passage.conftest import draft
from trading.models import Execution, Order, OrderRequest
from trading.selectors import facts
from trading.selectors.household import household
from trading.selectors.tickets import ticket_of
from trading.services import submit


def place(trader: Actor, quantity: int) -> Order:
    order = submit.place(draft=draft(quantity=quantity), actor=trader, key=f"k{quantity}", trace_id="t", now=utc_now())
    assert order.status == "READY", order.reason
    return order


UNCOUNTED = """
WITH forgotten AS (DELETE FROM pg_statistic WHERE starelid = ANY(%(tables)s::regclass[]))
UPDATE pg_class SET relpages = 0, reltuples = -1 WHERE oid = ANY(%(tables)s::regclass[])
"""


def planned(asked: str, *tables: str, is_counted: bool) -> str:
    """Return the plan that is kept, of tables as they are when new: the server counts rows now and then, or has not."""
    with connection.cursor() as cursor:
        if is_counted:
            cursor.execute("ANALYZE")
        cursor.execute(UNCOUNTED, {"tables": list(tables)})
        cursor.execute(f"EXPLAIN (GENERIC_PLAN) {asked}")
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.django_db
@pytest.mark.parametrize("is_counted", [False, True])
def test_a_kept_plan_reads_working_orders_and_the_last_minute_alone(is_counted: bool) -> None:
    names: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    asked = re.sub(r"%\((\w+)\)s", numbered, facts.READ)
    with connection.cursor() as cursor:
        # Of no rows it would read all, or by any index.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("DROP INDEX order_blotter")

    plan = planned(asked, '"order"', "order_request", is_counted=is_counted)

    assert 'using order_working on "order"' in plan
    assert "requests_of_account" in plan
    assert "order_staged_lately" in plan


@pytest.mark.django_db
@pytest.mark.parametrize("is_counted", [False, True])
def test_a_kept_plan_does_not_go_through_all_instruments_for_the_underlyings(is_counted: bool) -> None:
    plan = planned(f"SELECT {facts.LISTINGS.replace('%(symbols)s', '$1')}", "instrument", is_counted=is_counted)

    assert "using instrument_pkey on instrument u" in plan
    assert "Hash" not in plan


def test_what_other_accounts_send_is_not_read(trader: Actor) -> None:
    order = place(trader, 3)
    other = Account.objects.exclude(pk=order.account_id).first()
    assert other is not None
    OrderRequest.objects.filter(order=order).update(account=other)

    lately = facts.facts(order.account, ticket_of(order), now=utc_now(), exchange_now=utc_now()).lately

    assert lately.messages == (0, 0)


def test_what_was_sent_before_the_last_minute_is_neither_a_message_nor_a_twin(trader: Actor) -> None:
    now = utc_now()
    old, new = place(trader, 3), place(trader, 4)
    ago = now - timedelta(seconds=61)
    Order.objects.filter(pk=old.pk).update(created_at=ago, staged_at=ago)
    OrderRequest.objects.filter(order=old).update(created_at=ago)

    first = facts.facts(old.account, ticket_of(old), now=now, exchange_now=now).lately
    second = facts.facts(new.account, ticket_of(new), now=now, exchange_now=now).lately

    assert (first.messages.minute, first.twins) == (1, ())
    assert (second.messages.minute, [twin.order_id for twin in second.twins]) == (1, [new.pk])


def test_a_cancel_is_no_message_and_a_changed_order_is_no_second_twin(trader: Actor) -> None:
    order = place(trader, 3)
    outbox = {"order": order, "account": order.account, "connection": order.connection, "created_at": utc_now()}
    OrderRequest.objects.create(kind="REPLACE", cl_ord_id="R1", **outbox)
    OrderRequest.objects.create(kind="CANCEL", cl_ord_id="C1", **outbox)

    lately = facts.facts(order.account, ticket_of(order), now=utc_now(), exchange_now=utc_now()).lately

    assert (lately.messages.minute, len(lately.twins)) == (2, 1)


def test_messages_of_the_last_second_are_counted_apart(trader: Actor) -> None:
    now, order = utc_now(), place(trader, 2)
    OrderRequest.objects.filter(order=order).update(created_at=now - timedelta(seconds=60))
    for number, seconds in enumerate((0.5, 0.999, 1.0, 59.999)):
        order = place(trader, 3 + number)
        OrderRequest.objects.filter(order=order).update(created_at=now - timedelta(seconds=seconds))

    lately = facts.facts(order.account, ticket_of(order), now=now, exchange_now=now).lately

    assert lately.messages == (4, 2)


def test_an_order_that_was_held_is_a_twin_from_when_it_was_let_go(trader: Actor) -> None:
    now, order = utc_now(), place(trader, 3)
    Order.objects.filter(pk=order.pk).update(created_at=now - timedelta(hours=1), staged_at=now - timedelta(seconds=2))

    lately = facts.facts(order.account, ticket_of(order), now=now, exchange_now=now).lately

    assert [twin.order_id for twin in lately.twins] == [order.pk]


def filled(trader: Actor, quantity: int, effect: str, at: datetime) -> Order:
    """Place an order and let it have done so, at the exchange's time."""
    order = place(trader, quantity)
    order.legs.update(position_effect=effect)
    Execution.objects.create(
        order=order,
        connection=order.connection,
        account=order.account,
        instrument=order.legs.get().instrument,
        exec_id=f"E{quantity}",
        leg=0,
        side=order.legs.get().side,
        qty=quantity,
        px=Decimal(200),
        fee=Decimal(0),
        trade_date=new_york_date(at),
        transact_at=at,
        received_at=at,
    )
    return order


def test_day_trades_are_counted_where_the_broker_counts_them_and_nowhere_else(trader: Actor) -> None:
    now, yesterday = market.START, market.START - timedelta(days=1)
    filled(trader, 3, "OPEN", now - timedelta(days=8))
    filled(trader, 4, "CLOSE", yesterday)
    order = filled(trader, 5, "OPEN", now)

    def counted() -> DayTrades | None:
        return facts.facts(order.account, ticket_of(order), now=utc_now(), exchange_now=now).day_trades

    assert counted() is None  # the paper broker's rule is the new one
    order.account.connection.settings = {"intraday_margin_from": "2026-06-11"}  # tomorrow
    assert counted() == DayTrades(0, 2, frozenset({"AAPL"}))
    filled(trader, 6, "OPEN", yesterday - timedelta(minutes=5))
    assert counted() == DayTrades(1, 3, frozenset({"AAPL"}))


def test_an_account_that_is_as_it_was_is_not_read_again(trader: Actor) -> None:
    order, now = place(trader, 3), utc_now()
    others = [m for m in household("PAPER", now).members if m.account_id != order.account_id]

    place(trader, 4)
    after = household("PAPER", now)

    assert others
    assert all(after.member(other.account_id) is other for other in others)
    assert len(after.member(order.account_id).pending) == 2
