"""Sent orders and what the broker says of them, and a large book. Imported once Django is set up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import count

import orjson

from allcore import live
from allcore.accounts.models import User
from allcore.kernel.clock import utc_now
from allcore.kernel.ids import mint_cl_ord_id
from allcore.kernel.instruments import InstrumentKind, OptionContract, Right
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.quotes import Greeks, Quote
from allcore.kernel.reports import (
    BookReport,
    ExecutionReport,
    LegFill,
    MassStatus,
    OrderReport,
    PositionReport,
    ReportKind,
)
from brokers.models import Account, Connection
from marketdata.domain import wire
from marketdata.models import Instrument
from risk.domain.limits import Limits
from risk.models import Reservation, Verdict
from trading.domain.books.valuation import Line
from trading.models import Approval, Execution, Order, OrderLeg, OrderRequest, Position
from trading.selectors.pnl import AccountBooks
from trading.selectors.revaluation import Revaluation
from trading.services import rebuild
from trading.services.advance import advance, open_order
from trading.services.fund import deposit
from trading.services.settle import apply_reports

NAMES = ("AAPL", "AMZN", "MSFT", "NVDA", "TSLA", "SPY", "QQQ", "IWM", "META", "GOOG")
NUMBERS = count(1)


def apply(reports: Sequence[ExecutionReport | BookReport]) -> None:
    """Settle one batch."""
    apply_reports("bench", reports, now=utc_now())


def booked() -> int:
    """Return how many executions the books have."""
    return Execution.objects.count()


@dataclass(frozen=True, slots=True)
class Desk:
    """One funded account, the shares it trades, and what every order of it needs to be staged."""

    account: Account
    instruments: list[Instrument]
    approval: Approval
    verdict: Verdict

    def reports(self, orders: int) -> list[ExecutionReport]:
        """Stage and send so many orders, buys and sells in turn, and return their acceptances and fills."""
        made = [self._order(number) for number in (next(NUMBERS) for _ in range(orders))]
        said = []
        for n, (order, instrument) in enumerate(made):
            said.append(self._report(order, ReportKind.ACK))
            said.append(self._report(order, ReportKind.FILL, self._fill(order, instrument, n)))
        return said

    def whole_list(self) -> MassStatus:
        """Return the broker's list of every order and position, as it is once all has been told."""
        orders = {order.pk: order for order in Order.objects.all()}
        listed = []
        for booked in Execution.objects.select_related("instrument"):
            order = orders[booked.order_id]
            leg = LegFill(
                booked.exec_id, 0, booked.instrument.symbol, Side(order.side), order.order_qty, booked.px, booked.fee
            )
            fill = self._report(order, ReportKind.FILL, leg)
            name, qty = order.cl_ord_id, order.order_qty
            listed.append(OrderReport(self.account.broker_account, name, f"B{name}", "FILLED", qty, qty, (fill,)))
        held = Position.objects.filter(account=self.account).exclude(qty=0).select_related("instrument")
        positions = tuple(
            PositionReport(self.account.broker_account, p.instrument.symbol, p.qty, p.avg_px or Decimal(0))
            for p in held
        )
        return MassStatus("bench", utc_now(), tuple(listed), positions, balances=())

    def wrong(self) -> int:
        """Return in how many places the books differ from what happened."""
        return len(list(rebuild.differences(self.account, now=utc_now())))

    def _order(self, number: int) -> tuple[Order, Instrument]:
        instrument = self.instruments[number % len(self.instruments)]
        side = (
            Side.BUY if number // len(self.instruments) % 3 < 2 else Side.SELL
        )  # positions grow, and are closed in part
        now, cl_ord_id = utc_now(), mint_cl_ord_id(f"bench:{number}")
        order = Order(
            cl_ord_id=cl_ord_id,
            account=self.account,
            connection=self.account.connection,
            origin=Order.Origin.TICKET,
            approval=self.approval,
            verdict=self.verdict,
            underlying=instrument.symbol,
            side=side,
            ord_type=OrdType.LIMIT,
            time_in_force=TimeInForce.DAY,
            price_effect=PriceEffect.DEBIT if side is Side.BUY else PriceEffect.CREDIT,
            limit_price=Decimal(100),
            order_qty=5,
            trace_id="0" * 32,
            trade_date=now.date(),
            created_at=now,
        )
        open_order(order, [("submit", {}), ("risk_pass", {})], now=now, source="DESK")
        OrderLeg.objects.create(
            order=order, index=0, instrument=instrument, side=side, position_effect=PositionEffect.OPEN
        )
        OrderRequest.objects.create(
            order=order,
            account=order.account,
            connection=self.account.connection,
            kind="NEW",
            cl_ord_id=cl_ord_id,
            state="SENT",
            created_at=now,
            sent_at=now,
        )
        Reservation.objects.create(
            order_id=order.pk, account=self.account, verdict=self.verdict, underlying="A", cash=Decimal(500), quantity=5
        )
        advance(order, "send", now=now, source="DESK")
        return order, instrument

    def _report(self, order: Order, kind: ReportKind, *fills: LegFill) -> ExecutionReport:
        return ExecutionReport(
            kind=kind,
            connection="bench",
            account=self.account.broker_account,
            cl_ord_id=order.cl_ord_id,
            transact_at=utc_now(),
            broker_order_id=f"B{order.cl_ord_id}",
            fills=fills,
            combo_qty=order.order_qty if fills else 0,
        )

    def _fill(self, order: Order, instrument: Instrument, number: int) -> LegFill:
        px = Decimal(99) + Decimal(number % 200) / 100
        return LegFill(
            f"E{order.cl_ord_id}", 0, instrument.symbol, Side(order.side), order.order_qty, px, Decimal("0.35")
        )


def desk() -> Desk:
    """Make the account and what it trades."""
    now = utc_now()
    user = User.objects.create_user("bench", password=None)
    connection = Connection.objects.create(name="bench", broker="paper", environment="PAPER")
    account = Account.objects.create(
        code="BENCH",
        name="Bench",
        tier=Account.Tier.MANUAL,
        connection=connection,
        broker_account="P-BENCH",
        baseline=Decimal(10**9),
    )
    deposit(account, Decimal(10**9), now - timedelta(days=1), "Benchmark")
    verdict = Verdict.objects.create(
        account=account, outcome="PASS", ticket_hash="0" * 64, checks=[], limits_version="0" * 64, checked_at=now
    )
    approval = Approval.objects.create(kind="TICKET", user=user, content_hash="0" * 64, approved_at=now)
    shares = [Instrument.objects.create(symbol=name, kind=InstrumentKind.EQUITY) for name in NAMES]
    return Desk(account, shares, approval, verdict)


def book_of(positions: int) -> tuple[Callable[[], object], Callable[[int], None]]:
    """Return what looks at a book of so many options as the monitor does, and what lets the feed write its next batch.

    A look asks Redis, reads the answers into arrays and values the account; every quote and model value has changed.
    """
    book = Revaluation([_books([_line(number) for number in range(positions)])], {})
    client, names = live.client(), book.watched.symbols

    def write(turn: int) -> None:
        stamp = utc_now()
        with client.pipeline(transaction=False) as pipe:
            for number, name in enumerate(names):
                bid = Decimal(50 + number % 900 + turn) / 10
                quote = Quote(name, bid, bid + Decimal("0.05"), 10, 10, bid, stamp, stamp, "bench")
                values = Greeks(float(bid), 0.5, 0.3 + turn / 1000, 0.01, -0.2, 0.1, 0.05)
                pipe.hset(wire.quotes_key("TSLA"), name, orjson.dumps(wire.quote_list(quote, stamp.isoformat())))
                pipe.hset(wire.greeks_key("TSLA"), name, orjson.dumps(wire.greeks_list(values)))
            pipe.execute()

    def look() -> object:
        looked = book.look(book.watched.read().columns, peaks={1: Decimal(0)}, now=utc_now())
        if looked.accounts[0].equity is None or len(looked.changed) != positions:
            raise RuntimeError("The book was not valued.")
        return looked

    return look, write


def _books(lines: list[Line]) -> AccountBooks:
    zero = Decimal(0)
    return AccountBooks(
        account=Account(pk=1, code="BENCH"),
        cash=Decimal(10**9),
        reserved=zero,
        realised=zero,
        fees=zero,
        income=zero,
        opened_with=Decimal(10**9),
        capital=Decimal(10**9),
        limits=Limits({}),
        lines=tuple(lines),
    )


def _line(number: int) -> Line:
    strike, expiry = Decimal(100 + number % 1000), date(2030, 1, 18) + timedelta(days=number // 1000)
    return Line(
        account="BENCH",
        instrument_id=number,
        symbol=OptionContract("TSLA", expiry, Right.PUT, strike).symbol,
        underlying="TSLA",
        kind=InstrumentKind.OPTION,
        right=Right.PUT,
        strike=strike,
        expiry=expiry,
        multiplier=100,
        qty=(number % 21 - 10) or 1,
        avg_px=Decimal(number % 700) / 100,
        realised=Decimal(0),
        fees=Decimal(0),
    )
