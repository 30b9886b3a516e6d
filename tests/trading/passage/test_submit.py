"""From a person's ticket to the outbox: checked, reserved, once."""

from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.db import connection, connections

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from risk.models import Limit, Reservation
from tests.builders import market
from tests.trading.passage.conftest import PRICES, draft, refresh
from trading.domain.tickets import UnknownInstrumentError
from trading.models import Order, OrderRequest
from trading.services import submit
from trading.services.claim import claim_batch

pytestmark = pytest.mark.usefixtures("desk")


def place(actor: Actor, key: str = "k", **changes: object) -> Order:
    return submit.place(draft=draft(**changes), actor=actor, key=key, trace_id="t", now=utc_now())


def test_a_ticket_that_passes_is_staged_with_approval_verdict_reservation_request_and_audit(trader: Actor) -> None:
    order = place(trader)

    assert order.status == "READY"
    assert order.approval is not None
    assert order.approval.user == trader.user
    assert order.verdict is not None
    assert Reservation.objects.get(order_id=order.pk).cash == Decimal("2000.20")
    assert OrderRequest.objects.get(order=order).state == "TO_SEND"
    assert AuditEntry.objects.filter(action="order.staged", subject=f"order:{order.pk}").count() == 1
    assert list(order.events.order_by("seq").values_list("event", flat=True)) == ["submit", "risk_pass"]


def test_a_ticket_that_a_rule_refuses_is_kept_as_denied_and_nothing_is_sent(trader: Actor) -> None:
    order = place(trader, limit_price=Decimal("250.00"))

    assert order.status == "DENIED"
    assert "collar" in order.reason.lower()
    assert order.approval is None
    assert not OrderRequest.objects.exists()
    assert not Reservation.objects.exists()
    assert AuditEntry.objects.filter(action="order.denied").count() == 1


@pytest.mark.parametrize("symbol", ["XYZ", "AAPL  260612P00200000", "AAPL  269912P00200000"])
def test_an_unknown_symbol_strike_or_expiry_is_refused_and_changes_nothing(trader: Actor, symbol: str) -> None:
    with pytest.raises(UnknownInstrumentError, match="Nothing was sent"):
        place(trader, legs=[{"symbol": symbol, "side": "BUY", "position_effect": "OPEN", "ratio": 1}])

    assert not Order.objects.exists()


def test_a_viewer_sends_nothing() -> None:
    with pytest.raises(ForbiddenError):
        place(Actor(User.objects.get(username="viewer")))

    assert not Order.objects.exists()


def test_an_account_that_is_not_there_is_not_found(trader: Actor) -> None:
    with pytest.raises(NotFoundError):
        place(trader, account="NOPE")


def test_a_script_without_a_mandate_sends_nothing(trader: Actor) -> None:
    script = Actor(trader.user, "token", "bot")

    with pytest.raises(ForbiddenError, match="mandate"):
        place(script)


def test_the_same_key_cannot_make_a_second_order(trader: Actor) -> None:
    place(trader)

    with pytest.raises(Exception, match="cl_ord_id"):
        place(trader, quantity=11)
    assert Order.objects.count() == 1


def test_two_orders_that_each_fit_do_not_both_pass(trader: Actor) -> None:
    Limit.objects.filter(code__in=["name_household", "name_account"]).update(soft=1, hard=1)
    barrier, results = Barrier(2), []

    def send(key: str, quantity: int) -> None:
        try:
            barrier.wait()
            results.append(str(place(trader, key=key, quantity=quantity).status))
        finally:
            connections.close_all()

    # Each takes 60 % of the account's cash.
    threads = [Thread(target=send, args=(key, quantity)) for key, quantity in (("a", 300), ("b", 301))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(results) == ["DENIED", "READY"], [o.reason for o in Order.objects.all()]


def test_a_claim_moves_what_is_staged_once(trader: Actor) -> None:
    order = place(trader)

    first = claim_batch("paper", epoch=1, limit=10, now=utc_now())
    second = claim_batch("paper", epoch=1, limit=10, now=utc_now())

    assert [outbound.cl_ord_id for outbound in first.outbounds] == [order.cl_ord_id]
    assert second.outbounds == ()
    order.refresh_from_db()
    assert order.status == "PENDING_NEW"


def test_a_worker_whose_lease_has_passed_on_claims_nothing(trader: Actor) -> None:
    place(trader)

    assert claim_batch("paper", epoch=0, limit=10, now=utc_now()).outbounds == ()


def test_what_waited_too_long_in_the_outbox_is_voided_and_its_cash_freed(trader: Actor) -> None:
    order = place(trader)
    refresh()

    claimed = claim_batch("paper", epoch=1, limit=10, now=utc_now() + timedelta(seconds=11))

    order.refresh_from_db()
    assert (claimed.taken, claimed.outbounds) == (1, ())
    assert order.status == "ABANDONED"
    assert "waited" in order.reason
    assert Reservation.objects.get(order_id=order.pk).released_at is not None


@pytest.mark.parametrize(("seconds", "leaves"), [(10, True), (10.001, False)])
def test_what_was_staged_by_a_clock_far_ahead_is_voided(trader: Actor, seconds: float, leaves: bool) -> None:
    order = place(trader)
    assert order.staged_at is not None

    claimed = claim_batch("paper", epoch=1, limit=10, now=order.staged_at - timedelta(seconds=seconds))

    order.refresh_from_db()
    assert (len(claimed.outbounds), order.status) == ((1, "PENDING_NEW") if leaves else (0, "ABANDONED"))


def test_an_hour_set_back_makes_no_old_quote_young(trader: Actor) -> None:
    market.write_quotes(
        market.quote(symbol, bid, ask, size=500, received_at=utc_now() + timedelta(hours=1))
        for symbol, (bid, ask) in PRICES.items()
    )

    assert "aged 3" in place(trader).reason


def test_cancelling_what_has_not_left_abandons_it(trader: Actor) -> None:
    order = place(trader)

    submit.cancel(order_id=order.pk, actor=trader, now=utc_now())

    order.refresh_from_db()
    assert order.status == "ABANDONED"
    assert claim_batch("paper", epoch=1, limit=10, now=utc_now()).outbounds == ()


def test_cancelling_twice_asks_once(trader: Actor) -> None:
    order = place(trader)
    claim_batch("paper", epoch=1, limit=10, now=utc_now())

    for _ in range(2):
        submit.cancel(order_id=order.pk, actor=trader, now=utc_now())

    assert OrderRequest.objects.filter(order=order, kind="CANCEL").count() == 1
    order.refresh_from_db()
    assert order.status == "PENDING_CANCEL"


def test_a_closed_order_is_neither_cancelled_nor_replaced(trader: Actor) -> None:
    order = place(trader, limit_price=Decimal("250.00"))

    with pytest.raises(submit.OrderClosedError):
        submit.cancel(order_id=order.pk, actor=trader, now=utc_now())
    with pytest.raises(submit.OrderClosedError):
        submit.replace(order_id=order.pk, terms=submit.NewTerms(quantity=5), actor=trader, now=utc_now())


def test_a_replace_that_risk_denies_leaves_the_order_as_it_was(trader: Actor) -> None:
    order = place(trader)
    claim_batch("paper", epoch=1, limit=10, now=utc_now())

    with pytest.raises(submit.RiskDeniedError, match="works on unchanged"):
        submit.replace(order_id=order.pk, terms=submit.NewTerms(quantity=5000), actor=trader, now=utc_now())

    order.refresh_from_db()
    assert order.status == "PENDING_NEW"
    assert not OrderRequest.objects.filter(kind="REPLACE").exists()


def test_a_replace_by_the_terms_in_force_is_sent_to_nobody_but_back_to_them_is(trader: Actor) -> None:
    order = place(trader)
    claim_batch("paper", epoch=1, limit=10, now=utc_now())

    with pytest.raises(InvalidInputError, match="Nothing changes"):
        submit.replace(order_id=order.pk, terms=submit.NewTerms(quantity=10), actor=trader, now=utc_now())
    assert not OrderRequest.objects.filter(kind="REPLACE").exists()

    submit.replace(order_id=order.pk, terms=submit.NewTerms(quantity=12), actor=trader, now=utc_now())
    submit.replace(order_id=order.pk, terms=submit.NewTerms(quantity=10), actor=trader, now=utc_now())
    assert [row.terms["quantity"] for row in OrderRequest.objects.filter(kind="REPLACE").order_by("id")] == [12, 10]


def test_a_replace_asks_for_the_new_total_under_a_new_id(trader: Actor) -> None:
    order = place(trader)
    claim_batch("paper", epoch=1, limit=10, now=utc_now())

    submit.replace(
        order_id=order.pk,
        terms=submit.NewTerms(quantity=12, limit_price=Decimal("200.01")),
        actor=trader,
        now=utc_now(),
    )

    (outbound,) = claim_batch("paper", epoch=1, limit=10, now=utc_now()).outbounds
    assert (outbound.quantity, outbound.limit_price) == (12, Decimal("200.01"))
    assert outbound.orig_cl_ord_id == order.cl_ord_id != outbound.cl_ord_id


def test_the_database_itself_refuses_a_staged_order_without_approval(trader: Actor) -> None:
    order = place(trader, limit_price=Decimal("250.00"))

    with (
        pytest.raises(Exception, match="nothing_is_staged_without_approval_and_verdict"),
        connection.cursor() as cursor,
    ):
        cursor.execute("UPDATE \"order\" SET status = 'READY' WHERE id = %s", [order.pk])
