"""Accounts, instruments and orders as they stand in the desk, with what the constraints ask for."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

from allcore.accounts.models import User
from allcore.kernel.ids import mint_cl_ord_id
from allcore.kernel.instruments import InstrumentKind, OptionContract
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
from allcore.kernel.tickets import OrderTicket, TicketLeg
from brokers.models import Account, Connection
from marketdata.models import Instrument
from risk.models import Reservation, Verdict
from trading.models import Approval, Order, OrderLeg, OrderRequest
from trading.services.advance import advance, open_order

NOW = datetime(2026, 3, 3, 15, 0, tzinfo=UTC)  # a Tuesday, half an hour after the open
PUT = "TSLA  260306P00240000"
LOWER_PUT = "TSLA  260306P00230000"
CALL = "TSLA  260306C00260000"
SHARE = "TSLA"


def make_account(code: str = "gen", *, connection_name: str = "paper") -> Account:
    connection, _ = Connection.objects.get_or_create(
        name=connection_name, defaults={"broker": "paper", "environment": "PAPER"}
    )
    return Account.objects.create(
        code=code,
        name=code.title(),
        tier="gen",
        connection=connection,
        broker_account=f"P-{code}",
        baseline=Decimal(300_000),
    )


def make_share(symbol: str = SHARE) -> Instrument:
    instrument, _ = Instrument.objects.get_or_create(symbol=symbol, defaults={"kind": InstrumentKind.EQUITY})
    return instrument


def make_option(symbol: str = PUT) -> Instrument:
    contract = OptionContract.parse(symbol)
    instrument, _ = Instrument.objects.get_or_create(
        symbol=symbol,
        defaults={
            "kind": InstrumentKind.OPTION,
            "underlying": make_share(contract.root),
            "expiry": contract.expiry,
            "strike": contract.strike,
            "right": contract.right,
            "multiplier": 100,
        },
    )
    return instrument


def make_instrument(symbol: str) -> Instrument:
    return make_share(symbol) if len(symbol) < 7 else make_option(symbol)


def leg(
    symbol: str = PUT, side: Side = Side.SELL, effect: PositionEffect = PositionEffect.OPEN, ratio: int = 1
) -> TicketLeg:
    multiplier = 1 if len(symbol) < 7 else 100
    return TicketLeg(symbol=symbol, side=side, position_effect=effect, ratio=ratio, multiplier=multiplier)


def make_ticket(
    account: Account,
    legs: Iterable[TicketLeg] = (),
    *,
    quantity: int = 2,
    price_effect: PriceEffect | None = None,
    limit_price: str = "3.10",
) -> OrderTicket:
    legs = tuple(legs) or (leg(),)
    natural = PriceEffect.DEBIT if legs[0].side is Side.BUY else PriceEffect.CREDIT
    return OrderTicket(
        account=account.code,
        underlying="TSLA",
        legs=legs,
        quantity=quantity,
        ord_type=OrdType.LIMIT,
        time_in_force=TimeInForce.DAY,
        price_effect=price_effect or natural,
        limit_price=Decimal(limit_price),
    )


def make_verdict(account: Account, outcome: str = "PASS") -> Verdict:
    return Verdict.objects.create(
        account=account, outcome=outcome, ticket_hash="0" * 64, checks=[], limits_version="0" * 64, checked_at=NOW
    )


def make_approval() -> Approval:
    user, _ = User.objects.get_or_create(username="approver", defaults={"password": "!"})
    return Approval.objects.create(kind="TICKET", user=user, content_hash="0" * 64, approved_at=NOW)


def make_order(ticket: OrderTicket, account: Account, *, origin: str = "one") -> Order:
    """Return a READY order as submit stages it: approved, checked, reserved for, with its request in the outbox."""
    cl_ord_id = mint_cl_ord_id(f"{account.code}:{origin}")
    verdict = make_verdict(account)
    order = Order(
        cl_ord_id=cl_ord_id,
        account=account,
        connection=account.connection,
        origin=Order.Origin.TICKET,
        approval=make_approval(),
        verdict=verdict,
        underlying=ticket.underlying,
        side=ticket.side,
        ord_type=ticket.ord_type,
        time_in_force=ticket.time_in_force,
        price_effect=ticket.price_effect,
        limit_price=ticket.limit_price,
        stop_price=ticket.stop_price,
        order_qty=ticket.quantity,
        trace_id="0" * 32,
        trade_date=NOW.date(),
        created_at=NOW,
    )
    open_order(order, [("submit", {}), ("risk_pass", {})], now=NOW, source="DESK")
    OrderLeg.objects.bulk_create(
        OrderLeg(
            order=order,
            index=index,
            instrument=make_instrument(leg.symbol),
            side=leg.side,
            position_effect=leg.position_effect,
            ratio=leg.ratio,
        )
        for index, leg in enumerate(ticket.legs)
    )
    OrderRequest.objects.create(
        order=order, account=account, connection=account.connection, kind="NEW", cl_ord_id=cl_ord_id, created_at=NOW
    )
    Reservation.objects.create(
        order_id=order.id,
        account=account,
        verdict=verdict,
        underlying=ticket.underlying,
        cash=Decimal(0),
        quantity=ticket.quantity,
    )
    return order


def make_sent_order(ticket: OrderTicket, account: Account, *, origin: str = "one") -> Order:
    """Return an order that was claimed and sent, and not answered yet."""
    order = make_order(ticket, account, origin=origin)
    OrderRequest.objects.filter(order=order).update(state="SENT", sent_at=NOW)
    advance(order, "send", now=NOW, source="DESK")
    return order
