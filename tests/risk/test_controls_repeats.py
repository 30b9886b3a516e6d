"""The same order again, and too many."""

from datetime import timedelta
from uuid import uuid4

import pytest

from allcore.kernel.tickets import OrderTicket
from risk.domain.request import Messages, Recent
from risk.domain.verdict import Outcome
from tests.builders.risk import NOW, book, check, dec, limits, pending, put_spread, request, sell_put

HARD, SOFT, PASS = Outcome.HARD_BLOCK, Outcome.SOFT_BLOCK, Outcome.PASS


def ago(seconds: float, ticket: OrderTicket | None = None) -> Recent:
    return Recent(ticket or sell_put(), NOW - timedelta(seconds=seconds), uuid4())


@pytest.mark.parametrize(
    ("seconds", "outcome"),
    [(0, HARD), (9.9, HARD), (9.999999, HARD), (10, SOFT), (10.1, SOFT), (59.9, SOFT), (60, PASS), (61, PASS)],
)
def test_the_same_order_waits(seconds: float, outcome: Outcome) -> None:
    assert check("duplicate", request(recent=(ago(seconds),))).outcome is outcome


@pytest.mark.parametrize(
    "other", [sell_put(2), sell_put(1, "4.17"), sell_put(1, account="REV-1"), put_spread()], ids=str
)
def test_another_quantity_price_account_or_structure_is_another_order(other: OrderTicket) -> None:
    assert check("duplicate", request(recent=(ago(1, other),))).outcome is PASS


def test_the_latest_of_several_counts() -> None:
    assert check("duplicate", request(recent=(ago(55), ago(3), ago(30)))).outcome is HARD


def test_a_replace_is_not_a_duplicate_of_what_it_replaces() -> None:
    first = ago(1)

    assert check("duplicate", request(recent=(first,), exclude_order_id=first.order_id)).outcome is PASS
    assert check("duplicate", request(recent=(first,), exclude_order_id=uuid4())).outcome is HARD


@pytest.mark.parametrize(("before", "outcome"), [(29, PASS), (30, SOFT), (59, SOFT), (60, HARD)])
def test_messages_within_a_minute_are_limited(before: int, outcome: Outcome) -> None:
    assert check("messages_minute", request(messages=Messages(minute=before))).outcome is outcome


@pytest.mark.parametrize(("before", "outcome"), [(4, PASS), (5, HARD)])
def test_messages_within_a_second_are_limited(before: int, outcome: Outcome) -> None:
    messages = Messages(minute=before, second=before)

    assert check("messages_second", request(messages=messages)).outcome is outcome


@pytest.mark.parametrize(("code", "count", "outcome"), [("open_orders", 2, PASS), ("open_orders", 3, HARD)])
def test_open_orders_of_an_account_are_limited(code: str, count: int, outcome: Outcome) -> None:
    working = tuple(pending(sell_put(n + 2, underlying="NVDA")) for n in range(count))

    assert check(code, request(book=book(pending=working), limits=limits(open_orders=(None, "3")))).outcome is outcome


def test_open_orders_in_a_name_are_limited_apart() -> None:
    working = (pending(sell_put(2)), pending(sell_put(2, underlying="NVDA")))
    asked = request(book=book(pending=working), limits=limits(open_orders_name=(None, "1")))

    result = check("open_orders_name", asked)

    assert (result.outcome, result.value) == (HARD, dec(2))
