"""Interest and borrow fees in the books: cash that comes or goes without a trade."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest

from allcore import live
from allcore.accounts.models import User
from allcore.kernel.clock import ExchangeClock
from allcore.kernel.instruments import InstrumentKind
from allcore.kernel.reports import CURRENCY, BookKind, BookReport
from brokers.models import Account
from marketdata.domain import wire
from marketdata.models import Instrument
from marketdata.selectors.clock import FeedClock, as_dict
from risk.models import AccountGrant, Role
from tests.builders.orders import NOW, SHARE, make_account, make_share
from trading.models import BookEvent, CashBalance, LedgerEntry, Position, Quarantine
from trading.selectors import explained, pnl
from trading.services import rebuild
from trading.services.fund import deposit
from trading.services.settle import apply_reports

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    account = make_account()
    deposit(account, Decimal(1_000), NOW - timedelta(days=1), "Opening balance")
    return account


def charge(account: Account, kind: BookKind, symbol: str, cash: str, *, qty: int = 0, name: str = "i1") -> BookReport:
    return BookReport(
        kind=kind,
        connection="paper",
        account=account.broker_account,
        event_id=name,
        symbol=symbol,
        qty=qty,
        px=Decimal(0),
        transact_at=NOW,
        cash=Decimal(cash),
    )


def test_interest_is_income_of_cash_and_is_booked_once(account: Account) -> None:
    report = charge(account, BookKind.INTEREST, CURRENCY, "-12.34")

    apply_reports("paper", [report], now=NOW)
    apply_reports("paper", [report], now=NOW)

    assert BookEvent.objects.count() == 1
    assert CashBalance.objects.get(account=account).cash == Decimal("987.66")
    entries = LedgerEntry.objects.exclude(ledger="CAPITAL").filter(book_event__isnull=False)
    assert sorted((e.ledger, e.amount) for e in entries) == [
        ("CASH", Decimal("-12.34")),
        ("INCOME", Decimal("12.34")),
    ]
    position = Position.objects.get(account=account)
    assert (position.instrument.symbol, position.qty, position.income) == (CURRENCY, 0, Decimal("-12.34"))
    money = Instrument.objects.get(symbol=CURRENCY)
    assert (money.kind, money.is_active) == (InstrumentKind.CASH, False)


def test_a_charge_counts_into_equity_and_the_days_result(account: Account) -> None:
    make_share()
    apply_reports("paper", [charge(account, BookKind.INTEREST, CURRENCY, "5.00")], now=NOW)
    apply_reports("paper", [charge(account, BookKind.BORROW_FEE, SHARE, "-2.00", qty=-100, name="b1")], now=NOW)

    [own] = pnl.read(NOW, [account])
    valued = pnl.valued(own, quotes={}, greeks={}, last={}, peak=Decimal(0), now=NOW)

    assert (own.income, valued.equity) == (Decimal("3.00"), Decimal("1003.00"))
    assert [(p.line.symbol, p.day_pnl) for p in valued.positions] == [
        (CURRENCY, Decimal("5.00")),
        (SHARE, Decimal("-2.00")),
    ]


def test_a_day_of_nothing_but_interest_is_explained(account: Account) -> None:
    user = User.objects.create_user("viewer", password=None)
    AccountGrant.objects.create(user=user, account=account, role=Role.VIEWER)
    feed = FeedClock(ExchangeClock(NOW, NOW), "SIMULATED", 0.04, NOW)
    live.client().set(wire.CLOCK_KEY, orjson.dumps(as_dict(feed)))
    apply_reports("paper", [charge(account, BookKind.INTEREST, CURRENCY, "5.00")], now=NOW)

    [row] = explained.rows(user, NOW)
    live.client().delete(wire.CLOCK_KEY)

    assert (row["events"], row["total"], row["missing"]) == ("5.00", "5.00", 0)


def test_a_rebuild_leaves_charges_as_they_are(account: Account) -> None:
    apply_reports("paper", [charge(account, BookKind.INTEREST, CURRENCY, "5.00")], now=NOW)

    found = rebuild.books(account.code, check=False, now=NOW)

    assert found == []
    assert Position.objects.get(account=account).income == Decimal("5.00")
    assert CashBalance.objects.get(account=account).cash == Decimal("1005.00")


@pytest.mark.parametrize(("kind", "symbol"), [(BookKind.INTEREST, SHARE), (BookKind.DIVIDEND, CURRENCY)])
def test_interest_is_of_cash_and_nothing_else_is(account: Account, kind: BookKind, symbol: str) -> None:
    report = replace(charge(account, kind, symbol, "5.00"), amount=Decimal(1))

    apply_reports("paper", [report], now=NOW)

    assert Quarantine.objects.get().code == "INCOMPLETE_BOOKING"
    assert not BookEvent.objects.exists()
