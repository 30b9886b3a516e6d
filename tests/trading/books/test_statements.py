"""The day's end: a statement for each account, held against the broker's book, that nobody can change afterwards."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson
import pytest
from django.db import IntegrityError, transaction
from rest_framework.test import APIClient

from allcore import live
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import ExchangeClock
from allcore.kernel.quotes import Greeks, Quote
from allcore.kernel.reports import BalanceReport, MassStatus, PositionReport
from brokers.models import Account
from marketdata.domain import wire
from marketdata.selectors.clock import FeedClock, as_dict
from risk.models import AccountGrant, Role
from tests.builders.orders import NOW, PUT, make_account, make_sent_order, make_ticket
from tests.builders.reports import fill, leg_fill
from trading.domain.books.statement import Book, differences, digest
from trading.domain.reconcile.doubts import Asked
from trading.models import BrokerBook, DayStatement, Position
from trading.services import reconcile
from trading.services.fund import deposit
from trading.services.monitor import PNL_KEY, POSITIONS_KEY, Monitor
from trading.services.settle import apply_reports

pytestmark = pytest.mark.django_db
CLOSE = datetime(2026, 3, 3, 21, 0, tzinfo=UTC)
SETTLED = CLOSE + timedelta(minutes=15)
LATEST = CLOSE + timedelta(hours=2)
SECOND = timedelta(seconds=1)
CASH = Decimal("100599.35")
VALUES = Greeks(price=3.0, iv=0.5, delta=-0.30, gamma=0.01, theta=-0.20, vega=0.10, rho=0.0)


@pytest.fixture(autouse=True)
def market() -> Iterator[None]:
    """An exchange whose clock is the system's, with two puts quoted at 2.40 to 2.60."""
    keys = (POSITIONS_KEY, PNL_KEY, wire.quotes_key("TSLA"), wire.greeks_key("TSLA"), wire.CLOCK_KEY)
    live.client().delete(*keys)
    feed = FeedClock(ExchangeClock(NOW, NOW), "SIMULATED", 0.04, NOW)
    live.client().set(wire.CLOCK_KEY, orjson.dumps(as_dict(feed)))
    quote = Quote(PUT, Decimal("2.40"), Decimal("2.60"), 10, 10, None, source_at=NOW, received_at=NOW, source="test")
    live.client().hset(wire.quotes_key("TSLA"), PUT, orjson.dumps(wire.quote_list(quote, NOW.isoformat())))
    live.client().hset(wire.greeks_key("TSLA"), PUT, orjson.dumps(wire.greeks_list(VALUES)))
    yield
    live.client().delete(*keys)


@pytest.fixture
def account() -> Account:
    """Two puts sold at 3.00; the fee is 0.65."""
    account = make_account()
    deposit(account, Decimal(100_000), NOW - timedelta(days=1), "Opening balance")
    order = make_sent_order(make_ticket(account, quantity=2), account)
    apply_reports("paper", [fill(order, leg_fill("e1", 2, "3.00"))], now=NOW)
    Position.objects.update(updated_at=NOW)
    return account


def tell(account: Account, *, at: datetime = SETTLED + SECOND, qty: int = -2, cash: Decimal = CASH) -> None:
    """Let the broker tell its whole book."""
    number = account.broker_account
    status = MassStatus(
        connection="paper",
        taken_at=at,
        orders=(),
        positions=(PositionReport(number, PUT, qty, Decimal("3.00")),),
        balances=(BalanceReport(number, cash),),
    )
    reconcile.apply(status, asked=Asked(since=NOW, is_healthy=True, indexes_our_ids=True), now=at)


def look(at: datetime = SETTLED + 2 * SECOND) -> None:
    Monitor().look(at)


def test_the_day_ends_with_a_statement_of_the_whole_account(account: Account) -> None:
    tell(account)

    look()

    made = DayStatement.objects.get()
    content = made.content
    assert (made.day.isoformat(), made.verdict, made.equity, made.day_pnl) == (
        "2026-03-03",
        "AGREES",
        Decimal("100099.35"),
        Decimal("99.35"),
    )
    money = content["money"]
    assert (money["cash"], money["fees"], money["unrealised"]) == ("100599.35", "0.65", "100.00")
    (position,) = content["positions"]
    assert (position["symbol"], position["qty"], position["mark"]) == (PUT, -2, "2.50")
    assert [(lot["qty"], lot["price"]) for lot in position["lots"]] == [(-2, "3.00")]
    assert (content["explained"]["total"], content["explained"]["missing"]) == ("99.35", 0)
    assert content["broker"]["positions"] == [{"symbol": PUT, "qty": -2, "avg_px": "3.00"}]
    assert content["differences"] == []


@pytest.mark.parametrize(("at", "made"), [(SETTLED - SECOND, 0), (SETTLED, 1), (SETTLED + SECOND, 1)])
def test_a_statement_waits_until_the_day_has_settled(account: Account, at: datetime, made: int) -> None:
    tell(account, at=SETTLED)

    look(at)

    assert DayStatement.objects.filter(day=CLOSE.date()).count() == made


def test_what_was_traded_today_settles_at_the_next_session(account: Account) -> None:
    tell(account)

    look()

    money = DayStatement.objects.get().content["money"]
    assert (money["cash"], money["settled_cash"], money["unsettled_cash"]) == ("100599.35", "100000.00", "599.35")


def test_a_statement_is_made_once(account: Account) -> None:
    tell(account)
    look()

    look(SETTLED + timedelta(minutes=5))

    assert DayStatement.objects.count() == 1
    assert AuditEntry.objects.filter(action="day.closed").count() == 1


def test_a_statement_waits_for_what_the_broker_says_after_the_day_has_settled(account: Account) -> None:
    tell(account, at=SETTLED - SECOND)

    look()

    assert not DayStatement.objects.exists()


def test_a_statement_does_not_wait_for_ever_and_says_that_the_broker_did_not_tell(account: Account) -> None:
    tell(account, at=SETTLED - SECOND)

    look(LATEST - SECOND)
    before = DayStatement.objects.count()
    look(LATEST)

    made = DayStatement.objects.get()
    assert (before, made.verdict, made.content["broker"]) == (0, "UNTOLD", None)


def test_what_differs_from_the_broker_is_in_the_statement_and_on_the_break_desk(account: Account) -> None:
    tell(account, qty=-3, cash=CASH + Decimal("0.06"))

    look()

    made = DayStatement.objects.get()
    assert made.verdict == "BREAKS"
    assert made.content["differences"] == [
        {"kind": "POSITION", "subject": PUT, "ours": "-2", "theirs": "-3"},
        {"kind": "CASH", "subject": "USD", "ours": "100599.35", "theirs": "100599.41"},
    ]
    assert account.breaks.filter(resolved_at=None).count() == 2


def test_an_account_without_a_mark_waits_and_is_then_stated_without_its_equity(account: Account) -> None:
    tell(account)
    live.client().delete(wire.quotes_key("TSLA"), wire.greeks_key("TSLA"))

    look()
    before = DayStatement.objects.count()
    look(LATEST)

    made = DayStatement.objects.get()
    assert (before, made.equity, made.content["explained"]["missing"]) == (0, None, 1)


def test_the_audit_trail_has_the_digest_of_what_the_statement_says(account: Account) -> None:
    tell(account)
    look()

    made = DayStatement.objects.get()
    entry = AuditEntry.objects.get(action="day.closed")
    assert entry.payload["digest"] == made.digest == digest(made.content)


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_lets_nobody_change_a_statement(account: Account, change: str) -> None:
    tell(account)
    look()
    rows = DayStatement.objects.all()

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        rows.update(equity=0) if change == "update" else rows.delete()


def test_an_older_answer_of_the_broker_does_not_replace_a_newer(account: Account) -> None:
    tell(account, at=SETTLED + SECOND)

    tell(account, at=SETTLED, qty=-9)

    assert BrokerBook.objects.get().positions == [[PUT, -2, "3.00"]]


@pytest.mark.parametrize(("cash", "differ"), [("100.05", 0), ("100.06", 1), ("99.94", 1), ("99.95", 0)])
def test_cash_may_differ_by_five_cents(cash: str, differ: int) -> None:
    ours, theirs = Book({}, Decimal(100)), Book({}, Decimal(cash))

    assert len(differences(ours, theirs)) == differ


def test_statements_are_read_by_who_may_see_the_account(account: Account) -> None:
    tell(account)
    look()
    client, stranger = APIClient(), APIClient()
    viewer = User.objects.create(username="viewer")
    AccountGrant.objects.create(user=viewer, account=account, role=Role.VIEWER)
    client.force_authenticate(viewer)
    stranger.force_authenticate(User.objects.create(username="stranger"))

    listed = client.get("/api/v1/statements/").json()["results"]
    whole = client.get(f"/api/v1/statements/{account.code}/2026-03-03/")
    hidden = stranger.get(f"/api/v1/statements/{account.code}/2026-03-03/")
    wrong = client.get(f"/api/v1/statements/{account.code}/tomorrow/")

    assert [(row["day"], row["verdict"], row["equity"]) for row in listed] == [("2026-03-03", "AGREES", "100099.35")]
    assert (whole.status_code, whole.json()["is_whole"]) == (200, True)
    assert (hidden.status_code, wrong.status_code) == (404, 400)
