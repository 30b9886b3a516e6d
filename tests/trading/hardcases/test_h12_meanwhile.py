"""H12: while a replacement is under way, the broker may work by its terms already: the larger total counts."""

from decimal import Decimal

import pytest

from allcore.kernel.clock import utc_now
from allcore.kernel.errors import UnavailableError
from allcore.kernel.reports import ReportKind
from risk.models import Reservation
from tests.trading.hardcases.floor import Floor
from tests.trading.passage.conftest import STOCK, draft
from trading.domain.tickets import complete
from trading.models import Order, OrderRequest
from trading.selectors import exposures
from trading.services import submit
from trading.services.submit import NewTerms

SELL = [{"symbol": STOCK, "side": "SELL", "position_effect": "CLOSE", "ratio": 1}]


def ask(floor: Floor, order: Order, quantity: int) -> OrderRequest:
    terms = NewTerms(quantity=quantity)
    submit.replace(order_id=order.pk, terms=terms, actor=floor.actor, now=utc_now())
    return OrderRequest.objects.filter(order=order, kind="REPLACE").latest("id")


def held(order: Order) -> tuple[int, Decimal]:
    row = Reservation.objects.get(order_id=order.pk, released_at=None)
    return row.quantity, row.cash


@pytest.mark.parametrize(("more", "status"), [(10, "READY"), (11, "DENIED")])
def test_two_sales_of_which_one_is_being_enlarged_never_sell_more_than_is_held(
    floor: Floor, more: int, status: str
) -> None:
    bought = floor.working(100)
    floor.hear(floor.fill(bought, "e1", 100))
    ask(floor, floor.working(20, legs=SELL), 90)

    other = submit.place(
        draft=draft(legs=SELL, quantity=more), actor=floor.actor, key="other", trace_id="t", now=utc_now()
    )

    assert other.status == status


def test_a_fill_meanwhile_leaves_what_the_larger_total_needs_reserved(floor: Floor) -> None:
    order = floor.working(10)
    asked = ask(floor, order, 20)
    floor.send()

    floor.hear(floor.fill(order, "e1", 1))

    assert held(order) == (19, Decimal("3800.38"))
    floor.hear(floor.report(order, ReportKind.REPLACE_ACK, name=asked.cl_ord_id))
    assert held(order) == (19, Decimal("3800.38"))


def test_what_a_refused_replacement_would_have_taken_is_given_back(floor: Floor) -> None:
    order = floor.working(10)
    asked = ask(floor, order, 20)
    floor.send()

    floor.hear(floor.report(order, ReportKind.REPLACE_REJECT, name=asked.cl_ord_id))

    assert held(order) == (10, Decimal("2000.20"))


def test_the_day_s_notional_counts_what_an_order_is_being_enlarged_to(floor: Floor) -> None:
    ask(floor, floor.working(10), 20)

    asked = exposures.gate_request(floor.account, complete(draft(), {STOCK: 1}), now=utc_now(), is_manual=True)

    assert asked.around.opened_today == Decimal("4000.40")


def test_fewer_units_at_a_higher_stop_keep_what_they_may_pay(floor: Floor) -> None:
    order = floor.working(10, ord_type="STOP", limit_price=None, stop_price=Decimal("205.00"))
    terms = NewTerms(quantity=5, stop_price=Decimal("230.00"))
    submit.replace(order_id=order.pk, terms=terms, actor=floor.actor, now=utc_now())
    asked = OrderRequest.objects.get(order=order, kind="REPLACE")
    needed = Decimal("230.00") * Decimal("1.05")  # a unit, with what a stop may slip

    floor.hear(floor.report(order, ReportKind.REPLACE_ACK, name=asked.cl_ord_id))
    assert held(order)[1] >= 5 * needed
    floor.hear(floor.fill(order, "e1", 3))
    assert held(order)[1] >= 2 * needed


def dearer(floor: Floor, order: Order, price: str) -> OrderRequest:
    terms = NewTerms(limit_price=Decimal(price))
    submit.replace(order_id=order.pk, terms=terms, actor=floor.actor, now=utc_now())
    return OrderRequest.objects.filter(order=order, kind="REPLACE").latest("id")


@pytest.mark.parametrize("filled", [0, 4])
def test_what_a_refused_dearer_price_would_have_taken_is_given_back(floor: Floor, filled: int) -> None:
    order = floor.working(10)
    asked = dearer(floor, order, "201.02")
    floor.send()
    assert held(order) == (10, Decimal("2010.20"))
    if filled:
        floor.hear(floor.fill(order, "e1", filled))

    floor.hear(floor.report(order, ReportKind.REPLACE_REJECT, name=asked.cl_ord_id))

    assert held(order) == (10 - filled, (10 - filled) * Decimal("200.02"))


def test_a_dearer_price_that_never_left_gives_back_what_it_had_set_aside(floor: Floor) -> None:
    order = floor.working(10)
    dearer(floor, order, "201.02")

    submit.cancel(order_id=order.pk, actor=floor.actor, now=utc_now())

    assert held(order) == (10, Decimal("2000.20"))


def test_a_dearer_price_that_the_door_refused_gives_back_what_it_had_set_aside(floor: Floor) -> None:
    order = floor.working(10)
    dearer(floor, order, "201.02")
    floor.session.fails_with = UnavailableError("Not now.")

    floor.send()

    assert held(order) == (10, Decimal("2000.20"))


def test_a_refused_change_gives_nothing_back_while_another_may_yet_be_accepted(floor: Floor) -> None:
    order = floor.working(10)
    first, second = dearer(floor, order, "201.02"), dearer(floor, order, "202.02")
    floor.send()

    floor.hear(floor.report(order, ReportKind.REPLACE_REJECT, name=second.cl_ord_id))
    assert held(order) == (10, Decimal("2020.20"))
    floor.hear(floor.report(order, ReportKind.REPLACE_ACK, name=first.cl_ord_id))

    assert held(order)[1] >= Decimal("2010.20")


def test_an_older_change_refused_after_a_dearer_one_was_accepted_gives_nothing_back(floor: Floor) -> None:
    order = floor.working(10)
    first, second = dearer(floor, order, "201.02"), dearer(floor, order, "202.02")
    floor.send()
    floor.hear(floor.report(order, ReportKind.REPLACE_ACK, name=second.cl_ord_id))

    floor.hear(floor.report(order, ReportKind.REPLACE_REJECT, name=first.cl_ord_id))

    assert held(order) == (10, Decimal("2020.20"))
