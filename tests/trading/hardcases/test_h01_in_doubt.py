"""H1: a submission without an answer is in doubt: reserved, asked about by the protocol, never sent again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from allcore.accounts.actors import Actor
from allcore.audit.models import AuditEntry
from allcore.kernel.errors import UnavailableError, UnknownOutcomeError
from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import ReportKind
from brokers.ports import Idempotency
from risk.models import Reservation
from tests.trading.hardcases.floor import CAPABILITIES, CONNECTION, Floor, ScriptedSession, position
from trading.models import Break, Order, OrderRequest
from trading.services import reconcile, submit


def doubtful(floor: Floor) -> Order:
    floor.session.fails_with = UnknownOutcomeError("The line broke.")
    order = floor.place()
    floor.session.fails_with = None
    return order


def ask_for_a_minute(floor: Floor) -> None:
    """Ask at 1, 2, 5, 10, 30 s and after a minute more."""
    for seconds in (1, 1, 3, 5, 20, 60):
        floor.later(seconds)
        floor.ask()


def reserved(order: Order) -> bool:
    return Reservation.objects.filter(order_id=order.pk, released_at=None).exists()


def test_a_submission_that_timed_out_is_in_doubt_stays_reserved_and_is_not_sent_again(floor: Floor) -> None:
    order = doubtful(floor)

    floor.send()

    assert (order.status, reserved(order)) == ("IN_DOUBT", True)
    assert len(floor.session.submitted) == 1
    assert AuditEntry.objects.filter(action="order.alert", payload__code="SUBMIT_IN_DOUBT").count() == 1


def test_a_submission_that_never_left_is_refused_and_gives_the_money_back(floor: Floor) -> None:
    floor.session.fails_with = UnavailableError("The broker cannot be reached; nothing was sent.")

    order = floor.place()

    order.refresh_from_db()
    assert (order.status, reserved(order)) == ("REJECTED", False)
    assert order.reason == "The broker cannot be reached; nothing was sent."


def test_a_crash_between_claim_and_answer_is_in_doubt_after_five_seconds(floor: Floor) -> None:
    order = floor.place()

    early = reconcile.has_questions_due(CONNECTION, now=floor.start + timedelta(seconds=4))
    reconcile.has_questions_due(CONNECTION, now=floor.start + timedelta(seconds=8))

    order.refresh_from_db()
    assert (early, order.status) == (False, "IN_DOUBT")


def test_it_is_asked_about_at_the_protocol_s_times_and_no_more_often(floor: Floor) -> None:
    doubtful(floor)
    sent_at = OrderRequest.objects.get(state="IN_DOUBT").sent_at
    assert sent_at is not None

    due = []
    for second in range(1, 101):
        floor.now = sent_at + timedelta(seconds=second)
        if reconcile.has_questions_due(CONNECTION, now=floor.now):
            due.append(second)
            floor.ask()
            OrderRequest.objects.filter(first_query_at__isnull=False).update(first_query_at=floor.now)

    assert due == [1, 2, 5, 10, 30, 90]


def test_not_found_three_times_over_a_minute_ends_it_and_gives_the_money_back(floor: Floor) -> None:
    order = doubtful(floor)

    ask_for_a_minute(floor)

    order.refresh_from_db()
    assert (order.status, reserved(order)) == ("REJECTED", False)
    assert OrderRequest.objects.get(order=order).reason == "The broker never had it."
    assert AuditEntry.objects.filter(action="order.alert", payload__code="RESOLVED_NOT_FOUND").exists()


def test_two_answers_or_a_shorter_silence_end_nothing(floor: Floor) -> None:
    order = doubtful(floor)
    for seconds in (1, 59):
        floor.later(seconds)
        floor.ask()
    for _ in range(2):
        floor.later(0.2)
        floor.ask()

    order.refresh_from_db()
    assert order.status == "IN_DOUBT"


def test_an_answer_over_a_bad_line_counts_for_nothing(floor: Floor) -> None:
    order = doubtful(floor)
    floor.session.is_well = False

    ask_for_a_minute(floor)

    order.refresh_from_db()
    assert (order.status, OrderRequest.objects.get(order=order).queries) == ("IN_DOUBT", 0)


def test_a_broker_that_does_not_keep_our_ids_leaves_it_to_a_person(trader: Actor) -> None:
    session = ScriptedSession(capabilities=replace(CAPABILITIES, idempotency=Idempotency.LOOKUP_ONLY))
    floor = Floor(trader, session)
    order = doubtful(floor)

    ask_for_a_minute(floor)

    order.refresh_from_db()
    row = Break.objects.get(kind="ORDER")
    assert (order.status, reserved(order)) == ("IN_DOUBT", True)
    assert (row.code, row.underlying, row.order) == ("IN_DOUBT_UNRESOLVED", "AAPL", order)


@pytest.mark.parametrize("told_by", ["report", "list"])
def test_a_doubt_that_a_person_was_asked_about_leaves_their_desk_once_the_broker_speaks(
    trader: Actor, told_by: str
) -> None:
    floor = Floor(trader, ScriptedSession(capabilities=replace(CAPABILITIES, idempotency=Idempotency.LOOKUP_ONLY)))
    order = doubtful(floor)
    ask_for_a_minute(floor)

    if told_by == "report":
        floor.hear(floor.report(order, ReportKind.ACK))
    floor.ask(floor.listed(order, OrdStatus.NEW))

    row = Break.objects.get(code="IN_DOUBT_UNRESOLVED")
    assert (row.resolved_at, row.resolution) == (floor.now, "It is known what became of it.")


def test_an_unanswered_order_that_was_to_be_cancelled_is_in_doubt_all_the_same(floor: Floor) -> None:
    order = floor.place()
    submit.cancel(order_id=order.pk, actor=floor.actor, now=floor.now)
    floor.send()
    floor.later(10)

    reconcile.has_questions_due(CONNECTION, now=floor.now)

    order.refresh_from_db()
    assert (order.status, reserved(order)) == ("IN_DOUBT", True)


def test_an_order_that_never_arrived_ends_though_its_cancel_was_refused(floor: Floor) -> None:
    order = floor.place()
    submit.cancel(order_id=order.pk, actor=floor.actor, now=floor.now)
    floor.send()
    cancel = OrderRequest.objects.get(order=order, kind="CANCEL")
    floor.later(10)
    reconcile.has_questions_due(CONNECTION, now=floor.now)
    floor.hear(floor.report(order, ReportKind.CANCEL_REJECT, name=cancel.cl_ord_id, reason="UNKNOWN_ORDER"))

    ask_for_a_minute(floor)

    order.refresh_from_db()
    assert (order.status, reserved(order)) == ("REJECTED", False)


def test_a_late_acceptance_ends_the_doubt(floor: Floor) -> None:
    order = doubtful(floor)

    floor.hear(floor.report(order, ReportKind.ACK))

    order.refresh_from_db()
    assert (order.status, reserved(order)) == ("NEW", True)


def test_the_broker_s_list_ends_the_doubt_with_what_was_filled(floor: Floor) -> None:
    order = doubtful(floor)

    floor.ask(floor.listed(order, OrdStatus.PARTIALLY_FILLED, floor.fill(order, "e1", 4)))

    order.refresh_from_db()
    assert (order.status, order.cum_qty, position()) == ("PARTIALLY_FILLED", 4, 4)


@pytest.mark.parametrize("told_by", ["report", "list"])
def test_one_written_off_that_turns_up_is_alive_again_with_its_reservation(floor: Floor, told_by: str) -> None:
    order = doubtful(floor)
    ask_for_a_minute(floor)

    if told_by == "report":
        floor.hear(floor.report(order, ReportKind.ACK))
    else:
        floor.ask(floor.listed(order, OrdStatus.NEW))

    order.refresh_from_db()
    assert (order.status, order.leaves_qty, reserved(order)) == ("NEW", 10, True)
    assert AuditEntry.objects.filter(action="order.alert", payload__code="RESURRECTED").exists()


def test_the_desk_listens_until_the_end_of_the_next_session(floor: Floor) -> None:
    doubtful(floor)
    ask_for_a_minute(floor)
    sent_at = OrderRequest.objects.get().sent_at
    assert sent_at is not None

    back = reconcile.look_back(CONNECTION, now=floor.now)
    lately = reconcile.look_back(CONNECTION, now=floor.now, told_at=floor.now)
    much_later = reconcile.look_back(CONNECTION, now=floor.now + timedelta(days=6))

    assert back <= sent_at
    assert lately <= sent_at
    assert much_later > sent_at
