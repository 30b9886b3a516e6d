"""When to ask, when to believe, and what a broker's list tells."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.orders import OrdStatus, Side
from allcore.kernel.reports import ExecutionReport, LegFill, OrderReport, ReportKind
from trading.domain.reconcile.doubts import is_final, next_query_at
from trading.domain.reconcile.orders import Ours, lacks_executions, missing_reports

SENT = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)


def seconds(count: float) -> datetime:
    return SENT + timedelta(seconds=count)


def test_questions_are_asked_after_1_2_5_10_and_30_seconds_and_then_each_minute() -> None:
    due = [next_query_at(SENT, queries) for queries in range(7)]

    assert due == [seconds(s) for s in (1, 2, 5, 10, 30, 90, 150)]


@pytest.mark.parametrize(
    ("queries", "after", "indexes", "final"),
    [(3, 60, True, True), (2, 600, True, False), (30, 59.999, True, False), (30, 600, False, False)],
)
def test_not_found_is_believed_only_after_three_answers_over_a_minute_from_a_broker_that_knows_our_ids(
    queries: int, after: float, indexes: bool, final: bool
) -> None:
    assert is_final(SENT, queries, indexes_our_ids=indexes, now=seconds(after)) is final


def fill(exec_id: str) -> ExecutionReport:
    leg = LegFill(exec_id, 0, "AAPL  260612P00195000", Side.SELL, 1, Decimal("1.25"))
    return ExecutionReport(ReportKind.FILL, "paper", "P1", "A", SENT, fills=(leg,), combo_qty=1)


def theirs(status: OrdStatus, *fills: ExecutionReport) -> OrderReport:
    return OrderReport("P1", "A", "B1", status, 2, len(fills), fills)


def kinds(report: OrderReport, ours: Ours | None) -> list[ReportKind]:
    return [r.kind for r in missing_reports(report, ours, connection="paper", taken_at=SENT)]


def test_an_order_in_doubt_that_the_broker_works_is_acknowledged() -> None:
    ours = Ours(OrdStatus.IN_DOUBT, frozenset())

    assert kinds(theirs(OrdStatus.NEW), ours) == [ReportKind.ACK]


def test_fills_that_happened_while_we_were_away_come_after_the_acceptance_and_before_the_end() -> None:
    ours = Ours(OrdStatus.PENDING_NEW, frozenset())

    assert kinds(theirs(OrdStatus.CANCELED, fill("e1")), ours) == [
        ReportKind.ACK,
        ReportKind.FILL,
        ReportKind.UNSOLICITED_CANCEL,
    ]


def test_what_we_have_already_is_not_told_again() -> None:
    ours = Ours(OrdStatus.CANCELED, frozenset({"e1"}))

    assert kinds(theirs(OrdStatus.CANCELED, fill("e1")), ours) == []


def test_an_order_we_do_not_know_is_told_with_its_fills() -> None:
    assert kinds(theirs(OrdStatus.PARTIALLY_FILLED, fill("e1")), None) == [ReportKind.FILL]


@pytest.mark.parametrize(
    ("known", "told"), [({"E.01"}, ["CORRECT"]), (set(), ["FILL", "CORRECT"]), ({"E.01", "E.02"}, [])]
)
def test_a_correction_made_while_we_were_away_is_told_to_who_has_what_it_corrects(
    known: set[str], told: list[str]
) -> None:
    first = fill("E.01")
    correction = replace(fill("E.02"), kind=ReportKind.CORRECT, ref_exec_id="E.01")
    ours = Ours(OrdStatus.FILLED, frozenset(known), cum_qty=first.combo_qty if known else 0)

    assert [str(kind) for kind in kinds(theirs(OrdStatus.FILLED, first, correction), ours)] == told


def test_a_correction_does_not_make_up_for_an_execution_that_was_not_told() -> None:
    correction = replace(fill("E.02"), kind=ReportKind.CORRECT, ref_exec_id="E.01")
    listed = theirs(OrdStatus.FILLED, fill("E.01"), correction)
    ours = Ours(OrdStatus.NEW, frozenset(), cum_qty=0)

    assert not lacks_executions(replace(listed, cum_qty=correction.combo_qty), ours)
    assert lacks_executions(replace(listed, cum_qty=2 * correction.combo_qty), ours)


def shrunk(exec_id: str = "E.02", ref: str = "E.01") -> ExecutionReport:
    """Return a correction to one unit."""
    return replace(fill(exec_id), kind=ReportKind.CORRECT, ref_exec_id=ref)


def bust(ref: str) -> ExecutionReport:
    return replace(fill(""), kind=ReportKind.BUST, fills=(), ref_exec_id=ref)


def test_a_correction_that_leaves_less_is_told_though_the_list_has_less_than_we_do() -> None:
    ours = Ours(OrdStatus.FILLED, frozenset({"E.01"}), cum_qty=2, live=frozenset({"E.01"}))
    listed = replace(theirs(OrdStatus.CANCELED, fill("E.01"), shrunk()), cum_qty=1)

    assert kinds(listed, ours) == [ReportKind.CORRECT]


@pytest.mark.parametrize(
    ("known", "live"), [({"E.01", "E.02"}, {"E.02"}), ({"E.01", "E.02", "E.03"}, {"E.03"}), ({"F.01"}, {"F.01"})]
)
def test_an_old_list_corrects_nothing_that_was_corrected_since(known: set[str], live: set[str]) -> None:
    ours = Ours(OrdStatus.FILLED, frozenset(known), cum_qty=2, live=frozenset(live))

    assert kinds(replace(theirs(OrdStatus.FILLED, fill("E.01"), shrunk()), cum_qty=1), ours) == []


@pytest.mark.parametrize(("live", "told"), [({"E.01"}, 1), ({"E.02"}, 1), (set(), 0), ({"F.01"}, 0)])
@pytest.mark.parametrize("cum", [0, 2])
def test_what_was_taken_back_is_told_by_the_name_that_counts(live: set[str], told: int, cum: int) -> None:
    ours = Ours(OrdStatus.FILLED, frozenset({"E.01", "E.02", "F.01"}), cum_qty=2, live=frozenset(live))
    listed = replace(theirs(OrdStatus.FILLED), taken_back=(bust("E.01"), bust("E.02")), cum_qty=cum)

    assert kinds(listed, ours) == [ReportKind.BUST] * told


def test_of_an_order_that_nobody_knew_nothing_is_taken_back() -> None:
    assert kinds(replace(theirs(OrdStatus.FILLED), taken_back=(bust("E.01"),)), None) == []
