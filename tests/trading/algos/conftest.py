"""A seeded desk whose one connection is up, with a narrow option spread in an open market."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.demo.seed import seed
from allcore.kernel.clock import ExchangeClock, utc_now
from allcore.kernel.orders import OrdStatus
from allcore.kernel.tickets import OrderTicket
from brokers.models import Account, Connection
from marketdata.domain.feeds import parse
from marketdata.selectors import clock, quotes
from risk.models import AccountGrant, Limit, Role
from risk.services import gate
from tests.builders import market
from trading.domain.proposals.card import Reasons
from trading.domain.tickets import complete
from trading.models import AlgoChild, AlgoRun, Order, OrderEvent, ParameterSet, Proposal
from trading.selectors import exposures
from trading.services.advance import advance
from trading.services.algos.engine import Engine
from trading.services.algos.start import Wish, start
from trading.services.claim import claim_batch
from trading.services.offer import Offer, offer

STOCK = "AAPL"
EXPIRY = date(2026, 6, 12)
SHORT, WING = market.option(STOCK, EXPIRY, "P", 190), market.option(STOCK, EXPIRY, "P", 185)
MULTIPLIERS = {SHORT: 100, WING: 100}
PRICES = {STOCK: ("199.98", "200.02"), SHORT: ("1.40", "1.46"), WING: ("0.78", "0.82")}


@pytest.fixture
def desk(db: None) -> Iterator[Connection]:
    yield from opened()


@pytest.fixture
def committed_desk(transactional_db: None) -> Iterator[Connection]:
    """The same, committed, for tests in which several connections work at once."""
    yield from opened()


def opened() -> Iterator[Connection]:
    now = utc_now()
    seed(parse("sim"), now=now, exchange_at=market.START)
    Account.objects.update(tier=Account.Tier.MANUAL)  # the protocol's own rules are tested with the protocol
    Connection.objects.update(
        state=Connection.State.UP, lease_owner="test", lease_epoch=1, lease_expires_at=now + timedelta(days=1)
    )
    Limit.objects.filter(code__in=["messages_minute", "messages_second"]).update(soft=None, hard=Decimal(10**6))
    refresh()
    yield Connection.objects.get()
    market.clear()
    ParameterSet.objects.all().delete()


def refresh(**prices: tuple[str, str]) -> None:
    """Vouch for every quote again, as the feed does each second; some may have moved."""
    named = {"short": SHORT, "wing": WING, "stock": STOCK}
    shown = PRICES | {named[name]: price for name, price in prices.items()}
    market.write_clock()
    for symbol in shown:
        market.instrument(symbol)
    soon = utc_now() + timedelta(seconds=10)  # a busy machine takes its time, and these quotes do not age in it
    market.write_quotes(
        market.quote(symbol, bid, ask, size=50, received_at=soon) for symbol, (bid, ask) in shown.items()
    )
    market.write_greeks({SHORT: market.greeks(delta=-0.3), WING: market.greeks(delta=-0.2)}, open_interest=5000)


@pytest.fixture
def trader(desk: Connection) -> Actor:
    return Actor(User.objects.get(username="trader"))


def spread(**changes: Any) -> dict[str, Any]:
    """Return a put spread sold for a credit, as a validated request."""
    return {
        "account": "GEN-1",
        "underlying": STOCK,
        "legs": [
            {"symbol": SHORT, "side": "SELL", "position_effect": "OPEN", "ratio": 1},
            {"symbol": WING, "side": "BUY", "position_effect": "OPEN", "ratio": 1},
        ],
        "quantity": 4,
        "ord_type": "LIMIT",
        "time_in_force": "DAY",
        "price_effect": "CREDIT",
        "limit_price": Decimal("0.58"),
    } | changes


def begin(
    actor: Actor, *, algo: str = "LIMIT_WALK", parameters: dict[str, Any] | None = None, **changes: Any
) -> AlgoRun:
    wish = Wish(draft=spread(**changes), algo=algo, parameters=parameters or {})
    return start(wish, actor=actor, trace_id="t", now=utc_now())


def propose(*, strategy: str = "ROLL", needed: int = 1, seconds: int = 900, **changes: Any) -> Proposal:
    """Offer a spread as the strategy would, card and all."""
    refresh()
    now, account = utc_now(), Account.objects.select_related("connection").get(code="GEN-1")
    ticket: OrderTicket = complete(spread(**changes), MULTIPLIERS)
    request = exposures.gate_request(account, ticket, now=now, is_manual=False)
    why = {"sentence": "", "market_week": {"klass": "GREEN", "evidence": {}}, "expected": {}, "rules": []}
    wanted = Offer(
        account=account,
        ticket=ticket,
        reasons=Reasons(strategy=strategy, why=why, alternatives=[]),
        approvals_needed=needed,
        minutes=seconds // 60,
        fee=Decimal("0.65"),
    )
    return offer(wanted, request, gate.assess(request), now=now)


def another(name: str, role: str = Role.TRADER) -> Actor:
    user = User.objects.create_user(name)
    AccountGrant.objects.create(user=user, account=None, role=role)
    return Actor(user)


class Floor:
    """An engine, and a broker worker made by hand."""

    def __init__(self, owner: str = "one") -> None:
        self.engine = Engine(owner)
        self.engine.renew(utc_now())

    def look(self, seconds: float = 0, **prices: tuple[str, str]) -> int:
        """Show the market some seconds later on the exchange's clock."""
        refresh(**prices)
        now = utc_now()
        fresh = quotes.latest(PRICES)
        shown = clock.exchange_clock()
        later = ExchangeClock(shown.system_anchor, shown.exchange_anchor + timedelta(seconds=seconds))
        return self.engine.hear_quotes(fresh, later, now)

    def broker(self) -> list[str]:
        """Take what is in the outbox and accept it."""
        claimed = claim_batch("paper", epoch=1, limit=20, now=utc_now())
        for outbound in claimed.outbounds:
            order = Order.objects.select_related("account").get(requests__cl_ord_id=outbound.cl_ord_id)
            kind = order.requests.get(cl_ord_id=outbound.cl_ord_id).kind
            said = {"NEW": "ack", "REPLACE": "replace_ack", "CANCEL": "cancel_ack"}[kind]
            answer(order, said, {"cl_ord_id": outbound.cl_ord_id})
        return [outbound.cl_ord_id for outbound in claimed.outbounds]

    def fill(self, order: Order, qty: int, exec_id: str, px: str = "0.61") -> None:
        event = "fill"
        data = {"exec": exec_id, "qty": qty, "px": px}
        answer(order, event, data)

    def told(self, order: Order) -> None:
        self.engine.hear_orders([str(order.pk)], clock.exchange_clock(), utc_now())


def answer(order: Order, event: str, data: dict[str, object]) -> None:
    fresh = Order.objects.select_related("account").get(pk=order.pk)
    advance(fresh, event, now=utc_now(), source=OrderEvent.Source.BROKER, data=data)
    if event == "replace_ack":
        fresh.requests.filter(cl_ord_id=data["cl_ord_id"]).update(state="ACKED")


def children(run: AlgoRun) -> list[Order]:
    rows = AlgoChild.objects.filter(run=run).select_related("order__account").order_by("step")
    return [row.order for row in rows]


def is_open(order: Order) -> bool:
    return order.status not in {OrdStatus.CANCELED, OrdStatus.FILLED, OrdStatus.ABANDONED, OrdStatus.DENIED}


def at(seconds: float) -> datetime:
    return market.START + timedelta(seconds=seconds)
