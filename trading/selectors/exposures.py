"""The question to the gate, put together: the book, the market, the protocol's terms, the limits in force."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from allcore.kernel.calendar import Phase, phase_at, session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import OCC_LENGTH, Right
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket, content_hash
from brokers.models import Account
from brokers.selectors.capabilities import capabilities_of
from marketdata.selectors import chains, quotes
from marketdata.selectors.clock import exchange_now as exchange_time
from marketdata.selectors.clock import feed_clock
from risk.domain.controls.assignment import twin_of
from risk.domain.lines import contract_of
from risk.domain.market import BrokerTakes, MarketView
from risk.domain.request import GateRequest
from risk.domain.structure import opening_shorts
from risk.selectors import kill
from trading.domain.approval.drift import combo_mid
from trading.domain.approval.release import ReleaseView
from trading.models import Order
from trading.selectors import portfolio, risk_sheet
from trading.selectors.facts import Facts, facts
from trading.selectors.outbox import Held
from trading.selectors.protocol import terms


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
    clock = feed_clock()
    exchange_now = clock.clock.at(now)
    known = facts(account, ticket, now=now, exchange_now=exchange_now, replaced=exclude_order_id)
    market, interest = _market(account, ticket, known, _Moment(now, exchange_now, clock.source))
    return GateRequest(
        account_id=account.pk,
        ticket=ticket,
        book=portfolio.book(
            account, known.house, quotes=market.quotes, greeks=market.greeks, day_trades=known.day_trades
        ),
        market=market,
        terms=terms(account, now, underlying=ticket.underlying, exchange_now=exchange_now),
        limits=known.rules.limits,
        recent=known.lately.twins,
        messages=known.lately.messages,
        sizes=known.lately.sizes,
        exclude_order_id=exclude_order_id,
        filled=filled,
        is_manual=is_manual,
        around=replace(known.around, interest=interest, rate=clock.rate),
        sheet=risk_sheet.sheet(),
    )


@dataclass(frozen=True, slots=True)
class _Moment:
    now: datetime
    exchange_now: datetime
    source: str


def _market(account: Account, ticket: OrderTicket, known: Facts, moment: _Moment) -> tuple[MarketView, dict[str, int]]:
    legs = {leg.symbol for leg in ticket.legs}
    wanted = known.house.symbols | legs | {ticket.underlying} | _twins(ticket, known)
    latest, greeks, interest = chains.sights(wanted, interest_of=legs)
    session = session_on(new_york_date(moment.exchange_now))
    connection = account.connection
    view = MarketView(
        quotes=latest,
        greeks=greeks,
        spots={symbol: quote for symbol, quote in latest.items() if len(symbol) < OCC_LENGTH},
        listings=known.listings,
        now=moment.now,
        exchange_now=moment.exchange_now,
        phase=phase_at(moment.exchange_now),
        closes_at=None if session is None else session.closes_at,
        trading_mode=settings.TRADING_MODE,
        connection_state=connection.state,
        connection_paused=connection.is_paused,
        kill_level=known.rules.kill_level,
        feed_source=moment.source,
        takes=takes(connection.broker),
    )
    return view, interest


def _twins(ticket: OrderTicket, known: Facts) -> set[str]:
    """Return the puts that a dividend is weighed with: those of the short calls, where one is due."""
    if not known.around.dividends:
        return set()
    sold = [contract_of(leg.symbol) for leg in opening_shorts(ticket)]
    return {twin_of(contract) for contract in sold if contract is not None and contract.right is Right.CALL}


def takes(broker: str) -> BrokerTakes:
    """Return what the broker takes by itself."""
    able = capabilities_of(broker)
    return BrokerTakes(
        broker,
        able.ord_types,
        able.times_in_force,
        able.triggers,
        max_legs=able.max_legs,
        gtc_for=able.gtc_for,
        native_lists=able.native_lists,
        native_conditions=able.native_conditions,
        algos=able.algos,
    )


def closes_at(exchange_now: datetime) -> datetime | None:
    """Return the end of the day's session, or None on a day without one."""
    session = session_on(new_york_date(exchange_now))
    return None if session is None else session.closes_at


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


def release_views(orders: Collection[Held], *, now: datetime) -> dict[UUID, ReleaseView]:
    """Return the world at the moment of sending, as each of the orders sees it."""
    if not orders:
        return {}
    latest = quotes.latest({leg.symbol for held in orders for leg in held.ticket.legs})
    levels, phase = kill.in_force(), phase_at(exchange_time(now))
    return {held.order.pk: _release_view(held.order, latest, levels, phase, now) for held in orders}


def _release_view(
    order: Order, latest: Mapping[str, Quote], levels: kill.Levels, phase: Phase, now: datetime
) -> ReleaseView:
    account, connection = order.account, order.connection
    shown = order.arrival.get("mid")
    return ReleaseView(
        quotes=latest,
        mid_shown=None if shown is None else Decimal(shown),
        now=now,
        phase=phase,
        kill_level=levels.level_for(connection=connection.name, account=account.code, underlying=order.underlying),
        is_paused=connection.is_paused,
        environment_agrees=connection.environment.lower() == settings.TRADING_MODE,
    )
