"""A question to the gate that passes, to be spoilt one thing at a time; and people with roles."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.kernel.calendar import Phase
from allcore.kernel.instruments import InstrumentKind, OptionContract, Right, TickRule
from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce, TriggerPrice
from allcore.kernel.quotes import Greeks, Quote
from allcore.kernel.tickets import OrderTicket, TicketLeg, natural_effect
from brokers.models import Account, Connection
from risk.domain.book import Book, Holding, Pending
from risk.domain.circumstances import Circumstances
from risk.domain.defaults import DEFAULTS
from risk.domain.gate import assess
from risk.domain.limits import Bound, Limits
from risk.domain.market import BrokerTakes, Listing, MarketView
from risk.domain.protocol import NOT_PROTOCOL, ProtocolTerms
from risk.domain.request import GateRequest
from risk.domain.sheet import Sheet
from risk.domain.sheet_wire import past_from
from risk.domain.structure import Structure
from risk.domain.verdict import Assessment, CheckResult
from risk.models import AccountGrant, Role
from tests.builders.market import QUIET

NOW = datetime(2026, 6, 11, 15, 0, tzinfo=UTC)  # Thursday, 11:00 in New York
CLOSE = datetime(2026, 6, 11, 20, 0, tzinfo=UTC)
CODE = "GEN-1"
PUT = "TSLA  260612P00250000"
LOWER_PUT = "TSLA  260612P00240000"
NEXT_PUT = "TSLA  260618P00240000"
CALL = "TSLA  260612C00260000"
HIGHER_CALL = "TSLA  260612C00270000"
SHARE = "TSLA"

GEN_TERMS = ProtocolTerms(
    is_protocol_account=True,
    universe=frozenset({"TSLA", "NVDA"}),
    strategies=frozenset({Structure.CASH_SECURED_PUT, Structure.COVERED_CALL, Structure.ROLL}),
    delta_range=(40.0, 50.0),
    dte_sessions=(1, 1),
    name_cap=Decimal("0.55"),
    deployment_cap=Decimal("0.95"),
    buffer=Decimal("0.05"),
    max_positions=10,
    entry_open=True,
)
PRICES: dict[str, tuple[str, str]] = {
    SHARE: ("250.00", "250.04"),
    PUT: ("4.10", "4.24"),
    LOWER_PUT: ("1.50", "1.60"),
    NEXT_PUT: ("3.00", "3.14"),
    CALL: ("2.00", "2.10"),
    HIGHER_CALL: ("0.80", "0.86"),
}
TAKES = BrokerTakes(
    "paper", frozenset(OrdType), frozenset(TimeInForce), frozenset(TriggerPrice), 4, gtc_for=timedelta(days=90)
)
PAST = past_from(QUIET)
SHEET = Sheet(NOW, 0.045, PAST.names, None)
DELTAS = {PUT: -0.489, LOWER_PUT: -0.22, NEXT_PUT: -0.30, CALL: 0.45, HIGHER_CALL: 0.12}


def dec(value: str | int) -> Decimal:
    return Decimal(value)


def leg(symbol: str, side: Side, effect: PositionEffect, *, ratio: int = 1) -> TicketLeg:
    return TicketLeg(symbol, side, effect, ratio, 100 if len(symbol) == 21 else 1)


def single(
    symbol: str,
    side: Side,
    effect: PositionEffect,
    quantity: int = 1,
    limit: str | None = "4.16",
    **fields: Any,
) -> OrderTicket:
    return OrderTicket(
        account=fields.pop("account", CODE),
        underlying=fields.pop("underlying", "TSLA"),
        legs=(leg(symbol, side, effect),),
        quantity=quantity,
        ord_type=fields.pop("ord_type", OrdType.LIMIT),
        time_in_force=TimeInForce.DAY,
        price_effect=natural_effect(side),
        limit_price=None if limit is None else dec(limit),
        **fields,
    )


def sell_put(quantity: int = 1, limit: str | None = "4.16", symbol: str = PUT, **fields: Any) -> OrderTicket:
    return single(symbol, Side.SELL, PositionEffect.OPEN, quantity, limit, **fields)


def sell_call(quantity: int = 1, limit: str | None = "2.04", symbol: str = CALL, **fields: Any) -> OrderTicket:
    return single(symbol, Side.SELL, PositionEffect.OPEN, quantity, limit, **fields)


def buy_back(quantity: int = 1, limit: str | None = "4.18", symbol: str = PUT, **fields: Any) -> OrderTicket:
    return single(symbol, Side.BUY, PositionEffect.CLOSE, quantity, limit, **fields)


def sell_shares(quantity: int = 100, limit: str | None = "250.02", **fields: Any) -> OrderTicket:
    return single(SHARE, Side.SELL, PositionEffect.CLOSE, quantity, limit, **fields)


def combo(
    *legs: TicketLeg, effect: PriceEffect, limit: str = "1.00", quantity: int = 1, account: str = CODE
) -> OrderTicket:
    return OrderTicket(account, "TSLA", legs, quantity, OrdType.LIMIT, TimeInForce.DAY, effect, dec(limit))


def roll(new: str = NEXT_PUT, old: str = PUT, *, effect: PriceEffect, limit: str, quantity: int = 1) -> OrderTicket:
    return combo(
        leg(old, Side.BUY, PositionEffect.CLOSE),
        leg(new, Side.SELL, PositionEffect.OPEN),
        effect=effect,
        limit=limit,
        quantity=quantity,
    )


def put_spread(quantity: int = 1, limit: str = "2.60") -> OrderTicket:
    return combo(
        leg(PUT, Side.SELL, PositionEffect.OPEN),
        leg(LOWER_PUT, Side.BUY, PositionEffect.OPEN),
        effect=PriceEffect.CREDIT,
        limit=limit,
        quantity=quantity,
    )


def holding(symbol: str, qty: int, mark: str | None = "1.00", **fields: Any) -> Holding:
    if len(symbol) < 21:
        return Holding(symbol, symbol, InstrumentKind.EQUITY, None, None, None, qty, dec(1), 1, _mark(mark), delta=1.0)
    contract = OptionContract.parse(symbol)
    return Holding(
        symbol=symbol,
        underlying=contract.root,
        kind=InstrumentKind.OPTION,
        right=contract.right,
        strike=contract.strike,
        expiry=contract.expiry,
        qty=qty,
        avg_px=dec("1.00"),
        multiplier=fields.pop("multiplier", 100),
        mark=_mark(mark),
        delta=fields.pop("delta", None),
    )


def _mark(mark: str | None) -> Decimal | None:
    return None if mark is None else dec(mark)


def pending(
    ticket: OrderTicket, *, cash: str = "0", leaves: int | None = None, order_id: UUID | None = None
) -> Pending:
    units = ticket.quantity if leaves is None else leaves
    return Pending(order_id or uuid4(), ticket, units, dec(cash), NOW - timedelta(minutes=5))


def book(**changes: Any) -> Book:
    plain = Book(
        account=CODE,
        connection="paper",
        environment="PAPER",
        is_enabled=True,
        cash=dec(100_000),
        equity=dec(100_000),
        session_open_equity=dec(100_000),
        day_pnl=dec(0),
        household_equity=dec(250_000),
        household_notional={},
    )
    return replace(plain, **changes)


def quote(symbol: str, bid: str | None = None, ask: str | None = None, **changes: Any) -> Quote:
    shown = PRICES.get(symbol, ("1.00", "1.10"))
    plain = Quote(
        symbol=symbol,
        bid=dec(bid or shown[0]),
        ask=dec(ask or shown[1]),
        bid_size=10,
        ask_size=10,
        last=None,
        source_at=NOW,
        received_at=NOW,
        source="test",
    )
    return replace(plain, **changes)


def listing(symbol: str, **changes: Any) -> Listing:
    if len(symbol) < 21:
        plain = Listing(symbol, symbol, InstrumentKind.EQUITY, None, None, None, 1, TickRule.CENT, is_active=True)
        return replace(plain, **changes)
    contract = OptionContract.parse(symbol)
    plain = Listing(
        symbol,
        contract.root,
        InstrumentKind.OPTION,
        Right(contract.right),
        contract.strike,
        contract.expiry,
        100,
        TickRule.CENT,
        is_active=True,
    )
    return replace(plain, **changes)


def market(**changes: Any) -> MarketView:
    quotes = {symbol: quote(symbol) for symbol in PRICES}
    plain = MarketView(
        quotes=quotes,
        greeks={symbol: greeks(delta, price=float(quotes[symbol].mid or 0)) for symbol, delta in DELTAS.items()},
        spots={SHARE: quotes[SHARE]},
        listings={symbol: listing(symbol) for symbol in PRICES},
        now=NOW,
        exchange_now=NOW,
        phase=Phase.OPEN,
        closes_at=CLOSE,
        trading_mode="paper",
        connection_state="UP",
        connection_paused=False,
        kill_level=0,
        feed_source="SIMULATED",
        takes=TAKES,
    )
    return replace(plain, **changes)


def market_with(*changed: Quote) -> MarketView:
    plain = market()
    quotes = {**plain.quotes, **{q.symbol: q for q in changed}}
    return replace(plain, quotes=quotes, spots={SHARE: quotes[SHARE]})


def greeks(delta: float, price: float = 1.0) -> Greeks:
    return Greeks(price=price, iv=0.5, delta=delta, gamma=0.01, theta=-0.1, vega=0.1, rho=0.0)


def limits(**changed: tuple[str | None, str | None]) -> Limits:
    bounds: dict[str, Bound] = dict(DEFAULTS)
    for code, (soft, hard) in changed.items():
        bounds[code] = replace(bounds[code], soft=_mark(soft), hard=_mark(hard))
    return Limits(bounds)


def without_limit(code: str) -> Limits:
    return Limits({name: bound for name, bound in DEFAULTS.items() if name != code})


def around(**changes: Any) -> Circumstances:
    """Return circumstances in which nothing is in the way: every option has ten thousand open contracts."""
    plain = Circumstances(interest=dict.fromkeys(PRICES, 10_000), rate=0.05)
    return replace(plain, **changes)


def request(ticket: OrderTicket | None = None, **changes: Any) -> GateRequest:
    plain = GateRequest(
        account_id=1,
        ticket=ticket or sell_put(),
        book=book(),
        market=market(),
        terms=NOT_PROTOCOL,
        limits=limits(),
        around=around(),
        sheet=SHEET,
    )
    return replace(plain, **changes)


def check(code: str, asked: GateRequest) -> CheckResult:
    """Return what one control says of the request."""
    return by_code(assess(asked))[code]


def by_code(assessment: Assessment) -> Mapping[str, CheckResult]:
    return {result.code: result for result in assessment.results}


def make_account(code: str = CODE) -> Account:
    connection, _ = Connection.objects.get_or_create(name="paper", defaults={"broker": "paper", "environment": "PAPER"})
    return Account.objects.create(
        code=code, name=code, tier="gen", connection=connection, broker_account=code, baseline=dec(100_000)
    )


def person(name: str, *roles: Role, account: Account | None = None) -> Actor:
    """Make a user with roles on the account, or on all."""
    user = User.objects.create(username=name, password="!")
    for role in roles:
        AccountGrant.objects.create(user=user, account=account, role=role)
    return Actor(user)
