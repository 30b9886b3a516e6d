"""What a broker says, about orders made by `tests.builders.orders`."""

from datetime import datetime
from decimal import Decimal

from allcore.kernel.orders import Side
from allcore.kernel.reports import BookKind, BookReport, ExecutionReport, LegFill, ReportKind
from brokers.models import Account
from tests.builders.orders import NOW, PUT, SHARE
from trading.models import Order

FEE = Decimal("0.65")


def report(order: Order, kind: ReportKind, *, cl_ord_id: str = "", reason: str = "") -> ExecutionReport:
    return ExecutionReport(
        kind=kind,
        connection=order.connection.name,
        account=order.account.broker_account,
        cl_ord_id=cl_ord_id or order.cl_ord_id,
        transact_at=NOW,
        broker_order_id="B1",
        reason=reason,
    )


def leg_fill(
    exec_id: str, qty: int, px: str, *, side: Side = Side.SELL, symbol: str = PUT, leg: int = 0, fee: Decimal = FEE
) -> LegFill:
    return LegFill(exec_id=exec_id, leg=leg, symbol=symbol, side=side, qty=qty, px=Decimal(px), fee=fee)


def fill(
    order: Order, *fills: LegFill, units: int = 0, at: datetime = NOW, raw: dict[str, object] | None = None
) -> ExecutionReport:
    return ExecutionReport(
        kind=ReportKind.FILL,
        connection=order.connection.name,
        account=order.account.broker_account,
        cl_ord_id=order.cl_ord_id,
        transact_at=at,
        broker_order_id="B1",
        fills=fills,
        combo_qty=units or fills[0].qty,
        raw=raw or {},
    )


def stray_fill(account: Account, *fills: LegFill, cl_ord_id: str = "elsewhere") -> ExecutionReport:
    return ExecutionReport(
        kind=ReportKind.FILL,
        connection=account.connection.name,
        account=account.broker_account,
        cl_ord_id=cl_ord_id,
        transact_at=NOW,
        broker_order_id="B9",
        fills=fills,
    )


def assignment(
    account: Account, qty: int, shares: int, strike: str, *, event_id: str = "a1", symbol: str = PUT
) -> BookReport:
    return BookReport(
        kind=BookKind.ASSIGNMENT,
        connection=account.connection.name,
        account=account.broker_account,
        event_id=event_id,
        symbol=symbol,
        qty=qty,
        px=Decimal(0),
        transact_at=NOW,
        underlying=SHARE,
        shares=shares,
        delivery_px=Decimal(strike),
    )


def expiry(account: Account, qty: int, *, event_id: str = "x1", symbol: str = PUT) -> BookReport:
    return BookReport(
        kind=BookKind.EXPIRY,
        connection=account.connection.name,
        account=account.broker_account,
        event_id=event_id,
        symbol=symbol,
        qty=qty,
        px=Decimal(0),
        transact_at=NOW,
    )
