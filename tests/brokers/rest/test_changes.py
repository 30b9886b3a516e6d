"""What happened between two looks at an order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.orders import Side
from allcore.kernel.reports import ExecutionReport, ReportKind
from brokers.rest.changes import Names, changes, renamed
from brokers.rest.combos import is_unbalanced, whole_units
from brokers.rest.views import LegExecution, OrderView, Standing, ViewLeg

AT = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)
NAMES = Names("c", "C1")
SINGLE = (ViewLeg("PUT", Side.BUY, 1),)
SPREAD = (ViewLeg("PUT", Side.SELL, 1), ViewLeg("LOW", Side.BUY, 2))


def execution(exec_id: str, qty: int, px: str = "4.20", leg: int = 0, after: int = 0) -> LegExecution:
    return LegExecution(exec_id, leg, qty, Decimal(px), AT + timedelta(seconds=after), Decimal("0.65") * qty)


def view(standing: Standing, *executions: LegExecution, legs: tuple[ViewLeg, ...] = SINGLE, qty: int = 10) -> OrderView:
    return OrderView("7", "U1", standing, legs, qty, AT, executions=executions)


def told(before: OrderView | None, after: OrderView, names: Names = NAMES, *, acked: bool = True) -> list[ReportKind]:
    return [r.kind for r in changes(before, after, names, is_acknowledged=acked, now=AT)]


def test_an_order_first_seen_working_is_acknowledged() -> None:
    assert told(None, view(Standing.WORKING), acked=False) == [ReportKind.ACK]
    assert told(view(Standing.WORKING), view(Standing.WORKING)) == []


def test_one_first_seen_filled_is_acknowledged_then_filled() -> None:
    assert told(None, view(Standing.FILLED, execution("e1", 10)), acked=False) == [ReportKind.ACK, ReportKind.FILL]


def test_a_rejected_order_is_never_acknowledged() -> None:
    assert told(None, view(Standing.REJECTED), acked=False) == [ReportKind.REJECT]


def test_only_what_is_new_is_told() -> None:
    before = view(Standing.WORKING, execution("e1", 4))
    after = view(Standing.WORKING, execution("e1", 4), execution("e2", 3, after=1))

    [fill] = changes(before, after, NAMES, is_acknowledged=True, now=AT)

    assert (fill.combo_qty, fill.fills[0].exec_id, fill.fills[0].fee) == (3, "e2", Decimal("1.95"))


def test_a_cancel_that_was_asked_for_is_answered_under_its_own_id() -> None:
    asked = Names("c", "C1", "C2")

    reports = changes(view(Standing.WORKING), view(Standing.CANCELED), asked, is_acknowledged=True, now=AT)

    assert [(r.kind, r.cl_ord_id) for r in reports] == [(ReportKind.CANCEL_ACK, "C2")]
    assert told(view(Standing.WORKING), view(Standing.CANCELED)) == [ReportKind.UNSOLICITED_CANCEL]
    assert told(view(Standing.WORKING), view(Standing.FILLED, execution("e", 10)), asked) == [
        ReportKind.FILL,
        ReportKind.CANCEL_REJECT,
    ]
    assert told(view(Standing.WORKING), view(Standing.EXPIRED), asked) == [ReportKind.EXPIRE, ReportKind.CANCEL_REJECT]


def test_an_end_is_told_once() -> None:
    assert told(view(Standing.CANCELED), view(Standing.CANCELED)) == []


def test_a_late_fill_of_a_canceled_order_is_told() -> None:
    assert told(view(Standing.CANCELED), view(Standing.CANCELED, execution("e1", 1))) == [ReportKind.FILL]


def test_a_word_the_table_does_not_have_ends_nothing_and_is_left_again() -> None:
    assert told(view(Standing.WORKING), view(Standing.UNKNOWN)) == []
    assert told(view(Standing.UNKNOWN), view(Standing.CANCELED)) == [ReportKind.UNSOLICITED_CANCEL]


def test_a_correction_names_what_it_corrects() -> None:
    before = view(Standing.FILLED, execution("e1", 10))
    after = renamed(view(Standing.FILLED, execution("e1", 10, "4.15")), {"e1": (10, Decimal("4.20"))})

    [report] = changes(before, after, NAMES, is_acknowledged=True, now=AT)

    assert (report.kind, report.ref_exec_id) == (ReportKind.CORRECT, "e1")
    assert [(f.exec_id, f.px) for f in report.fills] == [("e1~10x4.15", Decimal("4.15"))]


def test_a_bust_names_what_it_takes_back() -> None:
    before = view(Standing.FILLED, execution("e1", 4), execution("e2", 6, after=1))

    [report] = changes(before, view(Standing.FILLED, execution("e2", 6)), NAMES, is_acknowledged=True, now=AT)

    assert (report.kind, report.ref_exec_id, report.fills) == (ReportKind.BUST, "e1", ())


def test_a_combo_is_told_in_whole_units_with_every_leg() -> None:
    half = view(Standing.WORKING, execution("a", 3), execution("b", 3, "1.05", leg=1), legs=SPREAD)

    [units] = whole_units(half)

    assert is_unbalanced(half)
    assert (units.qty, [(f.exec_id, f.leg, f.qty) for f in units.fills]) == (1, [("a+0", 0, 1), ("b+0", 1, 2)])


def test_parts_of_one_execution_have_one_fee_together() -> None:
    both = view(
        Standing.FILLED,
        execution("a", 3),
        execution("b", 2, leg=1),
        execution("c", 4, leg=1, after=1),
        legs=SPREAD,
    )

    fees = [f.fee for units in whole_units(both) for f in units.fills if f.leg == 0]

    assert sum(fees) == Decimal("1.95")


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 4)), max_size=8))
def test_looking_after_each_trade_tells_the_same_as_looking_once(trades: list[tuple[int, int]]) -> None:
    made = tuple(execution(f"e{n}", qty, leg=leg, after=n) for n, (leg, qty) in enumerate(trades))
    once = changes(None, view(Standing.WORKING, *made, legs=SPREAD), NAMES, is_acknowledged=True, now=AT)

    step_by_step: list[ExecutionReport] = []
    before: OrderView | None = None
    for n in range(len(made) + 1):
        after = view(Standing.WORKING, *made[:n], legs=SPREAD)
        step_by_step += changes(before, after, NAMES, is_acknowledged=True, now=AT)
        before = after

    assert sum(r.combo_qty for r in step_by_step) == sum(r.combo_qty for r in once)
    assert {f.exec_id: f for r in step_by_step for f in r.fills} == {f.exec_id: f for r in once for f in r.fills}


def test_what_tells_two_orders_apart_is_every_term() -> None:
    base = view(Standing.WORKING)

    assert base.fingerprint == replace(base, broker_order_id="8", standing=Standing.FILLED).fingerprint
    for other in (replace(base, order_qty=9), replace(base, account="U2"), replace(base, price=Decimal(1))):
        assert other.fingerprint != base.fingerprint
