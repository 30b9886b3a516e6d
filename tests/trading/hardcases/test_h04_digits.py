"""H4 once more: what a broker says in more digits than the books keep."""

from dataclasses import replace
from decimal import Decimal

import pytest

from allcore.kernel.reports import BookKind, BookReport
from tests.trading.hardcases.floor import CONNECTION, Floor, position
from tests.trading.passage.conftest import STOCK
from trading.models import CashBalance, Execution, LedgerEntry, Position, Quarantine
from trading.services import rebuild


@pytest.mark.parametrize("px", ["200.1234", "200.12345", "200.1234567"])
def test_h04_a_fill_in_any_number_of_digits_counts_once(floor: Floor, px: str) -> None:
    order = floor.working()

    for _ in range(2):
        floor.hear(floor.fill(order, "e1", 4, px))

    assert (Execution.objects.count(), position(), Quarantine.objects.count()) == (1, 4, 0)
    assert not list(rebuild.differences(floor.account, now=floor.now))


def test_fees_in_more_digits_than_the_books_keep_leave_books_and_rebuild_alike(floor: Floor) -> None:
    order = floor.working()
    fills = [floor.fill(order, f"e{n}", 1, "200.12345") for n in range(5)]
    fine = [replace(f, fills=tuple(replace(one, fee=Decimal("0.34565")) for one in f.fills)) for f in fills]

    floor.hear(*fine)

    assert not list(rebuild.differences(floor.account, now=floor.now))
    cash = sum(e.amount for e in LedgerEntry.objects.filter(account=floor.account, ledger="CASH"))
    assert CashBalance.objects.get(account=floor.account).cash == cash


def test_a_dividend_of_six_digits_told_again_is_not_another_one(floor: Floor) -> None:
    order = floor.working()
    floor.hear(floor.fill(order, "e1", 3))
    paid = BookReport(
        kind=BookKind.DIVIDEND,
        connection=CONNECTION,
        account=floor.account.broker_account,
        event_id="d1",
        symbol=STOCK,
        qty=3,
        px=Decimal(0),
        transact_at=floor.later(1),
        amount=Decimal("0.123456"),
    )

    for _ in range(2):
        floor.hear(paid)

    assert (Position.objects.get().income, Quarantine.objects.count()) == (Decimal("0.3704"), 0)
    assert not list(rebuild.differences(floor.account, now=floor.now))
