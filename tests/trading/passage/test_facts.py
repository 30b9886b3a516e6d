"""What the gate asks of the books costs the same however many orders there have been."""

import re
from datetime import timedelta

import pytest
from django.db import connection

from allcore.accounts.actors import Actor
from allcore.kernel.clock import utc_now
from tests.trading.passage.conftest import draft
from trading.models import Order, OrderRequest
from trading.selectors import facts
from trading.selectors.tickets import ticket_of
from trading.services import submit


def place(trader: Actor, quantity: int) -> Order:
    order = submit.place(draft=draft(quantity=quantity), actor=trader, key=f"k{quantity}", trace_id="t", now=utc_now())
    assert order.status == "READY", order.reason
    return order


@pytest.mark.django_db
def test_a_kept_plan_reads_working_orders_and_the_last_minute_alone() -> None:
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
        cursor.execute(f"EXPLAIN (GENERIC_PLAN) {asked}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert 'using order_working on "order"' in plan
    assert "requests_of_late" in plan


def test_what_was_sent_before_the_last_minute_is_neither_a_message_nor_a_twin(trader: Actor) -> None:
    now = utc_now()
    old, new = place(trader, 3), place(trader, 4)
    ago = now - timedelta(seconds=61)
    Order.objects.filter(pk=old.pk).update(created_at=ago, staged_at=ago)
    OrderRequest.objects.filter(order=old).update(created_at=ago)

    first = facts.facts(old.account, ticket_of(old), now=now, exchange_now=now).lately
    second = facts.facts(new.account, ticket_of(new), now=now, exchange_now=now).lately

    assert (len(first.messages), first.twins) == (1, ())
    assert (len(second.messages), [twin.order_id for twin in second.twins]) == (1, [new.pk])


def test_a_cancel_is_no_message_and_a_changed_order_is_no_second_twin(trader: Actor) -> None:
    order = place(trader, 3)
    outbox = {"order": order, "connection": order.connection, "created_at": utc_now()}
    OrderRequest.objects.create(kind="REPLACE", cl_ord_id="R1", **outbox)
    OrderRequest.objects.create(kind="CANCEL", cl_ord_id="C1", **outbox)

    lately = facts.facts(order.account, ticket_of(order), now=utc_now(), exchange_now=utc_now()).lately

    assert (len(lately.messages), len(lately.twins)) == (2, 1)
