"""H2 to H7: fills before, out of order, again, otherwise, late, and after a rejection."""

from itertools import permutations

import pytest

from allcore.audit.models import AuditEntry
from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import ReportKind
from tests.trading.hardcases.floor import Floor, position
from trading.models import Execution, Inquiry, Quarantine
from trading.services import rebuild


def alerts() -> list[str]:
    return [entry.payload["code"] for entry in AuditEntry.objects.filter(action="order.alert").order_by("id")]


def test_h02_a_fill_before_the_acceptance_is_booked_and_implies_it(floor: Floor) -> None:
    order = floor.place()

    floor.hear(floor.fill(order, "e1", 4))

    order.refresh_from_db()
    assert (order.status, order.cum_qty, position()) == ("PARTIALLY_FILLED", 4, 4)
    assert order.acked_at is not None


@pytest.mark.parametrize("order_of_arrival", list(permutations(range(3))))
def test_h03_fills_in_any_order_make_the_same_order_and_position(
    floor: Floor, order_of_arrival: tuple[int, ...]
) -> None:
    order = floor.working()
    fills = [
        floor.fill(order, f"e{n}", qty, px) for n, (qty, px) in enumerate([(2, "200"), (3, "199.9"), (5, "200.1")])
    ]

    for index in order_of_arrival:
        floor.hear(fills[index])

    order.refresh_from_db()
    assert (order.status, order.cum_qty, f"{order.avg_px:f}", position()) == ("FILLED", 10, "200.02000000", 10)
    assert not list(rebuild.differences(floor.account, now=floor.now))


def test_h04_the_same_fill_three_times_counts_once(floor: Floor) -> None:
    order = floor.working()

    for _ in range(3):
        floor.hear(floor.fill(order, "e1", 4))

    assert (Execution.objects.count(), position(), Quarantine.objects.count()) == (1, 4, 0)


def test_h05_the_same_id_with_other_content_is_set_aside_and_waits_for_a_correction(floor: Floor) -> None:
    order = floor.working()
    floor.hear(floor.fill(order, "e1", 4))

    floor.hear(floor.fill(order, "e1", 4, "201.00"))

    assert (Quarantine.objects.get().code, position()) == ("EXEC_ID_CONFLICT", 4)
    assert f"{Execution.objects.get().px:f}" == "200.0000"


@pytest.mark.parametrize(
    ("end", "status"), [(ReportKind.CANCEL_ACK, "CANCELED"), (ReportKind.EXPIRE, "EXPIRED")], ids=["cancel", "expiry"]
)
def test_h06_a_late_partial_fill_is_booked_and_the_order_stays_ended(
    floor: Floor, end: ReportKind, status: str
) -> None:
    order = floor.working()
    floor.hear(floor.report(order, end))

    floor.hear(floor.fill(order, "e1", 4))

    order.refresh_from_db()
    assert (order.status, order.cum_qty, order.leaves_qty, position()) == (status, 4, 0, 4)
    assert "LATE_FILL" in alerts()


def test_h06_a_late_fill_that_completes_the_order_fills_it(floor: Floor) -> None:
    order = floor.working()
    floor.hear(floor.report(order, ReportKind.CANCEL_ACK), floor.fill(order, "e1", 10))

    order.refresh_from_db()
    assert (order.status, position()) == ("FILLED", 10)


def test_h07_a_fill_after_a_rejection_is_booked_called_out_and_asked_about(floor: Floor) -> None:
    order = floor.place()
    floor.hear(floor.report(order, ReportKind.REJECT, reason="No."))

    floor.hear(floor.fill(order, "e1", 4))

    assert position() == 4
    assert "FILL_AFTER_REJECT" in alerts()
    assert Inquiry.objects.get(answered_at=None).order == order


def test_h07_the_broker_s_next_list_answers_the_question(floor: Floor) -> None:
    order = floor.place()
    fill = floor.fill(order, "e1", 4)
    floor.hear(floor.report(order, ReportKind.REJECT, reason="No."), fill)

    floor.later(1)
    floor.ask(floor.listed(order, OrdStatus.REJECTED, fill))

    assert not Inquiry.objects.filter(answered_at=None).exists()
