"""What a person says of lots: a method for an account, names for one order."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import orjson
import pytest
from django.test import Client

from allcore import live
from allcore.accounts.actors import Actor
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import ExchangeClock, utc_now
from allcore.kernel.errors import ForbiddenError, NotFoundError
from allcore.kernel.orders import PositionEffect, Side
from brokers.models import Account
from marketdata.domain import wire
from marketdata.selectors.clock import FeedClock, as_dict
from risk.models import Role
from tests.builders.orders import NOW, SHARE, leg, make_account, make_sent_order, make_ticket
from tests.builders.reports import fill, leg_fill
from tests.builders.risk import person
from trading.domain.books.lots import LotMethod
from trading.models import LotInstruction, Order, Position
from trading.selectors.lots import rows
from trading.services import lot_methods
from trading.services.elections import NoSuchLotError, PastElectionError, Wish
from trading.services.fund import deposit
from trading.services.lot_methods import OrderHasFilledError
from trading.services.settle import apply_reports

pytestmark = pytest.mark.django_db


def say_it_is(exchange_now: datetime) -> None:
    """Let the exchange's clock, as requests read it, show that time."""
    feed = FeedClock(ExchangeClock(utc_now(), exchange_now), "SIMULATED", 0.04, exchange_now)
    live.client().set(wire.CLOCK_KEY, orjson.dumps(as_dict(feed)))


@pytest.fixture(autouse=True)
def market() -> Iterator[None]:
    feed = FeedClock(ExchangeClock(NOW, NOW), "SIMULATED", 0.04, NOW)
    live.client().set(wire.CLOCK_KEY, orjson.dumps(as_dict(feed)))
    yield
    live.client().delete(wire.CLOCK_KEY)


@pytest.fixture
def account() -> Account:
    account = make_account()
    deposit(account, Decimal(1_000_000), NOW - timedelta(days=1), "Opening balance")
    traded(sent(account, "a", 10), "a", 10, "300")
    traded(sent(account, "b", 10), "b", 10, "310", minutes=1)
    return account


@pytest.fixture
def trader(account: Account) -> Actor:
    return person("tess", Role.TRADER, account=account)


def sent(account: Account, name: str, qty: int) -> Order:
    side, effect = (Side.BUY, PositionEffect.OPEN) if qty > 0 else (Side.SELL, PositionEffect.CLOSE)
    return make_sent_order(make_ticket(account, [leg(SHARE, side, effect)], quantity=abs(qty)), account, origin=name)


def traded(order: Order, name: str, qty: int, px: str, *, minutes: int = 0) -> None:
    side = Side.BUY if qty > 0 else Side.SELL
    said = leg_fill(name, abs(qty), px, side=side, symbol=SHARE, fee=Decimal(0))
    apply_reports(
        "paper", [fill(order, said, at=NOW + timedelta(minutes=minutes))], now=NOW + timedelta(minutes=minutes)
    )


def realised() -> Decimal:
    return Position.objects.get().realised


def lots_of(actor: Actor) -> list[tuple[object, object]]:
    (row,) = rows(actor.user, NOW)
    found = row["lots"]
    assert isinstance(found, list)
    return [(lot["lot"], lot["qty"]) for lot in found]


def test_an_elected_method_holds_from_today_and_is_on_record(account: Account, trader: Actor) -> None:
    lot_methods.elect("gen", LotMethod.LIFO, effective_from=None, actor=trader, now=NOW)

    traded(sent(account, "c", -10), "c", -10, "320", minutes=2)

    assert realised() == Decimal(100)
    (row,) = rows(trader.user, NOW)
    assert (row["method"], row["since"], row["later"]) == ("lifo", "2026-03-03", [])
    entry = AuditEntry.objects.get(action="books.lot_method")
    assert (entry.actor, entry.payload["method"]) == (trader.name, "lifo")


def test_a_method_for_later_waits_and_one_for_the_past_is_refused(account: Account, trader: Actor) -> None:
    tomorrow = NOW.date() + timedelta(days=1)
    lot_methods.elect("gen", LotMethod.AVERAGE, effective_from=tomorrow, actor=trader, now=NOW)

    (row,) = rows(trader.user, NOW)

    assert (row["method"], row["later"]) == ("fifo", [{"method": "average", "effective_from": "2026-03-04"}])
    with pytest.raises(PastElectionError):
        lot_methods.elect("gen", LotMethod.LIFO, effective_from=NOW.date() - timedelta(days=1), actor=trader, now=NOW)


def test_who_may_not_send_orders_says_nothing_of_lots(account: Account) -> None:
    viewer = person("vera", Role.VIEWER, account=account)
    closing = sent(account, "c", -10)

    with pytest.raises(ForbiddenError):
        lot_methods.elect("gen", LotMethod.LIFO, effective_from=None, actor=viewer, now=NOW)
    with pytest.raises(ForbiddenError):
        lot_methods.instruct(closing.pk, [], actor=viewer, now=NOW)
    with pytest.raises(NotFoundError):
        lot_methods.elect("nobody", LotMethod.LIFO, effective_from=None, actor=viewer, now=NOW)


def test_an_order_takes_the_lots_that_were_named_last(account: Account, trader: Actor) -> None:
    (older, _), (newer, _) = lots_of(trader)
    closing = sent(account, "c", -10)
    lot_methods.instruct(closing.pk, [Wish(0, str(older), 10)], actor=trader, now=NOW)

    lot_methods.instruct(closing.pk, [Wish(0, str(newer), 10)], actor=trader, now=NOW)

    traded(closing, "c", -10, "320", minutes=2)
    assert realised() == Decimal(100)
    assert lots_of(trader) == [(older, 10)]
    assert AuditEntry.objects.filter(action="order.lots_named").count() == 2


def test_a_lot_that_is_not_there_leaves_the_names_as_they_were(account: Account, trader: Actor) -> None:
    (older, _), _ = lots_of(trader)
    closing = sent(account, "c", -10)
    lot_methods.instruct(closing.pk, [Wish(0, str(older), 10)], actor=trader, now=NOW)

    with pytest.raises(NoSuchLotError):
        lot_methods.instruct(closing.pk, [Wish(0, str(older), 11)], actor=trader, now=NOW)

    assert [(one.position, one.qty) for one in LotInstruction.objects.all()] == [(0, 10)]


def test_lots_are_named_before_the_first_fill(account: Account, trader: Actor) -> None:
    (older, _), _ = lots_of(trader)
    closing = sent(account, "c", -10)
    traded(closing, "c", -4, "320", minutes=2)

    with pytest.raises(OrderHasFilledError):
        lot_methods.instruct(closing.pk, [Wish(0, str(older), 6)], actor=trader, now=NOW)


def test_both_are_said_over_the_api(account: Account, trader: Actor) -> None:
    say_it_is(NOW)
    browser = Client()
    browser.force_login(trader.user)
    closing = sent(account, "c", -10)

    def post(path: str, body: object, key: str) -> tuple[int, dict[str, object]]:
        answer = browser.post(
            f"/api/v1/{path}", body, content_type="application/json", headers={"Idempotency-Key": key}
        )
        return answer.status_code, answer.json()

    elected = post("accounts/gen/lot-method/", {"method": "lifo"}, "one")
    (older, _), _ = lots_of(trader)
    named = post(f"orders/{closing.pk}/lots/", {"lots": [{"lot": older, "qty": 10}]}, "two")

    assert elected == (201, {"account": "gen", "method": "lifo", "effective_from": "2026-03-03"})
    assert named == (200, {"order_id": str(closing.pk), "lots": [{"leg": 0, "lot": older, "qty": 10}]})
    assert browser.get("/api/v1/lots/").json()["results"][0]["method"] == "lifo"
