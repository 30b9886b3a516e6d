"""When to ask, when to believe, and what a broker's list tells."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.orders import OrdStatus, Side
from allcore.kernel.reports import ExecutionReport, LegFill, OrderReport, ReportKind
from trading.domain.reconcile.doubts import is_final, next_query_at
from trading.domain.reconcile.orders import Ours, missing_reports

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
