"""A broker's floor by script: a session made by hand, and the desk's real services and database around it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from allcore.accounts.actors import Actor
from allcore.kernel.clock import utc_now
from allcore.kernel.orders import OrdStatus, OrdType, Side, TimeInForce
from allcore.kernel.reports import (
    BalanceReport,
    BookReport,
    ExecutionReport,
    LegFill,
    MassStatus,
    OrderReport,
    PositionReport,
    ReportKind,
)
from allcore.kernel.tickets import OrderTicket
from brokers.models import Account, Connection
from brokers.ports import Capabilities, Health, Idempotency, ReplaceKind, Replacement
from tests.trading.passage.conftest import STOCK, draft
from trading.domain.reconcile.doubts import Asked
from trading.gateway.outbox import NOTHING_LEFT
from trading.models import CashBalance, Order, Position
from trading.services import claim, reconcile, settle, submit

CONNECTION = "paper"
FEE = Decimal("1.00")


CAPABILITIES = Capabilities(
    ord_types=frozenset(OrdType),
    times_in_force=frozenset(TimeInForce),
    max_legs=4,
    replace=ReplaceKind.IN_PLACE,
    idempotency=Idempotency.ID_REJECT,
    order_stream=True,
    preview=False,
)


@dataclass
class ScriptedSession:
    """Meets `brokers.ports.Session`; says and refuses what the test has put down, and keeps what it was told."""

    capabilities: Capabilities = CAPABILITIES
    submitted: list[tuple[str, str, OrderTicket]] = field(default_factory=list)
    replaced: list[Replacement] = field(default_factory=list)
    canceled: list[tuple[str, str]] = field(default_factory=list)
    says: list[ExecutionReport | BookReport] = field(default_factory=list)
    fails_with: Exception | None = None
    status: MassStatus | None = None
    is_well: bool = True

    async def connect(self) -> None: ...

    async def close(self) -> None: ...

    async def health(self) -> Health:
        return Health(is_connected=self.is_well, heard_at=None)

    async def submit(self, cl_ord_id: str, broker_account: str, ticket: OrderTicket) -> None:
        self.submitted.append((cl_ord_id, broker_account, ticket))
        self._fail()

    async def replace(self, broker_account: str, replacement: Replacement) -> None:
        self.replaced.append(replacement)
        self._fail()

    async def cancel(self, broker_account: str, cl_ord_id: str, orig_cl_ord_id: str) -> None:
        self.canceled.append((cl_ord_id, orig_cl_ord_id))
        self._fail()

    async def mass_status(self, since: datetime) -> MassStatus:
        assert self.status is not None, "the script has no answer"
        return self.status

    async def events(self) -> AsyncIterator[ExecutionReport | BookReport]:
        while self.says:
            yield self.says.pop(0)

    def _fail(self) -> None:
        if self.fails_with is not None:
            raise self.fails_with


class Floor:
    """The desk and its broker: send, hear, ask. Time goes on only when the test says so."""

    def __init__(self, actor: Actor, session: ScriptedSession | None = None) -> None:
        self.actor = actor
        self.session = session or ScriptedSession()
        self.start = self.now = utc_now()
        self._keys = 0

    @property
    def account(self) -> Account:
        return Account.objects.select_related("connection").get(code="GEN-1")

    def later(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now

    def place(self, quantity: int = 10, **changes: object) -> Order:
        """Stage an order by hand and send it; the broker has not answered."""
        self._keys += 1
        order = submit.place(
            draft=draft(quantity=quantity, **changes),
            actor=self.actor,
            key=f"k{self._keys}",
            trace_id="t",
            now=utc_now(),
        )
        assert order.status == "READY", order.reason
        self.send()
        order.refresh_from_db()
        return order

    def working(self, quantity: int = 10, **changes: object) -> Order:
        """Place an order that the broker has accepted."""
        order = self.place(quantity, **changes)
        self.hear(self.report(order, ReportKind.ACK))
        order.refresh_from_db()
        return order

    def send(self) -> None:
        """Claim, commit, send once: what the outbox does."""
        claimed = claim.claim_batch(CONNECTION, epoch=1, limit=32, now=utc_now())
        for outbound in claimed.outbounds:
            try:
                asyncio.run(self._hand_over(outbound))
            except NOTHING_LEFT as e:
                claim.refused_at_the_door(outbound.request_id, reason=e.message, now=self.now)
            except Exception as e:  # noqa: BLE001 as the outbox does: whatever is no plain no leaves it in doubt
                claim.in_doubt(outbound.request_id, reason=repr(e), now=self.now)

    async def _hand_over(self, outbound: claim.Outbound) -> None:
        if outbound.ticket is not None and outbound.quantity is None:
            await self.session.submit(outbound.cl_ord_id, outbound.broker_account, outbound.ticket)
        elif outbound.quantity is not None:
            replacement = Replacement(
                outbound.cl_ord_id,
                outbound.orig_cl_ord_id,
                outbound.quantity,
                outbound.limit_price,
                outbound.stop_price,
                outbound.ticket,
            )
            await self.session.replace(outbound.broker_account, replacement)
        else:
            await self.session.cancel(outbound.broker_account, outbound.cl_ord_id, outbound.orig_cl_ord_id)

    def hear(self, *reports: ExecutionReport | BookReport) -> None:
        """Let the broker say it, and settle it."""
        self.session.says += reports
        settle.apply_reports(CONNECTION, asyncio.run(self._heard()), now=self.now)

    async def _heard(self) -> list[ExecutionReport | BookReport]:
        return [report async for report in self.session.events()]

    def ask(
        self,
        *orders: OrderReport,
        positions: Iterable[PositionReport] | None = None,
        cash: Decimal | None = None,
    ) -> None:
        """Ask the broker for everything: these orders, and books that agree with ours unless told otherwise."""
        self.session.status = self.whole(*orders, positions=positions, cash=cash)
        status = asyncio.run(self.session.mass_status(self.start))
        keeps = self.session.capabilities.idempotency is not Idempotency.LOOKUP_ONLY
        asked = Asked(since=self.start - timedelta(days=2), is_healthy=self.session.is_well, indexes_our_ids=keeps)
        reconcile.apply(status, asked=asked, now=self.now)

    def whole(
        self,
        *orders: OrderReport,
        positions: Iterable[PositionReport] | None = None,
        cash: Decimal | None = None,
    ) -> MassStatus:
        held = Position.objects.exclude(qty=0).select_related("account", "instrument")
        agreed = [
            PositionReport(p.account.broker_account, p.instrument.symbol, p.qty, p.avg_px or Decimal(0)) for p in held
        ]
        balances = [
            BalanceReport(row.account.broker_account, row.cash)
            for row in CashBalance.objects.select_related("account")
            if cash is None or row.account_id != self.account.pk
        ]
        if cash is not None:
            balances.append(BalanceReport(self.account.broker_account, cash))
        return MassStatus(
            connection=CONNECTION,
            taken_at=self.now + timedelta(milliseconds=1),
            orders=orders,
            positions=tuple(agreed if positions is None else positions),
            balances=tuple(balances),
        )

    def listed(
        self, order: Order, status: OrdStatus, *fills: ExecutionReport, cum: int | None = None, name: str = ""
    ) -> OrderReport:
        """Return the order as the broker lists it."""
        told = sum(f.combo_qty for f in fills)
        number = order.account.broker_account
        return OrderReport(
            number, name or order.cl_ord_id, "B1", status, order.order_qty, told if cum is None else cum, fills
        )

    def report(self, order: Order, kind: ReportKind, *, name: str = "", **more: object) -> ExecutionReport:
        return ExecutionReport(
            kind=kind,
            connection=CONNECTION,
            account=order.account.broker_account,
            cl_ord_id=name or order.cl_ord_id,
            transact_at=self.now,
            broker_order_id="B1",
            **more,  # type: ignore[arg-type]  # whatever the test says
        )

    def fill(
        self, order: Order, exec_id: str, qty: int, px: str = "200.00", *, side: Side = Side.BUY, name: str = ""
    ) -> ExecutionReport:
        leg = LegFill(exec_id, 0, STOCK, side, qty, Decimal(px), FEE)
        return self.report(order, ReportKind.FILL, fills=(leg,), combo_qty=qty, name=name)


def position(symbol: str = STOCK) -> int:
    return sum(Position.objects.filter(instrument__symbol=symbol).values_list("qty", flat=True))


def connection() -> Connection:
    return Connection.objects.get(name=CONNECTION)
