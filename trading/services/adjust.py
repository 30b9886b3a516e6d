"""Our books made to say what the broker's say: a synthetic trade or movement of cash, marked as such, by a person."""

from datetime import datetime
from decimal import Decimal

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.errors import InvalidInputError
from allcore.kernel.orders import OrdType, PositionEffect, Side, TimeInForce
from allcore.kernel.reports import ExecutionReport, LegFill, ReportKind
from allcore.kernel.tickets import OrderTicket, TicketLeg, natural_effect
from marketdata.models import Instrument
from trading.models import Break, Order
from trading.services import enlist, fund, settle
from trading.services.enlist import Found

REASON_SHOWN = 200


class NotAdjustableError(InvalidInputError):
    """The books cannot be adjusted for such a break."""

    code = "NOT_ADJUSTABLE"


def adjust(row: Break, *, price: Decimal | None, reason: str, actor: Actor, now: datetime) -> None:
    """Book the difference. A position's is booked as a trade at `price` a share, or else at the broker's average.

    Raises:
        NotAdjustableError: the break is of another kind, or the price or instrument is not known.
    """
    if row.kind == Break.Kind.CASH:
        fund.deposit(
            row.account, Decimal(row.theirs) - Decimal(row.ours), now, f"Reconciliation: {reason}"[:REASON_SHOWN]
        )
    elif row.kind == Break.Kind.POSITION:
        _trade(row, _price(row, price), now)
    else:
        raise NotAdjustableError(f"A break of kind {row.kind} is resolved with a reason alone; nothing was booked.")
    seen = {"kind": row.kind, "subject": row.subject, "ours": row.ours, "theirs": row.theirs, "reason": reason}
    record(
        "break.adjusted",
        f"break:{row.pk}",
        {**seen, "price": price, "origin": "RECONCILIATION", **actor.evidence},
        actor=actor.name,
        at=now,
        account=row.account.code,
    )


def _price(row: Break, price: Decimal | None) -> Decimal:
    said = row.details.get("avg_px")
    if price is not None:
        return price
    if said is None:
        raise NotAdjustableError(
            f"The broker does not hold {row.subject}, so it says no price: give one. Nothing was booked."
        )
    return Decimal(str(said)).quantize(Decimal("0.0001"))


def _trade(row: Break, price: Decimal, now: datetime) -> None:
    instrument = Instrument.objects.select_related("underlying").filter(symbol=row.subject).first()
    if instrument is None:
        raise NotAdjustableError(f"No instrument is called {row.subject!r}; nothing was booked.")
    missing = int(row.theirs) - int(row.ours)
    side = Side.BUY if missing > 0 else Side.SELL
    account, name = row.account, f"reconcile:{row.pk}"
    ticket = OrderTicket(
        account=account.code,
        underlying=row.underlying or instrument.symbol,
        legs=(TicketLeg(instrument.symbol, side, PositionEffect.OPEN, multiplier=instrument.multiplier),),
        quantity=abs(missing),
        ord_type=OrdType.MARKET,
        time_in_force=TimeInForce.DAY,
        price_effect=natural_effect(side),
    )
    found = Found(account, name, "", ticket, now, f"Adjusted by reconciliation: {row.subject}.")
    enlist.insert(found, {instrument.symbol: instrument}, origin=Order.Origin.RECONCILIATION, now=now)
    fill = ExecutionReport(
        kind=ReportKind.FILL,
        connection=account.connection.name,
        account=account.broker_account,
        cl_ord_id=name,
        transact_at=now,
        fills=(LegFill(f"RECON-{row.pk}", 0, instrument.symbol, side, abs(missing), price),),
        combo_qty=abs(missing),
    )
    settle.apply_reports(account.connection.name, [fill], now=now)
