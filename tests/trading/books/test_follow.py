"""What follows a report is called once it is booked, in the same transaction."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from allcore.kernel.reports import ExecutionReport, ReportKind
from tests.builders.orders import NOW, make_account, make_sent_order, make_ticket
from tests.builders.reports import fill, leg_fill, report
from trading.models import Execution, Order, Position
from trading.services import settle

pytestmark = pytest.mark.django_db


def test_what_follows_sees_the_books_as_they_are_after_the_whole_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    account = make_account()
    order = make_sent_order(make_ticket(account, quantity=3), account)
    seen: list[object] = []

    def follow(applied: Sequence[tuple[Order, ExecutionReport]], now: datetime) -> None:
        held = Position.objects.get().qty
        seen.extend((said.kind, order.status, order.cum_qty, held, now) for order, said in applied)

    monkeypatch.setattr(settle, "AFTER_EXECUTION", (follow,))
    batch = [report(order, ReportKind.ACK), fill(order, leg_fill("e1", 2, "3.10")), fill(order, leg_fill("e2", 1, "3"))]
    settle.apply_reports("paper", batch, now=NOW)

    state = ("FILLED", 3, -3, NOW)
    assert seen == [(ReportKind.ACK, *state), (ReportKind.FILL, *state), (ReportKind.FILL, *state)]


def test_what_follows_and_fails_takes_the_booking_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    account = make_account()
    order = make_sent_order(make_ticket(account, quantity=3), account)

    def follow(applied: Sequence[tuple[Order, ExecutionReport]], now: datetime) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(settle, "AFTER_EXECUTION", (follow,))
    with pytest.raises(ZeroDivisionError):
        settle.apply_reports("paper", [fill(order, leg_fill("e1", 2, "3.10"))], now=NOW)

    assert not Execution.objects.exists()
