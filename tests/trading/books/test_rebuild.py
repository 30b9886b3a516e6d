"""The books can be made again from what happened, and say where they differ from it."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allcore.audit.models import AuditEntry
from allcore.kernel.orders import PositionEffect, Side
from brokers.models import Account
from tests.builders.orders import NOW, leg, make_account, make_sent_order, make_ticket
from tests.builders.reports import fill, leg_fill
from trading.models import CashBalance, LedgerEntry, Lot, Position
from trading.services import rebuild
from trading.services.fund import NothingMovedError, deposit
from trading.services.settle import apply_reports

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    account = make_account()
    deposit(account, Decimal(10_000), NOW, "Opening balance")
    return account


def trade(account: Account, n: int, qty: int, px: str, seconds: int = 0) -> None:
    side = Side.BUY if qty > 0 else Side.SELL
    ticket = make_ticket(account, [leg(side=side, effect=PositionEffect.OPEN)], quantity=abs(qty))
    order = make_sent_order(ticket, account, origin=f"{account.code}{n}")
    at = NOW + timedelta(seconds=seconds)
    apply_reports("paper", [fill(order, leg_fill(f"{account.code}{n}", abs(qty), px, side=side), at=at)], now=NOW)


def test_books_that_agree_say_so(account: Account) -> None:
    trade(account, 1, -2, "3.00")
    out = StringIO()

    call_command("rebuild_books", "--check", stdout=out)

    assert out.getvalue() == "The books agree with what happened.\n"


def test_a_check_names_each_difference_and_changes_nothing(account: Account) -> None:
    trade(account, 1, -2, "3.00")
    Position.objects.update(qty=-3)
    Lot.objects.update(open_qty=-1, cost=-3)
    CashBalance.objects.update(cash=1)
    out = StringIO()

    with pytest.raises(CommandError, match="3 places"):
        call_command("rebuild_books", "--check", "--account=gen", stdout=out)

    said = out.getvalue()
    assert "gen cash: stored 1.0000, rebuilt 10599.3500" in said
    assert "qty: stored -3, rebuilt -2" in said
    assert "lots: stored -1 at 3, rebuilt -2 at 3" in said
    assert Position.objects.get().qty == -3


def test_a_rebuild_mends_the_books_and_leaves_a_trace(account: Account) -> None:
    trade(account, 1, -2, "3.00")
    Position.objects.update(qty=-3, realised=7)
    CashBalance.objects.update(cash=1)

    call_command("rebuild_books", stdout=StringIO())

    assert list(rebuild.differences(account, now=NOW)) == []
    assert (Position.objects.get().qty, CashBalance.objects.get().cash) == (-2, Decimal("10599.35"))
    assert AuditEntry.objects.filter(action="books.rebuilt").count() == 1


def test_an_account_that_is_not_there_is_named(account: Account) -> None:
    with pytest.raises(CommandError, match="no account 'nobody'"):
        call_command("rebuild_books", "--account=nobody", stdout=StringIO())


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(-4, 4).filter(bool), st.decimals("0.01", "9", places=2).map(str), st.integers(0, 5)),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_comes_in_whatever_order_the_books_are_what_a_rebuild_makes(
    account: Account, trades: list[tuple[int, str, int]]
) -> None:
    other = make_account(f"a{Account.objects.count()}")
    for n, (qty, px, seconds) in enumerate(trades):
        trade(other, n, qty, px, seconds)

    held = Position.objects.get(account=other)

    assert list(rebuild.differences(other, now=NOW)) == []
    assert held.qty == sum(qty for qty, _, _ in trades)


def test_a_deposit_has_two_sides_and_a_withdrawal_too(account: Account) -> None:
    deposit(account, Decimal(-500), NOW, "Rent")

    sides = LedgerEntry.objects.order_by("id").values_list("ledger", "amount")
    assert [(ledger, int(amount)) for ledger, amount in sides] == [
        ("CASH", 10_000),
        ("CAPITAL", -10_000),
        ("CASH", -500),
        ("CAPITAL", 500),
    ]
    assert CashBalance.objects.get().cash == Decimal(9_500)


def test_a_deposit_of_nothing_is_refused(account: Account) -> None:
    with pytest.raises(NothingMovedError):
        deposit(account, Decimal(0), NOW, "Nothing")
