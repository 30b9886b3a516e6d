"""What an order costs in statements, and what a failure leaves: nothing. Others wait while an account is locked."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from risk.models import Reservation, Verdict
from tests.trading.passage.conftest import draft
from trading.models import Approval, Order, OrderEvent, OrderLeg, OrderRequest
from trading.services import closing, submit
from trading.services.claim import claim_batch
from trading.services.mandates import MandateExceededError, sign

pytestmark = pytest.mark.usefixtures("desk")
FRAMES = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
WRITTEN = (Approval, AuditEntry, Order, OrderEvent, OrderLeg, OrderRequest, Reservation, Verdict)


def place(actor: Actor, key: str, **changes: object) -> Order:
    return submit.place(draft=draft(**changes), actor=actor, key=key, trace_id="t", now=utc_now())


def counted(captured: CaptureQueriesContext) -> list[str]:
    """Return the statements that read or write."""
    return [sql for query in captured if not (sql := str(query["sql"]).strip()).startswith(FRAMES)]


def kept() -> dict[str, int]:
    return {model.__name__: model.objects.count() for model in WRITTEN}


def test_an_order_takes_six_statements_of_which_four_under_the_lock(trader: Actor) -> None:
    place(trader, "the account's first makes the row that is locked", quantity=9)

    with CaptureQueriesContext(connection) as captured:
        place(trader, "k")

    statements = counted(captured)
    (lock,) = [index for index, sql in enumerate(statements) if "FOR UPDATE" in sql]
    assert len(statements) <= 6
    assert len(statements[lock:]) <= 4


def test_an_order_joins_the_transaction_of_its_request_without_a_savepoint(trader: Actor) -> None:
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        closing.place(draft=draft(), wishes=(), actor=trader, key="k", trace_id="t", now=utc_now())

    assert [query["sql"] for query in captured if str(query["sql"]).startswith("SAVEPOINT")] == []


def test_a_denied_order_takes_no_more_than_one_that_passes(trader: Actor) -> None:
    place(trader, "the account's first makes the row that is locked", quantity=9)

    with CaptureQueriesContext(connection) as captured:
        order = place(trader, "k", limit_price=Decimal("250.00"))

    assert order.status == "DENIED"
    assert len(counted(captured)) <= 6


@pytest.mark.parametrize("orders", [1, 4])
def test_a_claim_takes_five_statements_however_many_orders_wait(trader: Actor, orders: int) -> None:
    for number in range(orders):
        place(trader, f"k{number}", quantity=1 + number)

    with CaptureQueriesContext(connection) as captured:
        claimed = claim_batch("paper", epoch=1, limit=32, now=utc_now())

    assert len(claimed.outbounds) == orders
    assert len(counted(captured)) <= 5


def test_a_claim_with_nothing_to_do_takes_one_statement(trader: Actor) -> None:
    with CaptureQueriesContext(connection) as captured:
        claim_batch("paper", epoch=1, limit=32, now=utc_now())

    assert len(counted(captured)) == 1


def test_a_claim_sends_what_is_fresh_and_voids_what_waited_too_long(trader: Actor) -> None:
    late, fresh = place(trader, "late"), place(trader, "fresh", quantity=11)
    Order.objects.filter(pk=late.pk).update(staged_at=late.created_at - timedelta(seconds=11))

    claimed = claim_batch("paper", epoch=1, limit=32, now=utc_now())

    assert [outbound.cl_ord_id for outbound in claimed.outbounds] == [fresh.cl_ord_id]
    assert dict(Order.objects.values_list("cl_ord_id", "status")) == {
        late.cl_ord_id: "ABANDONED",
        fresh.cl_ord_id: "PENDING_NEW",
    }
    assert list(OrderEvent.objects.filter(order=fresh).order_by("seq").values_list("seq", "event", "status")) == [
        (1, "submit", "RISK_CHECK"),
        (2, "risk_pass", "READY"),
        (3, "send", "PENDING_NEW"),
    ]


def test_a_constraint_that_is_broken_leaves_nothing_of_the_order(trader: Actor) -> None:
    place(trader, "k")
    before = kept()

    with pytest.raises(IntegrityError, match="cl_ord_id"):
        place(trader, "k", quantity=11)

    assert kept() == before


def test_an_order_beyond_its_mandate_leaves_nothing(trader: Actor) -> None:
    script, officer = Actor(trader.user, "token", "bot"), Actor(User.objects.get(username="risk"))
    reason, ceiling = "The nightly rebalancing script of the desk.", Decimal("2000.19")
    sign(
        account="GEN-1",
        grantee="trader",
        max_order_cash=ceiling,
        days=1,
        reason=reason,
        actor=officer,
        now=utc_now(),
    )
    before = kept()

    with pytest.raises(MandateExceededError):
        place(script, "k")

    assert kept() == before


def test_all_that_an_order_is_made_of_points_to_it(trader: Actor) -> None:
    order = place(trader, "k")

    stored = Order.objects.get(pk=order.pk)
    assert stored.approval_id == order.approval_id == Approval.objects.get().pk
    assert stored.verdict_id == Verdict.objects.get().pk == Reservation.objects.get(order_id=order.pk).verdict_id
    assert (stored.limit_price, stored.trade_date, stored.state) == (
        order.limit_price,
        order.trade_date,
        order.state,
    )
    assert AuditEntry.objects.get(action="order.staged").payload["approval"] == order.approval_id
