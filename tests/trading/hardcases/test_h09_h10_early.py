"""H9 and H10 once more: a bust or a correction that is told before the execution it speaks of."""

from dataclasses import replace

from allcore.kernel.reports import ReportKind
from tests.trading.hardcases.floor import Floor, position
from trading.models import Execution, Quarantine
from trading.services import rebuild


def test_h09_a_bust_told_before_its_fill_undoes_it(floor: Floor) -> None:
    order = floor.working()
    fill = floor.fill(order, "e1", 4)

    floor.hear(floor.report(order, ReportKind.BUST, ref_exec_id="e1"))
    floor.hear(fill)

    assert position() == 0
    assert not Quarantine.objects.filter(resolved_at=None).exists()
    assert not list(rebuild.differences(floor.account, now=floor.now))


def test_h09_a_bust_told_before_its_fill_in_one_breath_undoes_it(floor: Floor) -> None:
    order = floor.working()

    floor.hear(floor.report(order, ReportKind.BUST, ref_exec_id="e1"), floor.fill(order, "e1", 4))

    assert (position(), Execution.objects.get().status) == (0, "BUSTED")


def test_h09_a_bust_that_a_person_put_away_stays_away(floor: Floor) -> None:
    order = floor.working()
    floor.hear(floor.report(order, ReportKind.BUST, ref_exec_id="e1"))
    Quarantine.objects.update(resolved_at=floor.now, resolution="The broker takes the bust back.")

    floor.hear(floor.fill(order, "e1", 4))

    assert position() == 4


def test_h10_a_correction_told_before_its_fill_replaces_it(floor: Floor) -> None:
    order = floor.working()
    fill = floor.fill(order, "e1", 4)
    correction = replace(floor.fill(order, "e2", 3), kind=ReportKind.CORRECT, ref_exec_id="e1")

    floor.hear(correction)
    floor.hear(fill)

    assert position() == 3
    order.refresh_from_db()
    assert order.cum_qty == 3
    assert not Quarantine.objects.filter(resolved_at=None).exists()


def test_h10_a_correction_and_its_bust_told_before_the_fill_are_both_taken_up(floor: Floor) -> None:
    order = floor.working()
    correction = replace(floor.fill(order, "e2", 3), kind=ReportKind.CORRECT, ref_exec_id="e1")

    floor.hear(floor.report(order, ReportKind.BUST, ref_exec_id="e2"))
    floor.hear(correction)
    floor.hear(floor.fill(order, "e1", 4))

    assert position() == 0
