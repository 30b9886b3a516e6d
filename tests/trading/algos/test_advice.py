"""What the table says of a ticket before anybody starts anything."""

from typing import Any

import pytest
from django.test import Client

from tests.trading.algos.conftest import desk, spread, trader
from tests.trading.algos.test_api import browser, post
from trading.domain.algos.choice import TABLE
from trading.models import AlgoRun, Order

__all__ = ["browser", "desk", "trader"]

pytestmark = pytest.mark.usefixtures("desk")


def advice(browser: Client, minutes: int | None = 30, **changes: Any) -> Any:
    ticket = spread(**changes) | {"limit_price": "0.58"}
    return post(browser, "/algos/advice/", {"ticket": ticket, "minutes": minutes})


def test_a_spread_is_walked_and_the_row_says_why(browser: Client) -> None:
    answer = advice(browser)

    assert answer.json() == {
        "algo": "LIMIT_WALK",
        "suggests": "Limit walk",
        "row": 2,
        "condition": TABLE[1].condition,
        "reason": TABLE[1].reason,
    }
    assert (AlgoRun.objects.count(), Order.objects.count()) == (0, 0)


@pytest.mark.parametrize(("minutes", "algo"), [(9, None), (10, "LIMIT_WALK")])
def test_with_little_time_one_limit_order_is_advised(browser: Client, minutes: int, algo: str | None) -> None:
    assert advice(browser, minutes).json()["algo"] == algo


def test_a_ticket_that_no_algorithm_works_is_said_so(browser: Client) -> None:
    answer = advice(browser, time_in_force="GTC")

    assert (answer.status_code, answer.json()["code"]) == (400, "NOT_FOR_ALGORITHMS")
