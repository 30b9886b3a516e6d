"""Orders at the broker that nobody here gave a name."""

import pytest
from pytest_django import DjangoAssertNumQueries

from allcore.kernel.orders import OrdStatus
from allcore.kernel.reports import OrderReport
from trading.services import reconcile


@pytest.mark.django_db
def test_an_order_without_a_name_of_ours_asks_for_none_of_ours(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    stranger = OrderReport("P1", "", "B1", OrdStatus.NEW, 1, 0)

    with django_assert_num_queries(0):
        pairs = reconcile._pairs("paper", [stranger])

    assert pairs == [(stranger, None)]
