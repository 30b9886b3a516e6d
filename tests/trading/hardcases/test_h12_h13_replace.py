"""H12 and H13: new terms with the total's meaning, and brokers that must cancel before they take a new order."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from allcore.accounts.actors import Actor
from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import ReportKind
from brokers import registry
from brokers.ports import ReplaceKind
from tests.trading.hardcases.floor import Floor, position
from trading.models import Order, OrderRequest
from trading.services import gap, submit
from trading.services.submit import NewTerms, NotReplaceableError


def change(floor: Floor, order: Order, quantity: int, price: str = "200.01") -> OrderRequest:
    terms = NewTerms(quantity=quantity, limit_price=Decimal(price))
    submit.replace(order_id=order.pk, terms=terms, actor=floor.actor, now=floor.now)
    floor.send()
    order.refresh_from_db()
    return OrderRequest.objects.filter(order=order, kind="REPLACE").latest("id")


def test_h12_new_terms_go_out_whole_and_hold_once_accepted(floor: Floor) -> None:
    order = floor.working()
    asked = change(floor, order, 6)
    before = (order.status, order.order_qty)

    floor.hear(floor.report(order, ReportKind.REPLACE_ACK, name=asked.cl_ord_id))

    order.refresh_from_db()
    sent = floor.session.replaced[0]
    assert before == ("PENDING_REPLACE", 10)
    assert (sent.quantity, sent.orig_cl_ord_id) == (6, order.cl_ord_id)
    assert sent.ticket is not None
    assert (sent.ticket.quantity, sent.ticket.limit_price) == (6, Decimal("200.0100"))
    assert (order.status, order.order_qty, order.limit_price) == ("NEW", 6, Decimal("200.01"))
    assert order.state["chain"] == [order.cl_ord_id, asked.cl_ord_id]


def test_h12_the_quantity_is_the_total_so_what_is_filled_counts(floor: Floor) -> None:
    order = floor.working()
    asked = change(floor, order, 6)

    floor.hear(floor.fill(order, "e1", 4), floor.report(order, ReportKind.REPLACE_ACK, name=asked.cl_ord_id))

    order.refresh_from_db()
    assert (order.order_qty, order.cum_qty, order.leaves_qty) == (6, 4, 2)


def test_h12_a_total_below_what_is_filled_fills_the_order(floor: Floor) -> None:
    order = floor.working()
    asked = change(floor, order, 3)

    floor.hear(floor.fill(order, "e1", 4), floor.report(order, ReportKind.REPLACE_ACK, name=asked.cl_ord_id))

    order.refresh_from_db()
    assert (order.status, order.order_qty, order.leaves_qty) == ("FILLED", 4, 0)


def test_h12_a_refused_replacement_never_enters_the_chain(floor: Floor) -> None:
    order = floor.working()
    refused = change(floor, order, 6)
    floor.hear(floor.report(order, ReportKind.REPLACE_REJECT, name=refused.cl_ord_id, reason="No."))
    taken = change(floor, order, 7)
    floor.hear(floor.report(order, ReportKind.REPLACE_ACK, name=taken.cl_ord_id))

    order.refresh_from_db()
    assert floor.session.replaced[1].orig_cl_ord_id == order.cl_ord_id
    assert order.state["chain"] == [order.cl_ord_id, taken.cl_ord_id]


def test_h12_a_fill_under_the_new_name_implies_that_it_was_accepted(floor: Floor) -> None:
    order = floor.working()
    asked = change(floor, order, 6)

    floor.hear(floor.fill(order, "e1", 2, name=asked.cl_ord_id))

    order.refresh_from_db()
    assert (order.order_qty, order.cum_qty, OrderRequest.objects.get(pk=asked.pk).state) == (6, 2, "ACKED")


@pytest.mark.parametrize("late", [ReportKind.REPLACE_ACK, ReportKind.FILL])
def test_h12_word_of_an_older_replacement_after_the_newer_one_changes_no_terms(floor: Floor, late: ReportKind) -> None:
    order = floor.working()
    older, newer = change(floor, order, 6), change(floor, order, 8, "200.02")
    accepted = floor.report(order, ReportKind.REPLACE_ACK, name=newer.cl_ord_id)
    floor.hear(replace(accepted, broker_order_id="B3"))
    is_fill = late is ReportKind.FILL
    said = floor.fill(order, "e1", 2, name=older.cl_ord_id) if is_fill else floor.report(order, late)

    floor.hear(replace(said, cl_ord_id=older.cl_ord_id, broker_order_id="B2"))

    order.refresh_from_db()
    assert (order.order_qty, order.limit_price, order.broker_order_id) == (8, Decimal("200.02"), "B3")
    assert order.cum_qty == (2 if is_fill else 0)
    assert OrderRequest.objects.get(pk=older.pk).state == "ACKED"
    assert order.state["chain"] == [order.cl_ord_id, older.cl_ord_id, newer.cl_ord_id]


@pytest.fixture
def paper_with(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the paper connection's broker change orders as `request.param` says."""
    usual = registry.BROKERS["paper"]
    registry.BROKERS["paper"] = replace(usual, capabilities=replace(usual.capabilities, replace=request.param))
    yield
    registry.BROKERS["paper"] = usual


cancels_first = pytest.mark.parametrize("paper_with", [ReplaceKind.CANCEL_NEW], indirect=True)


@pytest.fixture
def gap_floor(paper_with: None, trader: Actor) -> Floor:
    return Floor(trader)


def guard_of(request: OrderRequest) -> OrderRequest:
    assert request.guard is not None
    return request.guard


@cancels_first
def test_h13_only_the_cancel_goes_out_first(gap_floor: Floor) -> None:
    order = gap_floor.working()

    asked = change(gap_floor, order, 12)

    assert (asked.state, guard_of(asked).state) == ("WAITING", "SENT")
    assert gap_floor.session.canceled == [(guard_of(asked).cl_ord_id, order.cl_ord_id)]
    assert (len(gap_floor.session.submitted), gap_floor.session.replaced) == (1, [])


@cancels_first
def test_h13_the_new_order_waits_for_the_final_quantity_and_is_for_what_is_left(gap_floor: Floor) -> None:
    order = gap_floor.working()
    asked = change(gap_floor, order, 12)
    late = gap_floor.fill(order, "e1", 3)
    gap_floor.hear(gap_floor.report(order, ReportKind.CANCEL_ACK, name=guard_of(asked).cl_ord_id))
    gap_floor.send()
    sent_too_early = len(gap_floor.session.submitted)

    gap_floor.later(1)
    gap_floor.ask(gap_floor.listed(order, OrdStatus.CANCELED, late))
    gap_floor.send()

    name, _, ticket = gap_floor.session.submitted[-1]
    order.refresh_from_db()
    assert sent_too_early == 1
    assert (name, ticket.quantity, ticket.limit_price) == (asked.cl_ord_id, 9, Decimal("200.0100"))
    assert (order.status, order.cum_qty, position()) == ("PENDING_REPLACE", 3, 3)


@cancels_first
def test_h13_executions_that_are_owed_hold_the_new_order_back(gap_floor: Floor) -> None:
    order = gap_floor.working()
    asked = change(gap_floor, order, 12)
    gap_floor.hear(gap_floor.report(order, ReportKind.CANCEL_ACK, name=guard_of(asked).cl_ord_id))

    gap_floor.later(1)
    gap_floor.ask(gap_floor.listed(order, OrdStatus.CANCELED, cum=3))
    gap_floor.send()

    assert len(gap_floor.session.submitted) == 1


def released(floor: Floor) -> tuple[Order, OrderRequest]:
    order = floor.working()
    asked = change(floor, order, 12)
    floor.hear(floor.fill(order, "e1", 3), floor.report(order, ReportKind.CANCEL_ACK, name=guard_of(asked).cl_ord_id))
    floor.later(1)
    floor.ask(floor.listed(order, OrdStatus.CANCELED, floor.fill(order, "e1", 3)))
    floor.send()
    return order, asked


@cancels_first
def test_h13_the_desk_s_order_goes_on_under_the_new_name_for_the_whole(gap_floor: Floor) -> None:
    order, asked = released(gap_floor)

    gap_floor.hear(gap_floor.report(order, ReportKind.ACK, name=asked.cl_ord_id))
    gap_floor.hear(gap_floor.fill(order, "e2", 9, name=asked.cl_ord_id))

    order.refresh_from_db()
    assert (order.status, order.order_qty, order.cum_qty, position()) == ("FILLED", 12, 12, 12)
    assert order.state["chain"] == [order.cl_ord_id, asked.cl_ord_id]


@cancels_first
def test_h13_the_old_part_in_the_broker_s_list_ends_nothing(gap_floor: Floor) -> None:
    order, asked = released(gap_floor)
    gap_floor.hear(gap_floor.report(order, ReportKind.ACK, name=asked.cl_ord_id))
    gap_floor.later(1)

    gap_floor.ask(
        gap_floor.listed(order, OrdStatus.CANCELED, gap_floor.fill(order, "e1", 3)),
        gap_floor.listed(order, OrdStatus.NEW, name=asked.cl_ord_id),
    )

    order.refresh_from_db()
    assert (order.status, order.leaves_qty) == ("PARTIALLY_FILLED", 9)


@cancels_first
def test_h13_filled_in_between_nothing_is_sent(gap_floor: Floor) -> None:
    order = gap_floor.working()
    asked = change(gap_floor, order, 5)
    gap_floor.hear(gap_floor.fill(order, "e1", 6))
    gap_floor.hear(gap_floor.report(order, ReportKind.CANCEL_ACK, name=guard_of(asked).cl_ord_id))

    gap_floor.later(1)
    gap_floor.ask(gap_floor.listed(order, OrdStatus.CANCELED, gap_floor.fill(order, "e1", 6)))
    gap_floor.send()

    order.refresh_from_db()
    asked.refresh_from_db()
    assert (order.status, order.order_qty, order.cum_qty, asked.state) == ("FILLED", 6, 6, "VOIDED")
    assert len(gap_floor.session.submitted) == 1


@cancels_first
def test_h13_a_refused_cancel_leaves_the_old_terms_working(gap_floor: Floor) -> None:
    order = gap_floor.working()
    asked = change(gap_floor, order, 12)

    gap_floor.hear(gap_floor.report(order, ReportKind.CANCEL_REJECT, name=guard_of(asked).cl_ord_id, reason="too late"))

    order.refresh_from_db()
    asked.refresh_from_db()
    assert (order.status, order.order_qty, asked.state) == ("NEW", 10, "VOIDED")


@cancels_first
def test_h13_a_refused_new_order_ends_it_and_somebody_is_told(gap_floor: Floor) -> None:
    order, asked = released(gap_floor)

    gap_floor.hear(gap_floor.report(order, ReportKind.REJECT, name=asked.cl_ord_id, reason="No."))

    order.refresh_from_db()
    assert (order.status, order.cum_qty, order.leaves_qty) == ("CANCELED", 3, 0)


@cancels_first
def test_h13_a_cancel_always_passes_and_gives_the_replacement_up(gap_floor: Floor) -> None:
    order = gap_floor.working()
    asked = change(gap_floor, order, 12)

    submit.cancel(order_id=order.pk, actor=gap_floor.actor, now=gap_floor.now)
    gap_floor.hear(gap_floor.report(order, ReportKind.CANCEL_ACK, name=guard_of(asked).cl_ord_id))

    order.refresh_from_db()
    asked.refresh_from_db()
    assert (order.status, asked.state, len(gap_floor.session.canceled)) == ("CANCELED", "VOIDED", 1)


@cancels_first
def test_h13_a_second_change_waits_for_the_first(gap_floor: Floor) -> None:
    order = gap_floor.working()
    change(gap_floor, order, 12)

    with pytest.raises(gap.ReplacementUnderWayError):
        change(gap_floor, order, 13)


@pytest.mark.parametrize("paper_with", [ReplaceKind.NONE], indirect=True)
def test_a_broker_that_changes_nothing_is_not_asked_to(gap_floor: Floor) -> None:
    order = gap_floor.working()

    with pytest.raises(NotReplaceableError, match="not changed"):
        change(gap_floor, order, 12)
