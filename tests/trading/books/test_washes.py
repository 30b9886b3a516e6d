"""Wash sales and attribution."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcore.accounts.models import User
from allcore.kernel.orders import PositionEffect, Side
from allcore.kernel.reports import BookKind, BookReport
from brokers.models import Account
from risk.models import AccountGrant, Role
from tests.builders.orders import CALL, NOW, SHARE, leg, make_account, make_sent_order, make_ticket
from tests.builders.reports import fill, leg_fill
from trading.domain.books.attribution import Part, by, in_cents
from trading.domain.books.washes import Loss, Opening, washes
from trading.selectors import attribution
from trading.selectors import washes as wash_rows
from trading.services.settle import apply_reports

DAY = date(2026, 3, 3)
LOSS = Loss("E1", "TSLA", 1, 100, DAY, Decimal(-500))


def opening(name: str, days: int, shares: int = 100, side: int = 1, underlying: str = "TSLA") -> Opening:
    return Opening(name, underlying, side, shares, DAY + timedelta(days=days))


@pytest.mark.parametrize(("days", "is_washed"), [(-31, False), (-30, True), (0, True), (30, True), (31, False)])
def test_a_loss_is_washed_within_thirty_days_on_either_side(days: int, is_washed: bool) -> None:
    assert bool(washes([LOSS], [opening("E2", days)])) is is_washed


def test_what_is_another_name_or_side_or_the_lot_itself_washes_nothing() -> None:
    others = [opening("E1", 0), opening("E2", 0, side=-1), opening("E3", 0, underlying="AAPL")]

    assert washes([LOSS], others) == []


def test_fewer_shares_wash_a_part_and_each_share_only_once() -> None:
    later = Loss("E4", "TSLA", 1, 100, DAY + timedelta(days=1), Decimal(-300))

    first, second = washes([later, LOSS], [opening("E2", 2, shares=130)])

    assert (first.shares, first.disallowed, first.replaced_by) == (100, Decimal("-500.00"), ("E2",))
    assert (second.shares, second.disallowed) == (30, Decimal("-90.00"))


def test_shares_are_held_against_shares_as_splits_have_made_them() -> None:
    loss = replace(LOSS, per=Fraction(4))  # 100 shares sold before a split into four

    [whole] = washes([loss], [opening("E2", 5, shares=400)])
    [part] = washes([loss], [opening("E2", 5, shares=100)])
    [before] = washes([loss], [replace(opening("E2", 1, shares=50), per=Fraction(4))])

    assert (whole.shares, whole.disallowed) == (100, Decimal("-500.00"))
    assert (part.shares, part.disallowed) == (25, Decimal("-125.00"))
    assert (before.shares, before.disallowed) == (50, Decimal("-250.00"))


def test_a_share_of_before_a_split_washes_all_that_it_became() -> None:
    later = replace(LOSS, shares=300, day=DAY + timedelta(days=5))

    [wash] = washes([later], [replace(opening("E2", 0, shares=100), per=Fraction(3, 2))])

    assert (wash.shares, wash.disallowed) == (150, Decimal("-250.00"))


@given(st.lists(st.decimals(-1000, 1000, places=6), max_size=9))
def test_cents_sum_to_the_rounded_sum(amounts: list[Decimal]) -> None:
    made = in_cents(amounts)

    assert sum(made, Decimal(0)) == round(sum(amounts, Decimal(0)), 2)
    assert all(abs(cents - exact) < Decimal("0.01") for cents, exact in zip(made, amounts, strict=True))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.decimals(-99, 99, places=5)), max_size=9))
def test_every_dimension_sums_to_the_same(parts: list[tuple[str, str, Decimal]]) -> None:
    found = [Part({"account": a, "strategy": s}, amount) for a, s, amount in parts]

    assert sum(by(found, "account").values()) == sum(by(found, "strategy").values())


@pytest.fixture
def account() -> Account:
    return make_account()


def trade(account: Account, name: str, qty: int, px: str, *, symbol: str = SHARE, days: int = 0) -> None:
    side = Side.BUY if qty > 0 else Side.SELL
    ticket = make_ticket(account, [leg(symbol, side, PositionEffect.OPEN)], quantity=abs(qty))
    order = make_sent_order(ticket, account, origin=name)
    said = fill(order, leg_fill(name, abs(qty), px, side=side, symbol=symbol), at=NOW + timedelta(days=days))
    apply_reports("paper", [said], now=NOW)


@pytest.mark.django_db
def test_a_call_bought_after_shares_were_sold_at_a_loss_is_flagged(account: Account) -> None:
    user = User.objects.create_user("viewer", password=None)
    AccountGrant.objects.create(user=user, account=account, role=Role.VIEWER)
    trade(account, "a", 100, "300")
    trade(account, "b", -100, "290", days=1)
    trade(account, "c", 1, "5.00", symbol=CALL, days=2)

    [row] = wash_rows.rows(user, DAY + timedelta(days=3))

    assert (row["account"], row["underlying"], row["loss"], row["disallowed"]) == (
        "gen",
        "TSLA",
        "-1000.00",
        "-1000.00",
    )
    assert row["closed_on"] == "2026-03-04"
    assert wash_rows.rows(User.objects.create_user("stranger", password=None), DAY) == []


@pytest.mark.django_db
def test_a_loss_before_a_split_is_held_against_what_was_bought_after_it(account: Account) -> None:
    trade(account, "a", 100, "300")
    trade(account, "b", -100, "290", days=1)
    split_up(account, days=2)
    trade(account, "c", 100, "72", days=3)

    [(_, wash)] = wash_rows.flagged([account], DAY + timedelta(days=4))

    assert (wash.shares, wash.disallowed) == (25, Decimal("-250.00"))


@pytest.mark.django_db
def test_what_was_bought_on_the_splits_day_counts_as_new_shares(account: Account) -> None:
    trade(account, "a", 100, "300")
    trade(account, "b", -100, "290", days=1)
    split_up(account, days=2)
    trade(account, "c", 400, "72", days=2)

    [(_, wash)] = wash_rows.flagged([account], DAY + timedelta(days=4))

    assert (wash.shares, wash.disallowed) == (100, Decimal("-1000.00"))


@pytest.mark.django_db
def test_an_adjusted_contract_stands_for_what_it_delivers(account: Account) -> None:
    trade(account, "a", 1, "5.00", symbol=CALL)
    adjusted = CALL.replace("TSLA ", "TSLA1")
    report = BookReport(
        kind=BookKind.SPLIT,
        connection="paper",
        account=account.broker_account,
        event_id="s1",
        symbol=CALL,
        qty=1,
        px=Decimal(0),
        transact_at=NOW + timedelta(days=1),
        underlying=SHARE,
        ratio_new=3,
        ratio_old=2,
        to_symbol=adjusted,
        to_qty=1,
        multiplier=100,
        deliverable=150,
    )
    apply_reports("paper", [report], now=NOW)
    trade(account, "b", -1, "2.00", symbol=adjusted, days=2)
    trade(account, "c", 75, "200", days=3)

    [(_, wash)] = wash_rows.flagged([account], DAY + timedelta(days=4))

    assert (wash.loss.shares, wash.shares, wash.disallowed) == (150, 75, Decimal("-150.00"))


def split_up(account: Account, *, days: int) -> None:
    """Let the broker tell of a split into four, of one share that another account holds."""
    report = BookReport(
        kind=BookKind.SPLIT,
        connection="paper",
        account=account.broker_account,
        event_id="s1",
        symbol=SHARE,
        qty=1,
        px=Decimal(0),
        transact_at=NOW + timedelta(days=days, hours=-1),
        ratio_new=4,
        to_qty=4,
    )
    apply_reports("paper", [report], now=NOW)


@pytest.mark.django_db
def test_each_dimension_of_what_was_realised_sums_to_the_books(account: Account) -> None:
    user = User.objects.create_user("viewer", password=None)
    AccountGrant.objects.create(user=user, account=account, role=Role.VIEWER)
    trade(account, "a", 100, "300")
    trade(account, "b", -60, "310.01", days=1)

    found = attribution.rows(user)

    assert found["total"] == "599.30"  # 60 x 10.01 less two fees of 0.65
    for name in attribution.DIMENSIONS:
        table = cast("list[dict[str, str]]", found[name])
        assert sum((Decimal(row["amount"]) for row in table), Decimal(0)) == Decimal("599.30")
    assert found["strategy"] == [{"name": "By hand", "amount": "599.30"}]
