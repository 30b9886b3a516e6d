"""Other terms for an order that waits at the desk: checked, approved and audited anew, never against its trigger."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connections

from allcore.accounts.actors import Actor
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import DeskError, ForbiddenError, InvalidInputError
from allcore.kernel.tickets import InvalidTicketError
from risk.models import Reservation
from tests.builders import market
from tests.trading.contingent.conftest import Road
from tests.trading.contingent.test_held import SELL, bought, engage, fresh
from tests.trading.contingent.test_lists import bracket, orders_of, place
from trading.domain.contingent.quantities import ListQuantityError
from trading.domain.contingent.step import Waiting
from trading.domain.contingent.view import View
from trading.domain.contingent.waits import Wait, approved_hash
from trading.domain.orders.terms import NewTerms
from trading.models import Hold, Mandate, Order, OrderRequest
from trading.selectors import waiting
from trading.selectors.tickets import ticket_of
from trading.services import submit
from trading.services.contingent import engine, revising
from trading.services.contingent.rewaiting import SetOffError
from trading.services.mandates import MandateExceededError, NoMandateError


def above(price: str, confirm: int = 1) -> dict[str, Any]:
    return {
        "when": {"what": "PRICE", "symbol": "AMZN", "source": "MID", "is": ">=", "value": price},
        "confirm": confirm,
    }


def revise(order: Order, road: Road, actor: Actor | None = None, **terms: Any) -> Order:
    return revising.replace(order_id=order.pk, terms=NewTerms(**terms), actor=actor or road.actor, now=utc_now())


def held_stop(road: Road, **terms: object) -> Order:
    bought(road)
    stop: dict[str, Any] = {"ord_type": "STOP", "stop_price": Decimal("195.00"), **SELL, **terms}
    return road.place(**stop)


def show(road: Road, *bids: str) -> None:
    for bid in bids:
        road.show(bid, f"{Decimal(bid) + Decimal('0.04')}")
        road.look()


def test_a_conditional_order_takes_another_price_quantity_and_condition_at_once(road: Road) -> None:
    order = road.place(condition=above("195"))

    revise(order, road, limit_price=Decimal("199.50"), quantity=20, condition=above("191"))

    order = fresh(order)
    assert (order.status, order.limit_price, order.order_qty) == ("HELD", Decimal("199.5000"), 20)
    assert order.description == "Buy 20 AAPL at 199.50 limit, day"
    assert Hold.objects.get(order=order).condition == above("191")
    road.show("191.00", "191.04", symbol="AMZN")
    road.show("199.40", "199.44")
    road.look()
    road.settle_down()
    assert (fresh(order).status, road.position()) == ("FILLED", 20)


def test_who_changes_it_approves_the_new_terms_and_the_trail_says_both(road: Road, second_trader: Actor) -> None:
    order = road.place(condition=above("195"))
    first = order.approval_id

    revise(order, road, second_trader, limit_price=Decimal("199.50"))

    order = fresh(order)
    approval = order.approval
    assert approval is not None
    assert (order.approval_id == first, approval.user_id, approval.kind) == (False, second_trader.user.pk, "TICKET")
    assert approval.content_hash == approved_hash(
        replace(ticket_of(order), limit_price=Decimal("199.50")), Wait(is_held=True, condition=above("195"))
    )
    entry = AuditEntry.objects.get(action="order.revised")
    assert (entry.payload["limit_price"], entry.payload["was_limit_price"]) == ("199.50", "200.0200")
    assert [event.event for event in order.events.order_by("seq")] == ["submit", "risk_pass", "revise"]


def test_what_is_reserved_is_what_the_new_terms_may_use(road: Road) -> None:
    order = road.place(condition=above("195"))
    before = Reservation.objects.get(order_id=order.pk).cash

    revise(order, road, quantity=5)
    assert Reservation.objects.get(order_id=order.pk).cash == before / 2
    revise(order, road, quantity=20)

    row = Reservation.objects.get(order_id=order.pk)
    assert (row.cash, row.quantity, row.released_at) == (before * 2, 20, None)


def test_the_gate_refuses_and_the_order_waits_on_with_the_old_terms(road: Road) -> None:
    order = road.place(condition=above("195"))
    reserved = Reservation.objects.get(order_id=order.pk).cash

    with pytest.raises(submit.RiskDeniedError, match="The order waits on unchanged"):
        revise(order, road, quantity=5000)

    assert (fresh(order).status, fresh(order).order_qty) == ("HELD", 10)
    assert Reservation.objects.get(order_id=order.pk).cash == reserved
    assert not AuditEntry.objects.filter(action="order.revised").exists()


def test_under_the_kill_switch_nothing_is_changed(road: Road) -> None:
    order = road.place(condition=above("195"))
    engage(road)

    with pytest.raises(submit.RiskDeniedError, match=r"(?i)kill switch"):
        revise(order, road, limit_price=Decimal("199.50"))


@pytest.mark.usefixtures("plain_broker")
def test_a_new_stop_counts_anew_and_is_the_one_that_sets_it_off(road: Road) -> None:
    order = held_stop(road)
    show(road, "194.98")  # the first of two

    revise(order, road, stop_price=Decimal("190.00"))
    show(road, "194.97", "194.96")
    assert fresh(order).status == "HELD"
    show(road, "189.98", "189.97")
    road.settle_down()

    assert (fresh(order).status, road.position()) == ("FILLED", 0)


@pytest.mark.usefixtures("plain_broker")
def test_a_trailing_stop_keeps_its_best_price_at_its_new_distance(road: Road) -> None:
    order = held_stop(road, ord_type="TRAILING_STOP", stop_price=None, trail_amount=Decimal("2.00"))
    show(road, "203.00")

    revise(order, road, trail_percent=Decimal(5))
    show(road, "202.90")

    hold, order = Hold.objects.get(order=order), fresh(order)
    assert (order.trail_amount, order.trail_percent) == (None, Decimal("5.0000"))
    assert (hold.mark, hold.level) == (Decimal("203.0000"), Decimal("192.8500"))
    assert "turns by 5 %" in order.description


def test_a_condition_that_is_taken_away_lets_the_order_go(road: Road) -> None:
    order = road.place(condition=above("195"))

    revise(order, road, condition=None)
    road.show("199.98", "200.02")
    road.look()
    road.settle_down()

    assert fresh(order).status == "FILLED"


@pytest.mark.parametrize(
    ("terms", "error", "says"),
    [
        ({}, InvalidInputError, "Nothing changes"),
        ({"limit_price": Decimal("200.02")}, InvalidInputError, "Nothing changes"),
        ({"stop_price": Decimal(190)}, InvalidTicketError, "takes no stop price"),
        ({"condition": {"when": {"what": "MOON"}}}, InvalidInputError, "one of PRICE"),
        ({"condition": {**above("1"), "expire_at": market.START.isoformat()}}, InvalidInputError, "expired"),
    ],
)
def test_what_cannot_be_meant_changes_nothing(
    road: Road, terms: dict[str, Any], error: type[DeskError], says: str
) -> None:
    order = road.place(condition=above("195"))

    with pytest.raises(error, match=says):
        revise(order, road, **terms)

    assert fresh(order).events.count() == 2


def test_another_quantity_does_not_lengthen_a_good_till_cancelled_order(road: Road) -> None:
    order = road.place(condition=above("195"), time_in_force="GTC")
    ends = Hold.objects.get(order=order).ends_at
    market.write_clock(market.START + timedelta(hours=1))
    road.show("199.98", "200.02")

    revise(order, road, quantity=5)

    assert Hold.objects.get(order=order).ends_at == ends


def test_who_may_not_send_may_not_change(road: Road, approver: Actor) -> None:
    order = road.place(condition=above("195"))

    with pytest.raises(ForbiddenError):
        revise(order, road, approver, quantity=5)


def test_a_script_changes_it_only_within_a_signed_mandate(road: Road) -> None:
    order = road.place(condition=above("195"))
    script = replace(road.actor, via="token", token_name="bot")

    with pytest.raises(NoMandateError):
        revise(order, road, script, quantity=5)
    now = utc_now()
    Mandate.objects.create(
        account=order.account, grantee=script.user, signed_by=script.user, max_order_cash=Decimal(1500),
        reason="a test of mandates", signed_at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip
    with pytest.raises(MandateExceededError):
        revise(order, road, script, quantity=12)
    revise(order, road, script, quantity=5)

    approval = fresh(order).approval
    assert approval is not None
    assert (approval.kind, fresh(order).order_qty) == ("MANDATE", 5)


def test_the_stop_of_a_bracket_is_moved_and_its_quantity_is_the_list_s(road: Road) -> None:
    made = place(road, "BRACKET", bracket())
    stop = orders_of(made)[2]

    revise(stop, road, stop_price=Decimal("190.00"))
    with pytest.raises(ListQuantityError):
        revise(stop, road, quantity=5)
    road.settle_down()
    show(road, "194.98", "194.97")
    assert [order.status for order in orders_of(made)] == ["FILLED", "NEW", "HELD"]
    show(road, "189.98", "189.97")
    road.settle_down()

    assert [order.status for order in orders_of(made)] == ["FILLED", "CANCELED", "FILLED"]
    assert road.position() == 0


def test_an_order_that_was_set_off_first_goes_as_it_was_approved(road: Road) -> None:
    made = place(road, "BRACKET", bracket())
    road.settle_down()
    show(road, "194.98", "194.97")  # set off: it waits for the target's cancellation
    stop = orders_of(made)[2]

    with pytest.raises(SetOffError, match="It goes as it was approved"):
        revise(stop, road, stop_price=Decimal("150.00"))
    road.settle_down()

    assert (fresh(stop).status, fresh(stop).stop_price) == ("FILLED", Decimal("195.0000"))


@pytest.mark.usefixtures("plain_broker")
def test_a_stop_that_has_left_is_not_moved(road: Road) -> None:
    order = held_stop(road)
    show(road, "194.98", "194.97")

    with pytest.raises(SetOffError, match="does not wait at the desk"):
        revise(order, road, stop_price=Decimal("150.00"))
    road.settle_down()
    with pytest.raises(submit.OrderClosedError):
        revise(order, road, stop_price=Decimal("150.00"))


@pytest.mark.usefixtures("plain_broker")
def test_an_engine_that_looked_at_the_old_terms_sets_nothing_off(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    order = held_stop(road)
    show(road, "194.98")
    road.show("194.97", "195.01")
    look = waiting.view_of

    def view_then_change(asked: Iterable[Waiting], **moment: Any) -> View:
        revise(order, road, stop_price=Decimal("190.00"))  # after the engine has read the holds, before it writes
        return look(asked, **moment)

    monkeypatch.setattr(waiting, "view_of", view_then_change)
    road.look()

    hold = Hold.objects.get(order=order)
    assert (fresh(order).status, hold.state, hold.memory["watch"]["count"]) == ("HELD", "ARMED", 0)
    assert not OrderRequest.objects.filter(order=order).exists()


@pytest.mark.parametrize("attempt", range(6))
@pytest.mark.usefixtures("plain_broker")
def test_a_change_and_the_trigger_at_once_leave_one_of_the_two(road: Road, attempt: int) -> None:
    order = held_stop(road)
    show(road, "194.98")
    road.show("194.97", "195.01")
    barrier, faults, refused = Barrier(2), [], []

    def trigger() -> None:
        engine.look(utc_now())

    def change() -> None:
        try:
            revise(order, road, stop_price=Decimal("190.00"))
        except (SetOffError, submit.OrderClosedError) as e:
            refused.append(e)

    def run(act: Any) -> None:
        try:
            barrier.wait()
            act()
        except Exception as e:  # noqa: BLE001 told by the assertion below
            faults.append(e)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(act,)) for act in (trigger, change)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    order = fresh(order)
    assert faults == []
    left = OrderRequest.objects.filter(order=order).count()
    assert (left, order.status, order.stop_price) == (
        (1, "READY", Decimal("195.0000")) if refused else (0, "HELD", Decimal("190.0000"))
    )
