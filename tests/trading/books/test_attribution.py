"""What was made belongs somewhere: in each dimension the parts are the whole, to the cent."""

from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allcore.kernel.money import to_cents
from allcore.kernel.orders import PositionEffect, Side
from brokers.models import Account
from tests.builders.orders import CALL, NOW, PUT, SHARE, leg, make_account, make_sent_order, make_ticket
from tests.builders.reports import fill, leg_fill
from trading.domain.books.attribution import by
from trading.models import Position
from trading.selectors.attribution import DIMENSIONS, open_parts, parts
from trading.selectors.books import cash
from trading.services.fund import deposit
from trading.services.settle import apply_reports

pytestmark = pytest.mark.django_db
CAPITAL = Decimal(1_000_000)
NUMBERS = count(1)
trades = st.tuples(
    st.sampled_from([SHARE, PUT, CALL]), st.integers(-5, 5).filter(bool), st.decimals("0.01", "400", places=4)
)


def trade(account: Account, name: str, symbol: str, qty: int, px: Decimal) -> None:
    side = Side.BUY if qty > 0 else Side.SELL
    ticket = make_ticket(account, [leg(symbol, side, PositionEffect.OPEN)], quantity=abs(qty))
    order = make_sent_order(ticket, account, origin=name)
    said = leg_fill(name, abs(qty), str(px), side=side, symbol=symbol, fee=Decimal("0.6547"))
    apply_reports("paper", [fill(order, said)], now=NOW)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(trades, min_size=1, max_size=5),
    st.fixed_dictionaries({symbol: st.decimals("0", "400", places=3) for symbol in (SHARE, PUT, CALL)}),
)
def test_the_parts_sum_to_the_account_s_pnl(
    db: None, done: list[tuple[str, int, Decimal]], marks: dict[str, Decimal]
) -> None:
    account = make_account(f"a{next(NUMBERS)}")
    deposit(account, CAPITAL, NOW - timedelta(days=1), "Opening balance")
    for n, (symbol, qty, px) in enumerate(done):
        trade(account, f"{account.code}-{n}", symbol, qty, px)
    held = Position.objects.filter(account=account).select_related("instrument")
    worth = sum((p.qty * marks[p.instrument.symbol] * p.instrument.multiplier for p in held), Decimal(0))

    found = parts([account]) + open_parts([account], {(account.code, symbol): px for symbol, px in marks.items()})

    pnl = to_cents(cash(account) + worth - CAPITAL)
    assert {name: sum(by(found, name).values(), Decimal(0)) for name in DIMENSIONS} == dict.fromkeys(DIMENSIONS, pnl)


def test_a_position_without_a_mark_is_in_no_sum(db: None) -> None:
    account = make_account()
    deposit(account, CAPITAL, NOW - timedelta(days=1), "Opening balance")
    trade(account, "a", SHARE, 5, Decimal(300))

    assert open_parts([account], {}) == []
