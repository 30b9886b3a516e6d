"""The question to the gate, put together: the book, the market, the protocol's terms, the limits in force."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from allcore.kernel.calendar import phase_at, session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import InstrumentKind, Right, TickRule
from allcore.kernel.tickets import OrderTicket, content_hash
from brokers.models import Account
from marketdata.models import Instrument
from marketdata.selectors import chains, instruments, quotes
from marketdata.selectors.clock import exchange_now as exchange_time
from marketdata.selectors.clock import source
from risk.domain.market import Listing, MarketView
from risk.domain.request import GateRequest
from risk.selectors import kill
from risk.selectors.limits import in_force
from trading.domain.approval.drift import combo_mid
from trading.domain.approval.release import ReleaseView
from trading.models import Order
from trading.selectors import portfolio
from trading.selectors.household import household
from trading.selectors.protocol import terms
from trading.selectors.recent import last_minute


def gate_request(
    account: Account,
    ticket: OrderTicket,
    *,
    now: datetime,
    is_manual: bool,
    exclude_order_id: UUID | None = None,
    filled: int = 0,
) -> GateRequest:
    """Return the whole question; `account.connection` should be loaded."""
    house = household(account.connection.environment, exchange_time(now))
    legs = [leg.symbol for leg in ticket.legs]
    market = _market(account, ticket, house.symbols | set(legs) | {ticket.underlying}, now)
    lately = last_minute(account, ticket, now)
    return GateRequest(
        account_id=account.pk,
        ticket=ticket,
        book=portfolio.book(account, house, quotes=market.quotes, greeks=market.greeks),
        market=market,
        terms=terms(account, now, underlying=ticket.underlying),
        limits=in_force(account, ticket.underlying),
        recent=lately.twins,
        messages=lately.messages,
        exclude_order_id=exclude_order_id,
        filled=filled,
        is_manual=is_manual,
    )


def _market(account: Account, ticket: OrderTicket, symbols: set[str], now: datetime) -> MarketView:
    exchange_now = exchange_time(now)
    session = session_on(new_york_date(exchange_now))
    latest = quotes.latest(symbols)
    connection = account.connection
    return MarketView(
        quotes=latest,
        greeks=chains.greeks(symbols),
        spots={symbol: quote for symbol, quote in latest.items() if len(symbol) < 21},
        listings={s: _listing(row) for s, row in instruments.by_symbol(symbols).items()},
        now=now,
        exchange_now=exchange_now,
        phase=phase_at(exchange_now),
        closes_at=None if session is None else session.closes_at,
        trading_mode=settings.TRADING_MODE,
        connection_state=connection.state,
        connection_paused=connection.is_paused,
        kill_level=kill.level_for(connection=connection.name, account=account.code, underlying=ticket.underlying),
        feed_source=source(),
    )


def _listing(row: Instrument) -> Listing:
    is_option = row.kind == InstrumentKind.OPTION
    return Listing(
        symbol=row.symbol,
        underlying=row.symbol if row.underlying is None else row.underlying.symbol,
        kind=InstrumentKind(row.kind),
        right=Right(row.right) if is_option else None,
        strike=row.strike,
        expiry=row.expiry,
        multiplier=row.multiplier,
        tick_rule=TickRule(row.tick_rule),
        is_active=row.is_active,
    )


def arrival(request: GateRequest) -> dict[str, object]:
    """Return the market at staging: what slippage and the last look before sending are measured from."""
    ticket, market = request.ticket, request.market
    mid = combo_mid(ticket.legs, market.quotes, ticket.price_effect)
    return {
        "mid": None if mid is None else str(mid),
        "quotes": {
            leg.symbol: [str(quote.bid), str(quote.ask), quote.bid_size, quote.ask_size, quote.source_at.isoformat()]
            for leg in ticket.legs
            if (quote := market.quotes.get(leg.symbol)) is not None
        },
    }


def ticket_hash(ticket: OrderTicket) -> str:
    """Return what a person's own ticket is bound by."""
    return content_hash(ticket.as_dict())


def release_view(order: Order, ticket: OrderTicket, *, now: datetime) -> ReleaseView:
    """Return the world at the moment of sending; `order.account.connection` should be loaded."""
    account, connection = order.account, order.account.connection
    shown = order.arrival.get("mid")
    return ReleaseView(
        quotes=quotes.latest([leg.symbol for leg in ticket.legs]),
        mid_shown=None if shown is None else Decimal(shown),
        now=now,
        phase=phase_at(exchange_time(now)),
        kill_level=kill.level_for(connection=connection.name, account=account.code, underlying=order.underlying),
        is_paused=connection.is_paused,
        environment_agrees=connection.environment.lower() == settings.TRADING_MODE,
    )
