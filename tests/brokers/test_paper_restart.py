"""The same seed and the same tape give the same fills, in one session or in many."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from allcore.kernel.orders import OrdType
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from brokers.models import Account, Connection, PaperAccount
from brokers.paper.draws import draw
from brokers.paper.exchange import Exchange
from brokers.paper.model import REALISTIC
from brokers.paper.moment import Moment
from brokers.paper.records import Change, FillRecord, OrderRecord, Status
from brokers.paper.store import Snapshot
from brokers.services.paper_store import DatabaseStore
from tests.brokers.floors import TERMS
from tests.builders.paper import ACCOUNT, OPEN_AT, PUT, buy, holding, sell

SECONDS = 120
MODEL = replace(REALISTIC, hazard_near=0.05, hazard_mid=0.1, hazard_far=0.3)
TRAILING = replace(sell(PUT, qty=3), ord_type=OrdType.TRAILING_STOP, trail_amount=Decimal("0.05"))
ORDERS: dict[str, OrderTicket] = {
    "INSIDE": buy(PUT, "4.05", qty=25),
    "NEAR": buy(PUT, "4.00", qty=5),
    "TAKER": buy(PUT, "4.60", qty=40),
    "SELLER": sell(PUT, "4.30", qty=6),
    "TRAIL": TRAILING,
}


def tape() -> list[Quote]:
    """Return a market that walks, one quote a second, with trades at either side."""
    bid, volume, quotes = 400, 0, []
    for n in range(SECONDS):
        bid += int(draw("tape", "step", n) * 5) - 2
        volume += int(draw("tape", "volume", n) * 8)
        size = 5 + int(draw("tape", "size", n) * 20)
        last = bid if draw("tape", "side", n) < 0.5 else bid + 10
        at = OPEN_AT + timedelta(seconds=n)
        low, high, print_ = (Decimal(cents) / 100 for cents in (bid, bid + 10, last))
        quotes.append(Quote(PUT, low, high, size, size, print_, at, at, "test", volume))
    return quotes


def session(snapshot: Snapshot, seed: str) -> Exchange:
    return Exchange(snapshot, replace(TERMS, model=MODEL, seed=seed))


def orders() -> list[OrderRecord]:
    return [OrderRecord(name, name, ACCOUNT, t, Status.PENDING, OPEN_AT, OPEN_AT) for name, t in ORDERS.items()]


def step(exchange: Exchange, quote: Quote) -> list[Change]:
    return exchange.advance(Moment(quote.received_at, quote.source_at, {PUT: quote}, frozenset({PUT})))


def what(fills: list[FillRecord]) -> list[tuple[object, ...]]:
    return [(f.exec_id, f.qty, f.px, f.transact_at, f.why["rule"]) for f in fills]


def in_one_session(seed: str = "s") -> list[tuple[object, ...]]:
    exchange = session(Snapshot({ACCOUNT: holding({PUT: 9}, cash="100000")}, (), (), {}, {}), seed)
    for order in orders():
        exchange.take_order(order)
    return what([fill for quote in tape() for change in step(exchange, quote) for fill in change.fills])


def test_the_same_seed_gives_the_same_fills_and_another_seed_others() -> None:
    first = in_one_session()

    assert first == in_one_session()
    assert first != in_one_session("t")
    assert {rule for *_, rule in first} >= {"MARKETABLE", "MET"}
    assert {str(name).rsplit("-", 1)[0] for name, *_ in first} >= {"INSIDE", "TAKER", "TRAIL"}


@pytest.mark.django_db
@pytest.mark.parametrize("every", [1, 7, 30])
def test_a_restart_in_mid_order_changes_no_fill(every: int) -> None:
    paper = Connection.objects.create(name="paper", broker="paper", environment="PAPER")
    account = PaperAccount.objects.create(number=ACCOUNT, cash=Decimal(100_000))
    account.positions.create(symbol=PUT, qty=9, avg_px=Decimal(1))
    Account.objects.create(
        code="gen", name="Gen", tier="gen", connection=paper, broker_account=ACCOUNT, baseline=Decimal(0)
    )
    store = DatabaseStore("paper")
    store.write([Change(orders=tuple(orders()))])
    fills: list[FillRecord] = []
    exchange = session(store.load(), "s")

    for n, quote in enumerate(tape()):
        if n % every == 0:
            exchange = session(store.load(), "s")
        changes = step(exchange, quote)
        store.write(changes)
        fills += [fill for change in changes for fill in change.fills]

    assert what(fills) == in_one_session()
    kept = store.history(OPEN_AT).fills
    assert sorted(what(list(kept)), key=str) == sorted(what(fills), key=str)
