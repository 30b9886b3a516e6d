"""H8 to H11: more than was ordered, busts, corrections, cancels that are refused."""

import pytest

from allcore.audit.models import AuditEntry
from allcore.kernel.orders import OrdStatus, Side
from allcore.kernel.reports import ReportKind
from risk.models import Reservation
from tests.trading.hardcases.floor import CONNECTION, Floor, position
from tests.trading.passage.conftest import draft, refresh
from trading.models import Break, Execution, Inquiry, Order, OrderRequest, Proposal
from trading.services import offset, rebuild, reconcile, submit


def test_h08_an_overfill_is_booked_whole_and_holds_the_name_up(floor: Floor) -> None:
    order = floor.working()

    floor.hear(floor.fill(order, "e1", 8), floor.fill(order, "e2", 4))

    order.refresh_from_db()
    row = Break.objects.get()
    assert (order.status, order.cum_qty, order.overfill_qty, position()) == ("FILLED", 12, 2, 12)
    assert (row.kind, row.code, row.underlying) == ("ORDER", "OVERFILL", "AAPL")


def test_h08_nothing_more_is_opened_in_the_name_until_a_person_has_looked(floor: Floor) -> None:
    order = floor.working()
    floor.hear(floor.fill(order, "e1", 12))

    refused = submit.place(draft=draft(), actor=floor.actor, key="again", trace_id="t", now=floor.now)

    assert refused.status == "DENIED"
    assert "AAPL" in refused.reason


def test_h08_what_is_too_much_is_proposed_back_once_and_nothing_is_sent(floor: Floor) -> None:
    order = floor.working()
    floor.hear(floor.fill(order, "e1", 12))
    refresh()

    made = offset.propose_due(CONNECTION, now=floor.now)
    again = offset.propose_due(CONNECTION, now=floor.later(120))

    proposal = Proposal.objects.get()
    leg = proposal.content["ticket"]["legs"][0]
    assert (made, again, proposal.status, proposal.strategy) == (1, 0, "PENDING", "OFFSET")
    assert (proposal.content["ticket"]["quantity"], leg["side"], leg["position_effect"]) == (2, "SELL", "CLOSE")
    assert Break.objects.get().proposal == proposal
    assert len(floor.session.submitted) == 1


def test_h09_a_bust_takes_the_fill_back_and_ends_the_order(floor: Floor) -> None:
    order = floor.working()
    floor.hear(floor.fill(order, "e1", 4))

    floor.hear(floor.report(order, ReportKind.BUST, ref_exec_id="e1"))

    order.refresh_from_db()
    assert (order.status, order.cum_qty, order.leaves_qty, position()) == ("CANCELED", 0, 0, 0)
    assert Reservation.objects.get(order_id=order.pk).released_at is not None
    assert not list(rebuild.differences(floor.account, now=floor.now))


def test_h09_a_bust_whose_quantity_works_again_leaves_it_open_and_reserved(floor: Floor) -> None:
    order = floor.working()
    before = Reservation.objects.get(order_id=order.pk).cash
    floor.hear(floor.fill(order, "e1", 10))

    floor.hear(floor.report(order, ReportKind.BUST, ref_exec_id="e1", raw={"reinstated": True}))

    order.refresh_from_db()
    kept = Reservation.objects.get(order_id=order.pk)
    assert (order.status, order.leaves_qty, position()) == ("NEW", 10, 0)
    assert (kept.released_at, kept.quantity, kept.cash) == (None, 10, before)


def test_h10_a_correction_replaces_the_execution_and_keeps_both_on_record(floor: Floor) -> None:
    order = floor.working()
    floor.hear(floor.fill(order, "e1", 10))
    corrected = floor.fill(order, "e1c", 6, "199.50")

    for _ in range(2):
        floor.hear(floor.report(order, ReportKind.CORRECT, fills=corrected.fills, combo_qty=6, ref_exec_id="e1"))

    order.refresh_from_db()
    rows = Execution.objects.order_by("id").values_list("exec_id", "status")
    assert (order.status, order.cum_qty, order.leaves_qty, position()) == ("PARTIALLY_FILLED", 6, 4, 6)
    assert list(rows) == [("e1", "CORRECTED"), ("e1c", "LIVE")]
    assert not list(rebuild.differences(floor.account, now=floor.now))


def refuse_a_cancel(floor: Floor, order: Order, why: str = "too late") -> None:
    submit.cancel(order_id=order.pk, actor=floor.actor, now=floor.now)
    floor.send()
    cancel = OrderRequest.objects.filter(order=order, kind="CANCEL").latest("id")
    floor.hear(floor.report(order, ReportKind.CANCEL_REJECT, name=cancel.cl_ord_id, reason=why))
    order.refresh_from_db()


@pytest.mark.parametrize("why", ["too late", "unknown order", "other"])
def test_h11_a_refused_cancel_leaves_the_order_as_it_was_and_its_status_is_asked(floor: Floor, why: str) -> None:
    order = floor.working()
    floor.hear(floor.fill(order, "e1", 2))

    refuse_a_cancel(floor, order, why)

    assert order.status == "PARTIALLY_FILLED"
    assert Inquiry.objects.filter(order=order, answered_at=None).exists()
    assert reconcile.has_questions_due(CONNECTION, now=floor.now)


def test_h11_the_answer_to_the_question_decides(floor: Floor) -> None:
    order = floor.working()
    refuse_a_cancel(floor, order)

    floor.later(1)
    floor.ask(floor.listed(order, OrdStatus.FILLED, floor.fill(order, "e1", 10)))

    order.refresh_from_db()
    assert (order.status, position()) == ("FILLED", 10)
    assert not Inquiry.objects.filter(answered_at=None).exists()


def test_h11_the_third_refusal_is_put_before_a_person(floor: Floor) -> None:
    order = floor.working()

    for _ in range(2):
        refuse_a_cancel(floor, order)
    twice = Break.objects.count()
    refuse_a_cancel(floor, order)

    said = AuditEntry.objects.get(action="order.alert", payload__code="CANCEL_REJECTED_AGAIN")
    assert (twice, Break.objects.get().code) == (0, "CANCEL_REJECTED_AGAIN")
    assert said.payload["severity"] == "CRITICAL"


def test_refused_cancels_leave_the_person_s_desk_once_the_order_has_ended(floor: Floor) -> None:
    order = floor.working()
    for _ in range(3):
        refuse_a_cancel(floor, order)

    floor.ask(floor.listed(order, OrdStatus.NEW))
    while_it_works = Break.objects.get().resolved_at
    floor.ask(floor.listed(order, OrdStatus.FILLED, floor.fill(order, "e1", 10)))

    row = Break.objects.get(code="CANCEL_REJECTED_AGAIN")
    assert (while_it_works, row.resolved_at, row.resolution) == (None, floor.now, "The order has ended.")


def test_a_cancel_in_doubt_of_an_order_that_has_ended_is_done_with(floor: Floor) -> None:
    order = floor.working()
    submit.cancel(order_id=order.pk, actor=floor.actor, now=floor.now)
    floor.send()
    floor.later(10)

    floor.ask(floor.listed(order, OrdStatus.CANCELED))

    order.refresh_from_db()
    assert order.status == "CANCELED"
    assert OrderRequest.objects.get(order=order, kind="CANCEL").state == "ACKED"
    assert not AuditEntry.objects.filter(action="order.alert", payload__code="UNSOLICITED_CANCEL").exists()


def test_a_closing_overfill_is_bought_back(floor: Floor) -> None:
    order = floor.working()
    floor.hear(floor.fill(order, "e1", 10))
    legs = [{"symbol": "AAPL", "side": "SELL", "position_effect": "CLOSE", "ratio": 1}]
    closing = floor.working(5, legs=legs, limit_price="199.98")
    floor.hear(floor.fill(closing, "e2", 12, side=Side.SELL))
    refresh()

    offset.propose_due(CONNECTION, now=floor.now)

    ticket = Proposal.objects.get().content["ticket"]
    assert (position(), ticket["quantity"], ticket["legs"][0]["side"]) == (-2, 7, "BUY")
