"""A desk and a broker's test server in one process: real adapter, runner, services, database and Redis between them."""

import asyncio
import base64
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar
from uuid import uuid4

from allcore import live
from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.demo import plan
from allcore.demo.seed import seed
from allcore.embedded.brokers import SIMS, Sim
from allcore.kernel.clock import utc_now
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.tickets import OrderTicket, TicketLeg
from brokers.models import Account, Connection
from marketdata.domain.feeds import parse
from risk.services import gate
from tests.brokers.servers.beside import SERVERS, Told
from tests.brokers.servers.book import Order as TheirOrder
from tests.brokers.servers.control import Server
from tests.brokers.servers.exchange import Exchange
from tests.builders import market
from trading.domain.proposals.card import Reasons
from trading.gateway.knowledge import session_for
from trading.gateway.runner import ConnectionRunner
from trading.models import Break, CashBalance, Execution, Order, OrderEvent, Position, Proposal
from trading.selectors import exposures
from trading.services import decide, submit
from trading.services.offer import Offer, offer

WITHIN = 45.0
SYMBOL = "AAPL"
ACCOUNT = "GEN-1"
CENT = Decimal("0.01")
KEY = "k:" + base64.b64encode(b"k" * 32).decode()  # the master key of a test's vault
QUICK: dict[str, dict[str, object]] = {
    "ibkr": {"commission_seconds": 0.5, "doubt_seconds": 0.5},
    "schwab": {"answer_seconds": 3.0},
    "etrade": {"answer_seconds": 3.0},
    "tda": {"answer_seconds": 3.0},
}
Result = TypeVar("Result")


class Loop:
    """An asyncio loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WITHIN)

    def do(self, act: Callable[[], Result]) -> Result:
        async def once() -> Result:
            return act()

        return self.run(once())

    def close(self) -> None:
        self.run(_end_all())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _end_all() -> None:
    """End what still waits, such as an answer that never comes."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


@dataclass
class Road:
    """The desk on one broker; `server` lives in the loop, and is touched there alone."""

    sim: Sim
    server: Server
    loop: Loop
    _keeping: asyncio.Task[None] | None = None
    _keys: int = 0
    _done: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def opened(cls, name: str) -> "Road":
        """Seed a desk on the broker, start both, and wait until the connection is up."""
        sim, feed = SIMS[name], parse("sim")
        login = {part: uuid4().hex for part in sim.credentials}
        cash = {number: account.cash for number, account in zip(sim.numbers, plan.accounts(feed), strict=True)}
        loop = Loop()
        server = loop.do(lambda: SERVERS[name](Told(cash, login)))
        port = loop.run(server.port.open())  # type: ignore[attr-defined]  # every server has one
        settings = sim.settings(port) | QUICK.get(sim.broker, {})
        broker = plan.BrokerPlan(sim.broker, sim.numbers, settings, login)
        for key in live.client().scan_iter("pace:*"):
            live.client().delete(key)  # the broker is new, and so is what is left of its limits
        seed(feed, now=utc_now(), exchange_at=market.START, broker=broker)
        Account.objects.update(tier=Account.Tier.MANUAL)  # the protocol's own rules are tested with the protocol
        road = cls(sim, server, loop)
        market.instrument(SYMBOL)
        market.write_clock()
        road._vouch_once()
        threading.Thread(target=road._vouch, daemon=True).start()
        try:
            road.show(size=0)
            road.connect()
        except BaseException:
            road.close()
            raise
        return road

    def connect(self) -> None:
        """Host the connection, as the broker worker does."""

        async def host() -> asyncio.Task[None]:
            return asyncio.create_task(ConnectionRunner(self.sim.broker, "test:1", session_for).run())

        self._keeping = self.loop.run(host())
        self.until(self.is_up, "the connection is up")

    def leave(self) -> None:
        """Stop hosting it, as when the worker is stopped."""

        async def end(task: asyncio.Task[None]) -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        if self._keeping is not None:
            self.loop.run(end(self._keeping))
            self._keeping = None

    def close(self) -> None:
        self.leave()
        self._done.set()
        self.loop.run(self.server.port.close())  # type: ignore[attr-defined]  # as above
        self.loop.close()
        market.clear()

    @property
    def exchange(self) -> Exchange:
        return self.server.exchange

    def show(self, bid: str = "199.98", ask: str = "200.02", *, size: int = 10) -> None:
        """Show a quote at the broker; what trades there is for the broker to say."""
        self.loop.do(lambda: self.exchange.show(SYMBOL, bid, ask, size=size))

    def theirs(self) -> list[TheirOrder]:
        """Return the broker's orders, oldest first."""
        return self.loop.do(lambda: list(self.exchange.orders.values()))

    def actor(self, name: str) -> Actor:
        return Actor(User.objects.get(username=name))

    def place(self, quantity: int = 10, limit: str = "200.10") -> Order:
        """Send a trader's ticket."""
        self._keys += 1
        draft = {
            "account": ACCOUNT,
            "underlying": SYMBOL,
            "legs": [{"symbol": SYMBOL, "side": "BUY", "position_effect": "OPEN", "ratio": 1}],
            "quantity": quantity,
            "ord_type": "LIMIT",
            "time_in_force": "DAY",
            "limit_price": Decimal(limit),
            "stop_price": None,
        }
        key = f"k{self._keys}"
        order = submit.place(draft=draft, actor=self.actor("trader"), key=key, trace_id="t", now=utc_now())
        assert order.status == "READY", order.reason
        return order

    def working(self, quantity: int = 10, limit: str = "199.50") -> Order:
        """Place an order that the broker has taken and nothing has filled."""
        order = self.place(quantity, limit)
        self.until_status(order, "NEW")
        return order

    def propose(self, quantity: int = 10, limit: str = "200.10") -> Proposal:
        """Put a card on the desk through the strategy's own door."""
        account, now = Account.objects.select_related("connection").get(code=ACCOUNT), utc_now()
        ticket = OrderTicket(
            account=ACCOUNT,
            underlying=SYMBOL,
            legs=(TicketLeg(SYMBOL, Side.BUY, PositionEffect.OPEN, multiplier=1),),
            quantity=quantity,
            ord_type=OrdType.LIMIT,
            time_in_force=TimeInForce.DAY,
            price_effect=PriceEffect.DEBIT,
            limit_price=Decimal(limit),
        )
        request = exposures.gate_request(account, ticket, now=now, is_manual=False)
        why = {"sentence": "To walk the road.", "rules": []}
        reasons = Reasons(Proposal.Strategy.BUY_TO_CLOSE, why=why, alternatives=())
        wanted = Offer(account, ticket, reasons, approvals_needed=1, minutes=15, fee=Decimal(0))
        return offer(wanted, request, gate.assess(request), now=now)

    def approve(self, proposal: Proposal) -> Order:
        decided = decide.approve(
            proposal_id=proposal.pk, content_hash=proposal.content_hash, actor=self.actor("approver"), now=utc_now()
        )
        assert decided.order is not None
        return decided.order

    def until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + WITHIN
        while not holds():
            assert time.monotonic() < deadline, f"not within {WITHIN:.0f} s: {what}"
            time.sleep(0.05)  # other threads work: there is nothing to await

    def until_status(self, order: Order, status: str, cum: int = 0) -> Order:
        def holds() -> bool:
            order.refresh_from_db()
            return order.status == status and order.cum_qty == cum

        self.until(holds, f"{order} is {status} with {cum}; it was last {order.status} with {order.cum_qty}")
        return order

    def is_up(self) -> bool:
        return Connection.objects.filter(state="UP", heartbeat_at__isnull=False).exists()

    def agree(self) -> bool:
        """Return whether orders, executions, positions and cash are what the broker's book has."""
        executions, accounts = self.loop.do(lambda: (list(self.exchange.executions), dict(self.exchange.accounts)))
        theirs = {
            (number, symbol): qty
            for number, account in accounts.items()
            for symbol, (qty, _) in account.positions.items()
        }
        held = Position.objects.exclude(qty=0).select_related("account", "instrument")
        ours = {(p.account.broker_account, p.instrument.symbol): p.qty for p in held}
        cash = {row.account.broker_account: row.cash for row in CashBalance.objects.select_related("account")}
        told = Execution.objects.values_list("side", "qty", "px")
        booked = [(Side(side).sign * qty, Side(side).sign * qty * px) for side, qty, px in told]
        traded = [(e.side.sign * e.qty, e.side.sign * e.qty * e.px) for e in executions if not e.is_busted]
        return (
            ours == theirs
            and [sum(parts) for parts in zip(*booked, strict=True)]
            == [sum(parts) for parts in zip(*traded, strict=True)]
            and all(abs(cash[number] - account.cash) < CENT for number, account in accounts.items())
            and not Break.objects.filter(resolved_at=None).exists()
        )

    def story(self, order: Order) -> list[str]:
        """Return the statuses that the order went through."""
        return list(OrderEvent.objects.filter(order=order).order_by("seq").values_list("status", flat=True))

    def _vouch(self) -> None:
        """Keep the desk's own quote fresh, as a feed does."""
        while not self._done.wait(0.2):
            self._vouch_once()

    def _vouch_once(self) -> None:
        market.write_quotes([market.quote(SYMBOL, "199.98", "200.02", size=500)], publish=True)
