"""H9, H10: what an execution cost, or that there was less of it, is told after it was booked."""

from dataclasses import replace
from decimal import Decimal

import pytest

from allcore.audit.models import AuditEntry
from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import ExecutionReport, ReportKind, charged
from tests.trading.hardcases.floor import Floor, position
from trading.models import CashBalance, Execution, Order, Position, Quarantine
from trading.services import rebuild


def free(floor: Floor, order: Order, exec_id: str = "e1", qty: int = 10) -> ExecutionReport:
    """Return a fill that is told without its cost."""
    return costing(floor.fill(order, exec_id, qty), "0")


def costing(fill: ExecutionReport, fee: str) -> ExecutionReport:
    return replace(fill, fills=tuple(replace(leg, fee=Decimal(fee)) for leg in fill.fills))


def told(fill: ExecutionReport, fee: str) -> ExecutionReport:
    """Return what a session says when the cost comes."""
    return charged(fill, replace(fill.fills[0], fee=Decimal(fee)))


def cash() -> Decimal:
    return CashBalance.objects.get(account__code="GEN-1").cash


def live() -> list[tuple[str, Decimal]]:
    rows = Execution.objects.filter(status="LIVE").order_by("id")
    return list(rows.values_list("exec_id", "fee"))


def test_h10_a_cost_that_comes_late_is_booked_once(floor: Floor) -> None:
    order = floor.working()
    fill = free(floor, order)
    floor.hear(fill)
    before = cash()

    for _ in range(3):
        floor.hear(told(fill, "6.50"))

    order.refresh_from_db()
    assert (before - cash(), position(), Position.objects.get().fees) == (Decimal("6.50"), 10, Decimal("6.50"))
    assert (order.status, order.cum_qty, live()) == ("FILLED", 10, [("e1$6.5", Decimal("6.50"))])
    assert AuditEntry.objects.filter(action="execution.charged").count() == 1
    assert not AuditEntry.objects.filter(action="order.alert").exists()
    assert not list(rebuild.differences(floor.account, now=floor.now))


def test_h10_a_cost_that_the_list_tells_is_booked_once(floor: Floor) -> None:
    order = floor.working()
    fill = free(floor, order)
    floor.hear(fill)
    before = cash()

    for _ in range(3):
        floor.later(60)
        floor.ask(floor.listed(order, OrdStatus.FILLED, costing(fill, "6.50")), cash=before - Decimal("6.50"))
    floor.hear(told(fill, "6.50"))

    assert (before - cash(), live()) == (Decimal("6.50"), [("e1$6.5", Decimal("6.50"))])


def test_h10_a_list_that_tells_no_cost_takes_none_back(floor: Floor) -> None:
    order = floor.working()
    floor.hear(floor.fill(order, "e1", 10))
    before = cash()

    floor.ask(floor.listed(order, OrdStatus.FILLED, free(floor, order)))

    assert cash() == before


def test_h10_a_cost_that_is_told_anew_replaces_the_one_before(floor: Floor) -> None:
    order = floor.working()
    fill = free(floor, order)
    floor.hear(fill)
    before = cash()

    floor.hear(told(fill, "6.50"), told(fill, "7.00"))

    assert (before - cash(), live()) == (Decimal("7.00"), [("e1$7", Decimal("7.00"))])


def test_h10_a_correction_of_what_got_its_cost_names_it_as_it_was(floor: Floor) -> None:
    order = floor.working()
    fill = free(floor, order)
    floor.hear(fill, told(fill, "6.50"))
    leg = replace(fill.fills[0], exec_id="e2", px=Decimal("201.00"), fee=Decimal("6.50"))

    floor.hear(replace(fill, kind=ReportKind.CORRECT, fills=(leg,), ref_exec_id="e1"))
    floor.hear(told(fill, "8.00"))

    order.refresh_from_db()
    assert (order.avg_px, live(), position()) == (Decimal("201.00"), [("e2", Decimal("6.50"))], 10)
    assert not Quarantine.objects.exists()
    assert not list(rebuild.differences(floor.account, now=floor.now))


def test_h10_a_bust_of_what_got_its_cost_takes_both_back(floor: Floor) -> None:
    order = floor.working()
    fill = free(floor, order)
    before = cash()
    floor.hear(fill, told(fill, "6.50"))

    floor.hear(replace(fill, kind=ReportKind.BUST, fills=(), ref_exec_id="e1"))

    assert (cash(), position(), live()) == (before, 0, [])


@pytest.mark.parametrize("change", [{"qty": 9}, {"px": Decimal("200.01")}])
def test_h10_a_cost_of_something_else_is_set_aside(floor: Floor, change: dict[str, object]) -> None:
    order = floor.working()
    fill = free(floor, order)
    floor.hear(fill)

    floor.hear(charged(fill, replace(fill.fills[0], fee=Decimal("6.50"), **change)))  # type: ignore[arg-type]

    assert (Quarantine.objects.get().code, live()) == ("EXEC_ID_CONFLICT", [("e1", Decimal(0))])


@pytest.mark.parametrize("charged_before", [False, True])
def test_h10_a_correction_to_less_that_only_the_list_tells_is_booked_once(floor: Floor, charged_before: bool) -> None:
    order = floor.working()
    fill = free(floor, order) if charged_before else floor.fill(order, "e1", 10)
    floor.hear(fill, *([told(fill, "6.50")] if charged_before else []))
    leg = replace(fill.fills[0], exec_id="e2", qty=7)
    correction = replace(fill, kind=ReportKind.CORRECT, fills=(leg,), combo_qty=7, ref_exec_id="e1")
    listed = replace(floor.listed(order, OrdStatus.CANCELED, fill, correction), cum_qty=7)

    for _ in range(3):
        floor.later(60)
        floor.ask(listed)

    order.refresh_from_db()
    assert (order.status, order.cum_qty, order.leaves_qty, position()) == ("CANCELED", 7, 0, 7)
    assert not Quarantine.objects.exists()
    assert not list(rebuild.differences(floor.account, now=floor.now))


def test_h09_a_bust_that_only_the_list_tells_is_booked_once(floor: Floor) -> None:
    order = floor.working()
    fill = floor.fill(order, "e1", 10)
    floor.hear(fill)
    bust = replace(fill, kind=ReportKind.BUST, fills=(), ref_exec_id="e1")

    for _ in range(3):
        floor.later(60)
        floor.ask(replace(floor.listed(order, OrdStatus.CANCELED), taken_back=(bust,)))

    order.refresh_from_db()
    assert (order.status, order.cum_qty, position()) == ("CANCELED", 0, 0)
    assert not Quarantine.objects.exists()
