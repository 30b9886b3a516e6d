"""How well an order was filled: the measures, and what an order's page says of them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from allcore.accounts.models import User
from allcore.kernel.clock import utc_now
from allcore.kernel.orders import PriceEffect, Side
from risk.models import AccountGrant, Role
from tests.builders.orders import CALL, NOW, PUT, leg, make_account, make_order, make_sent_order, make_ticket
from tests.builders.reports import fill, leg_fill
from trading.domain.books.quality import Market, quality
from trading.models import Order
from trading.selectors.orders import detail
from trading.services.settle import apply_reports

D = Decimal


@pytest.mark.parametrize(
    ("paid", "slippage", "of_width", "improvement", "of_half"),
    [
        ("2.04", "0.04", "0.40", "0.06", "0.60"),  # effective 0.08 of 0.20; 6 cents better than the ask
        ("2.00", "0", "0", "0.10", "1"),
        ("2.10", "0.10", "1", "0", "0"),
        ("1.90", "-0.10", "-1", "0.20", "2"),
        ("2.15", "0.15", "1.5", "-0.05", "-0.5"),  # through the far side
    ],
)
def test_a_buy_is_measured_by_mid_width_and_far_side(
    paid: str, slippage: str, of_width: str, improvement: str, of_half: str
) -> None:
    found = quality(D(paid), Market(D("1.90"), D("2.10")))

    assert (found.slippage, found.effective) == (D(slippage), 2 * D(slippage))
    assert (found.of_width, found.improvement, found.of_half) == (D(of_width), D(improvement), D(of_half))


@pytest.mark.parametrize(("paid", "is_to_review"), [("2.60", False), ("2.61", True), ("1.40", False), ("1.39", True)])
def test_more_than_three_widths_is_looked_at_by_a_person(paid: str, is_to_review: bool) -> None:
    assert quality(D(paid), Market(D("1.90"), D("2.10"))).is_to_review is is_to_review


def test_without_a_width_nothing_is_divided() -> None:
    found = quality(D("2.01"), Market(D("2.00"), D("2.00")))

    assert (found.of_width, found.of_half, found.slippage) == (None, None, D("0.01"))


prices = st.decimals("-20", "20", places=2)


@given(paid=prices, best=prices, width=st.decimals("0.01", "5", places=2))
def test_improvement_and_slippage_make_up_half_the_width(paid: Decimal, best: Decimal, width: Decimal) -> None:
    market = Market(best, best + width)

    found = quality(paid, market)

    assert found.slippage + found.improvement == width / 2


def filled(*legs: Any, quotes: dict[str, tuple[str, str]], fills: list[Any], **ticket: Any) -> Order:
    account = make_account()
    order = make_sent_order(make_ticket(account, legs, **ticket), account=account)
    kept = {symbol: [bid, ask, 10, 10, NOW.isoformat()] for symbol, (bid, ask) in quotes.items()}
    Order.objects.filter(pk=order.pk).update(arrival={"mid": None, "quotes": kept}, sent_at=NOW - timedelta(seconds=3))
    order.refresh_from_db()
    apply_reports(order.connection.name, [fill(order, *fills, units=2)], now=utc_now())
    order.refresh_from_db()
    return order


def shown(order: Order) -> dict[str, Any]:
    user, _ = User.objects.get_or_create(username="reader", defaults={"password": "!"})
    AccountGrant.objects.get_or_create(user=user, account=order.account, role=Role.VIEWER)
    return cast("dict[str, Any]", detail(user, order.pk)["quality"])


@pytest.mark.django_db
def test_a_sale_s_page_says_what_it_gave_away() -> None:
    order = filled(quotes={PUT: ("3.00", "3.20")}, fills=[leg_fill("e1", 2, "3.06")])

    found = shown(order)

    assert (found["mid"], found["paid"], found["slippage"], found["cost"]) == ("-3.10", "-3.06", "0.04", "8.00")
    assert (found["of_width"], found["improvement"], found["of_half"]) == ("0.40", "0.06", "0.60")
    assert (found["filled"], found["of"], found["is_to_review"]) == (2, 2, False)
    client = Client()
    client.force_login(User.objects.get(username="reader"))
    assert "How well it filled" in client.get(reverse("order", args=[order.pk])).content.decode()


@pytest.mark.django_db
def test_a_combination_is_measured_as_a_whole() -> None:
    sold, bought = leg(PUT), leg(CALL, Side.BUY)
    order = filled(
        sold,
        bought,
        quotes={PUT: ("3.00", "3.20"), CALL: ("1.00", "1.10")},
        fills=[leg_fill("e1", 2, "3.10"), leg_fill("e2", 2, "1.08", side=Side.BUY, symbol=CALL, leg=1)],
        price_effect=PriceEffect.CREDIT,
        limit_price="1.90",
    )

    found = shown(order)

    # sold at the mid of 3.10, bought three cents above the mid of 1.05; natural -3.00 + 1.10, best -3.20 + 1.00
    assert (found["mid"], found["width"], found["paid"], found["slippage"]) == ("-2.05", "0.30", "-2.02", "0.03")
    assert found["of_width"] == "0.20"


@pytest.mark.django_db
@pytest.mark.parametrize("quotes", [{}, {PUT: ("None", "3.20")}])
def test_without_the_market_of_then_nothing_is_told(quotes: dict[str, tuple[str, str]]) -> None:
    order = filled(quotes=quotes, fills=[leg_fill("e1", 2, "3.06")])

    found = shown(order)

    assert (found["slippage"], found["mid"], found["cost"], found["is_to_review"]) == (None, None, None, None)


@pytest.mark.django_db
def test_what_has_not_filled_has_no_quality_yet() -> None:
    account = make_account()
    order = make_order(make_ticket(account), account=account)

    assert shown(order)["paid"] is None
