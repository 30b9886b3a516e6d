"""A desk, and the paper exchange beside it: real services, real database, the exchange's own matching; no processes."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import pytest

from allcore.accounts.actors import Actor
from allcore.kernel.clock import utc_now
from allcore.kernel.orders import OrdType, TimeInForce
from allcore.kernel.quotes import Quote
from brokers import registry
from brokers.models import Account, Connection
from brokers.paper.books import AccountBook
from brokers.paper.exchange import Exchange
from brokers.paper.moment import Moment, Terms
from brokers.paper.records import OrderRecord, RequestKind, RequestRecord, Status
from brokers.paper.settings import PaperSettings
from brokers.paper.store import Snapshot
from brokers.paper.ticks import TickBook
from tests.builders import market
from tests.trading.passage.conftest import STOCK, approver, desk, draft, second_trader, trader
from trading.models import Order
from trading.services import settle, submit
from trading.services.claim import Outbound, claim_batch
from trading.services.contingent import engine

__all__ = ["approver", "desk", "second_trader", "trader"]


@dataclass
class Road:
    """The way to the exchange and back, one step at a time."""

    actor: Actor
    exchange: Exchange
    number: str
    quotes: dict[str, Quote] = field(default_factory=dict)
    ticks: int = 0
    moments: int = 0

    def show(self, bid: str, ask: str, *, symbol: str = STOCK, size: int = 500, last: str | None = None) -> None:
        """Let the feed show a new quote to the desk and the exchange."""
        self.ticks += 1
        quote = market.quote(
            symbol, bid, ask, size=size, last=last, source_at=market.START + timedelta(milliseconds=self.ticks)
        )
        market.write_quotes([quote])
        self.quotes[symbol] = quote
        self.advance({symbol})

    def place(self, key: str = "k", **changes: object) -> Order:
        return submit.place(draft=draft(**changes), actor=self.actor, key=key, trace_id="t", now=utc_now())

    def look(self, times: int = 1) -> int:
        """Let the trigger engine look."""
        return sum(engine.look(utc_now()) for _ in range(times))

    def pump(self) -> list[Outbound]:
        """Send what the outbox has, and hear what the exchange says to it."""
        outbounds = list(claim_batch("paper", epoch=1, limit=50, now=utc_now()).outbounds)
        for outbound in outbounds:
            self._take(outbound)
        self.advance(set())
        return outbounds

    def settle_down(self) -> None:
        """Go on until nothing moves any more."""
        while self.pump():
            pass

    def advance(self, changed: set[str]) -> None:
        now = utc_now()
        self.moments += 1
        exchange_now = market.START + timedelta(seconds=self.moments)
        moment = Moment(now, exchange_now, dict(self.quotes), frozenset(changed))
        reports = [report for change in self.exchange.advance(moment) for report in change.reports]
        if reports:
            settle.apply_reports("paper", reports, now=now)

    def _take(self, outbound: Outbound) -> None:
        now = utc_now()
        if outbound.ticket is not None and outbound.quantity is None:  # a replace may name its whole ticket too
            self.exchange.take_order(
                OrderRecord(
                    cl_ord_id=outbound.cl_ord_id,
                    current_id=outbound.cl_ord_id,
                    account=outbound.broker_account,
                    ticket=outbound.ticket,
                    status=Status.PENDING,
                    arrives_at=now,
                    changed_at=now,
                )
            )
            return
        order = self.exchange.order_of(outbound.orig_cl_ord_id)
        self.exchange.take_request(
            RequestRecord(
                cl_ord_id=outbound.cl_ord_id,
                kind=RequestKind.CANCEL if outbound.quantity is None else RequestKind.REPLACE,
                account=outbound.broker_account,
                order_id="" if order is None else order.cl_ord_id,
                orig_cl_ord_id=outbound.orig_cl_ord_id,
                arrives_at=now,
                quantity=outbound.quantity,
                limit_price=outbound.limit_price,
                stop_price=outbound.stop_price,
            )
        )

    def position(self, symbol: str = STOCK) -> int:
        """Return what the exchange's own books hold."""
        book = self.exchange.account(self.number)
        return 0 if book is None else book.qty(symbol)


def road_of(trader: Actor) -> Road:
    """Return the way to an exchange of its own, at which GEN-1 has a million."""
    number = Account.objects.get(code="GEN-1").broker_account
    snapshot = Snapshot({number: AccountBook(number, Decimal(1_000_000))}, (), (), {}, {})
    terms = Terms("paper", TickBook().tick, PaperSettings().tariff, stale_after=2.0)
    return Road(trader, Exchange(snapshot, terms), number)


@pytest.fixture
def road(desk: Connection, trader: Actor) -> Road:
    found = road_of(trader)
    found.show("199.98", "200.02")
    return found


@pytest.fixture
def plain_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the paper broker take market and limit orders for the day alone, so that the desk holds the rest."""
    paper = registry.BROKERS["paper"]
    able = replace(
        paper.capabilities,
        ord_types=frozenset({OrdType.MARKET, OrdType.LIMIT}),
        times_in_force=frozenset({TimeInForce.DAY, TimeInForce.GTC}),
        triggers=frozenset(),
    )
    monkeypatch.setitem(registry.BROKERS, "paper", replace(paper, capabilities=able))
