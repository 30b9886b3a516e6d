"""Corporate actions as two people enter them, and what they do to the paper broker's books and to ours."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import orjson
import pytest
from django.test import Client

from allcore import live
from allcore.accounts.actors import Actor
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import ExchangeClock, utc_now
from allcore.kernel.errors import DeskError, ForbiddenError, NotFoundError
from allcore.kernel.orders import PositionEffect, Side
from allcore.kernel.reports import BookKind, BookReport
from brokers.models import Account
from brokers.paper.actions import Standing
from marketdata.domain import wire
from marketdata.selectors.clock import FeedClock, as_dict
from risk.models import Role
from tests.brokers.floors import Floor
from tests.builders.orders import CALL, NOW, SHARE, leg, make_account, make_sent_order, make_share, make_ticket
from tests.builders.paper import ACCOUNT, holding
from tests.builders.reports import fill, leg_fill
from tests.builders.risk import person
from trading.gateway.knowledge import announced
from trading.models import CorporateAction, Position
from trading.selectors.books import cash
from trading.services import corporate_actions
from trading.services.corporate_actions import ActionDecidedError, Announcement, BadActionError
from trading.services.fund import deposit
from trading.services.settle import apply_reports

pytestmark = pytest.mark.django_db
TODAY = date(2026, 3, 3)
EX = date(2026, 3, 4)
EX_OPENS = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)
PAID = date(2026, 3, 5)
PAID_OPENS = datetime(2026, 3, 5, 14, 30, tzinfo=UTC)
SPLIT = Announcement(BookKind.SPLIT, SHARE, EX, ratio_new=2)
DIVIDEND = Announcement(BookKind.DIVIDEND, SHARE, EX, pay_date=PAID, amount=Decimal("0.75"))


def say_it_is(exchange_now: datetime) -> None:
    """Let the exchange's clock, as requests read it, show that time."""
    feed = FeedClock(ExchangeClock(utc_now(), exchange_now), "SIMULATED", 0.04, exchange_now)
    live.client().set(wire.CLOCK_KEY, orjson.dumps(as_dict(feed)))


@pytest.fixture(autouse=True)
def market() -> Iterator[None]:
    feed = FeedClock(ExchangeClock(NOW, NOW), "SIMULATED", 0.04, NOW)
    live.client().set(wire.CLOCK_KEY, orjson.dumps(as_dict(feed)))
    make_share()
    yield
    live.client().delete(wire.CLOCK_KEY)


@pytest.fixture
def admin() -> Actor:
    return person("ada", Role.ADMIN)


@pytest.fixture
def officer() -> Actor:
    return person("rita", Role.RISK_OFFICER)


def confirmed(announced_: Announcement, admin: Actor, officer: Actor) -> CorporateAction:
    made = corporate_actions.enter(announced_, actor=admin, now=NOW)
    return corporate_actions.decide(made.pk, confirm=True, actor=officer, now=NOW)


def test_an_action_comes_to_the_broker_once_another_person_confirmed_it(admin: Actor, officer: Actor) -> None:
    made = corporate_actions.enter(SPLIT, actor=admin, now=NOW)
    before = announced(SHARE, TODAY)

    corporate_actions.decide(made.pk, confirm=True, actor=officer, now=NOW)

    assert before == []
    assert [(a.action_id, a.kind, a.ratio_new, a.ratio_old) for a in announced(SHARE, EX)] == [
        (str(made.pk), BookKind.SPLIT, 2, 1)
    ]
    assert announced(SHARE, EX + timedelta(days=1)) == []
    entries = AuditEntry.objects.filter(subject=f"corporate_action:{made.pk}").order_by("pk")
    assert [entry.action for entry in entries] == ["corporate_action.entered", "corporate_action.confirmed"]


def test_nobody_confirms_what_they_entered_and_no_token_does(admin: Actor, officer: Actor) -> None:
    made = corporate_actions.enter(SPLIT, actor=admin, now=NOW)

    for actor in (admin, replace(officer, via="token")):
        with pytest.raises(ForbiddenError):
            corporate_actions.decide(made.pk, confirm=True, actor=actor, now=NOW)

    assert announced(SHARE, TODAY) == []


def test_what_was_confirmed_can_be_withdrawn_until_it_goes_ex(admin: Actor, officer: Actor) -> None:
    made = confirmed(SPLIT, admin, officer)

    corporate_actions.decide(made.pk, confirm=False, actor=officer, now=NOW)

    assert announced(SHARE, TODAY) == []
    with pytest.raises(ActionDecidedError):
        corporate_actions.decide(made.pk, confirm=True, actor=officer, now=NOW)
    late = confirmed(DIVIDEND, admin, officer)
    with pytest.raises(ActionDecidedError):
        corporate_actions.decide(late.pk, confirm=False, actor=officer, now=EX_OPENS)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (replace(SPLIT, ex_date=TODAY), BadActionError),
        (replace(SPLIT, ratio_new=1), BadActionError),
        (replace(SPLIT, amount=Decimal(1)), BadActionError),
        (replace(DIVIDEND, amount=None), BadActionError),
        (replace(DIVIDEND, amount=Decimal(0)), BadActionError),
        (replace(DIVIDEND, pay_date=TODAY), BadActionError),
        (Announcement(BookKind.SYMBOL_CHANGE, SHARE, EX), BadActionError),
        (replace(SPLIT, symbol="NOBODY"), NotFoundError),
    ],
)
def test_an_action_that_contradicts_itself_is_not_entered(
    wrong: Announcement, error: type[DeskError], admin: Actor
) -> None:
    with pytest.raises(error):
        corporate_actions.enter(wrong, actor=admin, now=NOW)

    assert not CorporateAction.objects.exists()


def test_there_is_one_of_a_kind_a_share_and_a_day(admin: Actor, officer: Actor) -> None:
    corporate_actions.enter(SPLIT, actor=admin, now=NOW)

    with pytest.raises(BadActionError):
        corporate_actions.enter(replace(SPLIT, ratio_new=3), actor=admin, now=NOW)


def test_only_who_keeps_the_house_enters(officer: Actor) -> None:
    with pytest.raises(ForbiddenError):
        corporate_actions.enter(SPLIT, actor=officer, now=NOW)


def test_an_action_is_entered_confirmed_and_listed_over_the_api(admin: Actor, officer: Actor) -> None:
    say_it_is(NOW)
    browser = Client()
    browser.force_login(admin.user)
    body = {"kind": "DIVIDEND", "symbol": SHARE, "ex_date": "2026-03-04", "pay_date": "2026-03-05", "amount": "0.75"}
    made = browser.post(
        "/api/v1/corporate-actions/", body, content_type="application/json", headers={"Idempotency-Key": "one"}
    )
    browser.force_login(officer.user)
    decided = browser.post(
        f"/api/v1/corporate-actions/{made.json()['id']}/decision/",
        {"state": "CONFIRMED"},
        content_type="application/json",
        headers={"Idempotency-Key": "two"},
    )

    listed = browser.get("/api/v1/corporate-actions/").json()["results"]

    assert (made.status_code, decided.status_code) == (201, 200)
    assert [(row["symbol"], row["amount"], row["state"], row["decided_by"]) for row in listed] == [
        (SHARE, "0.75", "CONFIRMED", "rita")
    ]


def trade(account: Account, name: str, qty: int, px: str, symbol: str) -> None:
    side = Side.BUY if qty > 0 else Side.SELL
    ticket = make_ticket(account, [leg(symbol, side, PositionEffect.OPEN)], quantity=abs(qty))
    order = make_sent_order(ticket, account, origin=name)
    said = leg_fill(name, abs(qty), px, side=side, symbol=symbol, fee=Decimal(0))
    apply_reports("paper", [fill(order, said)], now=NOW)


def test_a_dividend_and_a_split_change_the_brokers_books_and_ours_alike(admin: Actor, officer: Actor) -> None:
    account = make_account()
    Account.objects.update(broker_account=ACCOUNT)
    account.refresh_from_db()
    deposit(account, Decimal(131_000), NOW - timedelta(days=1), "Opening balance")
    trade(account, "a", 100, "300", SHARE)
    trade(account, "b", -2, "5", CALL)  # the cash is 102,000 now
    for announcement in (DIVIDEND, SPLIT):
        confirmed(announcement, admin, officer)
    standing = Standing(through=TODAY)
    floor = Floor(replace(holding({SHARE: 100, CALL: -2}, cash="102000"), standing=standing), has_actions=True)

    for opens, day in ((EX_OPENS, EX), (PAID_OPENS, PAID)):
        floor.exchange.agent.learn(SHARE, day, announced(SHARE, TODAY))
        floor.go(opens)
    said = [r for change in floor.changes for r in change.reports if isinstance(r, BookReport)]
    apply_reports("paper", said, now=PAID_OPENS)

    theirs = floor.exchange.account(ACCOUNT)
    assert theirs is not None
    ours = dict(Position.objects.exclude(qty=0).values_list("instrument__symbol", "qty"))
    assert ours == {symbol: held.qty for symbol, held in theirs.holdings.items()}
    assert ours == {SHARE: 200, "TSLA  260306C00130000": -4}
    assert cash(account) == theirs.cash == Decimal(102075)
