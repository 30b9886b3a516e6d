"""What is around an order, from real rows: losses, results, the week, the day's openings, the calendar."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from allcore.kernel.orders import PositionEffect, Side
from allcore.kernel.tickets import OrderTicket
from brokers.models import Account
from marketdata.models import MarketEvent
from risk.domain.circumstances import Circumstances
from tests.builders.orders import (
    CALL,
    NOW,
    PUT,
    SHARE,
    leg,
    make_account,
    make_order,
    make_sent_order,
    make_share,
    make_ticket,
)
from tests.builders.reports import fill, leg_fill
from trading.models import EquityPoint, Order, OrderRequest
from trading.selectors.facts import facts
from trading.services.fund import deposit
from trading.services.settle import apply_reports

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return make_account()


def trade(account: Account, name: str, qty: int, px: str, *, symbol: str = SHARE, days: float = 0) -> Order:
    side = Side.BUY if qty > 0 else Side.SELL
    ticket = make_ticket(account, [leg(symbol, side, PositionEffect.OPEN)], quantity=abs(qty))
    order = make_sent_order(ticket, account, origin=name)
    said = fill(order, leg_fill(name, abs(qty), px, side=side, symbol=symbol), at=NOW + timedelta(days=days))
    apply_reports("paper", [said], now=NOW)
    return order


def opening(account: Account, symbol: str = SHARE, side: Side = Side.BUY) -> OrderTicket:
    return make_ticket(account, [leg(symbol, side, PositionEffect.OPEN)])


def seen(account: Account, ticket: OrderTicket | None = None, *, days: float = 0, **who: object) -> Circumstances:
    at = NOW + timedelta(days=days)
    return facts(account, ticket or opening(account), now=NOW, exchange_now=at, **who).around  # type: ignore[arg-type]


def lose(account: Account) -> None:
    trade(account, "a", 100, "300")
    trade(account, "b", -100, "290", days=1)


@pytest.mark.parametrize(("days", "is_told"), [(30.9, True), (31.01, False)])
def test_a_loss_washes_for_thirty_days(account: Account, days: float, is_told: bool) -> None:
    lose(account)

    washing = seen(account, days=days).washing

    assert (washing is not None) is is_told
    if washing is not None:
        assert (washing.account, washing.dollars) == (account.code, Decimal(1000))


def test_a_loss_washes_its_own_side_of_the_name_alone(account: Account) -> None:
    lose(account)

    assert seen(account, opening(account, PUT, Side.SELL), days=2).washing is not None
    assert seen(account, opening(account, CALL, Side.BUY), days=2).washing is not None
    assert seen(account, opening(account, PUT, Side.BUY), days=2).washing is None
    assert seen(account, opening(account, CALL, Side.SELL), days=2).washing is None


def test_an_order_that_opens_nothing_washes_nothing(account: Account) -> None:
    lose(account)

    closing = make_ticket(account, [leg(SHARE, Side.SELL, PositionEffect.CLOSE)])

    assert seen(account, closing, days=2).washing is None


def test_results_are_by_closing_the_newest_first(account: Account) -> None:
    trade(account, "a", 60, "300")
    trade(account, "b", 40, "280")
    trade(account, "c", -100, "290", days=1)  # two lots, one closing: -600 and +400
    trade(account, "d", 10, "300", days=2)
    trade(account, "e", -10, "301", days=3)

    assert seen(account, days=4).results == (Decimal(10), Decimal(-200))


def test_what_short_options_realised_is_of_today_alone(account: Account) -> None:
    trade(account, "a", -1, "4.00", symbol=PUT)
    trade(account, "b", 1, "6.50", symbol=PUT, days=0.01)

    assert seen(account, days=0.02).realised_today == {"P": Decimal(-250)}
    assert seen(account, days=1).realised_today == {}


def test_the_week_began_with_the_last_close_before_it_and_what_was_put_in_since(account: Account) -> None:
    friday = NOW - timedelta(days=4)
    for at, equity in ((friday - timedelta(days=1), 90), (friday, 100), (NOW - timedelta(days=1), 80)):
        EquityPoint.objects.create(
            account=account, at=at, equity=equity, cash=equity, realised=0, unrealised=0, is_close=True
        )
    deposit(account, Decimal(7), NOW, "In")

    assert NOW.weekday() == 1  # Tuesday
    assert seen(account).week_opened_with == 107


def opened(account: Account, name: str, **changes: object) -> Order:
    order = make_order(opening(account), account, origin=name)
    Order.objects.filter(pk=order.pk).update(
        cl_ord_id=name, unit_notional=Decimal(250), trade_date=NOW.date(), order_qty=10, leaves_qty=6, cum_qty=4
    )
    Order.objects.filter(pk=order.pk).update(**changes)
    return order


def test_the_day_counts_what_filled_and_what_still_may_of_every_other_order(account: Account) -> None:
    mine = opened(account, "one")
    opened(account, "two", leaves_qty=0)
    opened(account, "yesterday", trade_date=NOW.date() - timedelta(days=1))
    opened(account, "closing", unit_notional=None)

    assert seen(account).opened_today == 14 * 250
    assert seen(account, replaced=mine.pk).opened_today == 4 * 250


def test_the_changes_of_the_order_itself_are_counted(account: Account) -> None:
    order, other = (make_order(opening(account), account, origin=name) for name in ("one", "two"))
    for n, of in enumerate((order, order, other)):
        OrderRequest.objects.create(
            order=of, account=account, connection=of.connection, kind="REPLACE", cl_ord_id=f"R{n}", created_at=NOW
        )

    assert seen(account, replaced=order.pk).replaces == 2
    assert seen(account).replaces == 0


def test_the_calendar_of_the_name_is_known(account: Account) -> None:
    share = make_share()
    MarketEvent.objects.create(instrument=share, kind="EARNINGS", day=date(2026, 3, 5))
    MarketEvent.objects.create(instrument=share, kind="EX_DIVIDEND", day=date(2026, 3, 6), amount=Decimal("0.4"))

    around = seen(account)

    assert around.earnings == {date(2026, 3, 5)}
    assert [(d.ex_date, d.amount) for d in around.dividends] == [(date(2026, 3, 6), Decimal("0.4000"))]
