"""What waited leaves by a right that still holds, while the exchange is open; and is taken back without haste."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.reports import ReportKind
from brokers.models import Account
from risk.models import AccountGrant, Reservation
from tests.builders import market
from tests.trading.contingent.conftest import Road
from tests.trading.contingent.test_lists import bracket, place
from tests.trading.hardcases.floor import Floor
from tests.trading.passage.conftest import draft
from trading.domain.contingent.lists import LinkedOrders
from trading.models import Hold, Mandate, Order, OrderList, OrderRequest
from trading.services import submit
from trading.services.contingent import engine, lists

NEVER = {"when": {"what": "PRICE", "symbol": "AMZN", "source": "MID", "is": ">=", "value": "195"}}
LEG = {"symbol": "AAPL", "side": "SELL", "position_effect": "CLOSE", "ratio": 1}
STOP: dict[str, Any] = {"ord_type": "STOP", "legs": [LEG], "limit_price": None, "stop_price": Decimal("195.00")}
NEXT_MORNING = datetime(2026, 6, 11, 12, 0, tzinfo=UTC)  # 08:00 in New York
NEXT_OPEN = datetime(2026, 6, 11, 13, 30, tzinfo=UTC)


def fresh(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def bought(road: Road) -> None:
    road.place("entry")
    road.settle_down()
    assert road.position() == 10


def come_true(road: Road) -> None:
    """Let what was waited for come."""
    road.show("195.00", "195.04", symbol="AMZN")
    road.show("199.98", "200.02")
    road.look()


def signed(road: Road, ceiling: int = 5000) -> Mandate:
    now = utc_now()
    return Mandate.objects.create(
        account=Account.objects.get(code="GEN-1"), grantee=road.actor.user, signed_by=road.actor.user,
        max_order_cash=ceiling, reason="a test of mandates", signed_at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip


def by_script(road: Road, **changes: object) -> Order:
    script = replace(road.actor, via="token", token_name="bot")
    return submit.place(draft=draft(**changes), actor=script, key="s", trace_id="t", now=utc_now())


def test_what_waits_by_a_mandate_that_holds_leaves(road: Road) -> None:
    signed(road)
    order = by_script(road, condition=NEVER)

    come_true(road)

    assert fresh(order).status == "READY"


@pytest.mark.parametrize("ended", ["expires_at", "revoked_at"])
def test_what_opens_never_leaves_by_a_mandate_that_has_ended(road: Road, ended: str) -> None:
    mandate = signed(road)
    order = by_script(road, condition=NEVER)
    now = utc_now()
    Mandate.objects.filter(pk=mandate.pk).update(signed_at=now - timedelta(days=2), **{ended: now})

    come_true(road)

    order = fresh(order)
    assert (order.status, OrderRequest.objects.filter(order=order).count()) == ("DENIED", 0)
    assert "mandate" in order.reason
    assert Reservation.objects.get(order_id=order.pk).released_at is not None
    assert AuditEntry.objects.filter(action="order.alert", payload__code="HELD_ORDER_DENIED").count() == 1


@pytest.mark.parametrize(("ceiling", "status"), [("2000.20", "READY"), ("2000.19", "DENIED")])
def test_what_was_signed_anew_lets_it_leave_up_to_its_own_ceiling(road: Road, ceiling: str, status: str) -> None:
    mandate = signed(road)
    order = by_script(road, condition=NEVER)
    Mandate.objects.filter(pk=mandate.pk).update(revoked_at=utc_now())
    signed(road)
    Mandate.objects.filter(revoked_at=None).update(max_order_cash=Decimal(ceiling))

    come_true(road)

    assert fresh(order).status == status


@pytest.mark.usefixtures("plain_broker")
def test_a_stop_that_closes_leaves_though_its_mandate_has_expired_meanwhile(road: Road) -> None:
    bought(road)
    mandate = signed(road)
    order = by_script(road, **STOP)
    now = utc_now()
    Mandate.objects.filter(pk=mandate.pk).update(signed_at=now - timedelta(days=2), expires_at=now)

    for bid, ask in (("194.98", "195.02"), ("194.97", "195.01")):
        road.show(bid, ask)
        road.look()
    road.settle_down()

    assert (fresh(order).status, road.position()) == ("FILLED", 0)


@pytest.mark.parametrize("lost", ["the right", "the way in"])
def test_what_opens_does_not_leave_for_somebody_who_may_not_send_any_more(road: Road, lost: str) -> None:
    order = road.place(condition=NEVER)
    if lost == "the right":
        AccountGrant.objects.filter(user=road.actor.user).delete()
    else:
        User.objects.filter(pk=road.actor.user.pk).update(is_active=False)

    come_true(road)

    order = fresh(order)
    assert (order.status, OrderRequest.objects.filter(order=order).count()) == ("DENIED", 0)
    assert "may not send orders" in order.reason


@pytest.mark.usefixtures("plain_broker")
def test_a_stop_that_closes_leaves_though_who_placed_it_is_gone(road: Road) -> None:
    bought(road)
    order = road.place("stop", **STOP)
    User.objects.filter(pk=road.actor.user.pk).update(is_active=False)

    for bid, ask in (("194.98", "195.02"), ("194.97", "195.01")):
        road.show(bid, ask)
        road.look()
    road.settle_down()

    assert (fresh(order).status, road.position()) == ("FILLED", 0)


def show_at(road: Road, exchange_now: datetime, bid: str, ask: str) -> None:
    """Show a quote of that moment twice, as a stop asks for, and let the engine look each time."""
    market.write_clock(exchange_now)
    for second in (1, 2):
        quote = market.quote("AAPL", bid, ask, size=500, source_at=exchange_now + timedelta(seconds=second))
        market.write_quotes([quote])
        road.quotes["AAPL"] = quote
        road.look()


@pytest.mark.usefixtures("plain_broker")
def test_a_stop_that_is_good_till_cancelled_is_not_lost_to_a_price_before_the_open(road: Road) -> None:
    bought(road)
    order = road.place("stop", time_in_force="GTC", **STOP)

    show_at(road, NEXT_MORNING, "190.00", "190.04")
    before = fresh(order).status, Hold.objects.get(order=order).state
    show_at(road, NEXT_OPEN + timedelta(minutes=1), "189.00", "189.04")

    assert before == ("HELD", "ARMED")
    assert fresh(order).status == "READY"


@pytest.mark.usefixtures("plain_broker")
def test_what_was_set_off_as_the_exchange_closed_leaves_when_it_opens(road: Road) -> None:
    bought(road)
    order = road.place("stop", time_in_force="GTC", **STOP)
    Hold.objects.filter(order=order).update(state="FIRED", fired_at=utc_now(), why="It was set off.")

    show_at(road, NEXT_MORNING, "199.98", "200.02")
    before = fresh(order).status
    show_at(road, NEXT_OPEN + timedelta(minutes=1), "199.98", "200.02")

    assert (before, fresh(order).status) == ("HELD", "READY")


@pytest.mark.usefixtures("plain_broker")
def test_a_cancel_that_the_broker_refuses_is_asked_for_again_without_haste(road: Road) -> None:
    ends = market.START + timedelta(minutes=30)
    order = road.place(time_in_force="GTD", expire_at=ends, limit_price=Decimal("190.00"))
    road.look()
    road.settle_down()
    market.write_clock(ends)
    floor = Floor(road.actor)
    for _ in range(3):  # the engine looks several times a second
        engine.look(floor.now)
        OrderRequest.objects.filter(order=order, kind="CANCEL", state="TO_SEND").update(
            state="SENT", sent_at=floor.now, lease_epoch=1
        )
        for one in OrderRequest.objects.filter(order=order, kind="CANCEL", state="SENT"):
            floor.hear(floor.report(fresh(order), ReportKind.CANCEL_REJECT, name=one.cl_ord_id, reason="not now"))

    asked = OrderRequest.objects.filter(order=order, kind="CANCEL")
    assert asked.count() == 1
    engine.look(floor.later(30))
    assert asked.count() == 2


@pytest.mark.usefixtures("plain_broker")
def test_what_is_over_is_taken_back_whatever_else_of_it_is_unanswered(road: Road, trader: Actor) -> None:
    ends = market.START + timedelta(minutes=30)
    order = road.place(time_in_force="GTD", expire_at=ends, limit_price=Decimal("190.00"))
    road.look()
    road.settle_down()
    now = utc_now()
    for kind, state in (("CANCEL", "REJECTED"), ("REPLACE", "IN_DOUBT")):
        OrderRequest.objects.create(
            order=order, account=order.account, connection=order.connection, kind=kind, cl_ord_id=f"old-{kind}",
            state=state, created_at=now, sent_at=now, answered_at=now - timedelta(hours=1),
        )  # fmt: skip
    market.write_clock(ends)

    road.look()

    assert OrderRequest.objects.filter(order=order, kind="CANCEL", state="TO_SEND").count() == 1


@pytest.mark.usefixtures("plain_broker")
@pytest.mark.parametrize("broken", [{"when": {"what": "GONE"}}, {"when": 5}, {}])
def test_an_order_that_cannot_be_read_holds_no_stop_up_and_somebody_is_told_once(
    road: Road, broken: dict[str, Any]
) -> None:
    bought(road)
    poison = road.place("poison", quantity=9, condition=NEVER)
    order = road.place("stop", **STOP)
    Hold.objects.filter(order=poison).update(condition=broken)

    for bid, ask in (("194.98", "195.02"), ("194.97", "195.01")):
        road.show(bid, ask)
        road.look()

    assert (fresh(poison).status, fresh(order).status) == ("HELD", "READY")
    assert AuditEntry.objects.filter(action="order.alert", payload__code="NOT_LOOKED_AFTER").count() == 1


@pytest.mark.usefixtures("plain_broker")
def test_a_list_that_breaks_holds_no_other_list_up(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (place(road, "BRACKET", bracket(qty), key=str(qty)) for qty in (10, 9))
    looked_after: list[object] = []

    def linked(found: OrderList, orders: dict[int, Order]) -> LinkedOrders:
        if found.pk == first.pk:
            raise KeyError(found.pk)
        looked_after.append(found.pk)
        return real(found, orders)

    real = lists.linked
    monkeypatch.setattr(lists, "linked", linked)

    for _ in range(2):
        lists.sweep(now=utc_now())

    assert looked_after == [second.pk, second.pk]
    assert AuditEntry.objects.filter(action="order.alert", payload__code="NOT_LOOKED_AFTER").count() == 1
