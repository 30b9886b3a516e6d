"""The broker's margin desk: calls at the close, and sells at the opening for who has not met one.

A call is made by the closes of a session and is due by the opening of the second session after it. Whoever lacks the
margin then has all orders canceled, and so many shares sold or bought back at the market as the closes say are needed.
"""

import hashlib
from dataclasses import replace
from datetime import date, datetime, timedelta

from allcore.kernel.calendar import Session, next_session, previous_session, session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.money import to_cents
from allcore.kernel.orders import OrdType, PositionEffect, Side, TimeInForce
from allcore.kernel.tickets import OrderTicket, TicketLeg, natural_effect
from brokers.paper.actions import Call
from brokers.paper.books import AccountBook
from brokers.paper.closes import GRACE, Closes
from brokers.paper.floor import Floor
from brokers.paper.maintenance import PriceOf, Sale, excess, sales, shares_of
from brokers.paper.moment import Moment
from brokers.paper.records import Change, OrderRecord, Status

SESSIONS_TO_MEET = 2
ASK_FOR = timedelta(hours=2)  # after the close: later, a close that is missing is not asked for any more


class MarginDesk:
    """Looks at each account once a session; what it found is kept with the account's cash."""

    def __init__(self, floor: Floor, closes: Closes, *, is_used: bool) -> None:
        self._floor = floor
        self._closes = closes
        self._is_used = is_used

    def alerts(self) -> list[str]:
        """Return what holders should know."""
        calls = [(book.number, book.standing.call) for book in self._floor.accounts.values()]
        return [
            f"Margin call on {number}: {call.amount} dollars by the opening of {call.due_on:%-d %b}."
            for number, call in calls
            if call is not None
        ]

    def awaiting_close(self, exchange_now: datetime) -> set[tuple[str, date]]:
        """Return the closes that a look needs and that were not seen: of the day, or for a sale of the day before."""
        session = session_on(new_york_date(exchange_now))
        if not self._is_used or session is None or not session.opens_at <= exchange_now < session.closes_at + ASK_FOR:
            return set()
        is_over = exchange_now >= session.closes_at + GRACE
        day = session.day if is_over else previous_session(session.day).day
        is_needed = _is_due if is_over else _is_to_be_enforced
        books = [book for book in self._floor.accounts.values() if is_needed(book, session.day)]
        symbols = {symbol for book in books for symbol in shares_of(book)}
        return {(symbol, day) for symbol in symbols if self._closes.on(symbol, day) is None}

    def act(self, moment: Moment) -> list[Change]:
        """Return what a close or an opening makes of the accounts."""
        session = session_on(new_york_date(moment.exchange_now))
        if not self._is_used or session is None or moment.exchange_now < session.opens_at:
            return []
        books = tuple(self._floor.accounts.values())
        if moment.exchange_now >= session.closes_at + GRACE:
            looked = [self._looked(book, session) for book in books if _is_due(book, session.day)]
            return [change for change in looked if change is not None]
        if moment.trading_day is None:
            return []
        return [change for book in books for change in self._enforced(book, session, moment)]

    def _looked(self, book: AccountBook, session: Session) -> Change | None:
        left = excess(book, self._price_on(session.day))
        if left is None:
            return None
        call = None
        if left < 0:
            due_on = (
                _sessions_on(session, SESSIONS_TO_MEET) if book.standing.call is None else book.standing.call.due_on
            )
            call = Call(to_cents(-left), due_on)
        standing = replace(book.standing, call=call, margin_through=session.day)
        return self._floor.keep(Change(standings=((book.number, standing),)))

    def _enforced(self, book: AccountBook, session: Session, moment: Moment) -> list[Change]:
        if not _is_to_be_enforced(book, session.day):
            return []
        price_of = self._price_on(previous_session(session.day).day)
        left = excess(book, price_of)
        if left is None:
            return []
        standing = replace(book.standing, call=book.standing.call if left < 0 else None, enforced_on=session.day)
        if left >= 0:
            return [self._floor.keep(Change(standings=((book.number, standing),)))]
        canceled = [
            self._floor.withdrawn(order, "MARGIN_CALL", moment)
            for order in self._floor.orders.all()
            if order.account == book.number
        ]
        orders = tuple(_order(book.number, sale, session, moment) for sale in sales(book, -left, price_of))
        change = self._floor.keep(Change(orders=orders, standings=((book.number, standing),)))
        traded = [one for order in orders for one in self._floor.tried(order.cl_ord_id, moment)]
        return [*canceled, change, *traded]

    def _price_on(self, day: date) -> PriceOf:
        return lambda symbol: self._closes.on(symbol, day)


def _is_due(book: AccountBook, day: date) -> bool:
    """Whether the account is to be looked at: orders see to it that options alone are always paid for."""
    may_lack = book.cash < 0 or bool(shares_of(book)) or book.standing.call is not None
    return may_lack and book.standing.margin_through != day


def _is_to_be_enforced(book: AccountBook, day: date) -> bool:
    call = book.standing.call
    return call is not None and call.due_on <= day != book.standing.enforced_on


def _sessions_on(session: Session, count: int) -> date:
    day = session.day
    for _ in range(count):
        day = next_session(day).day
    return day


def _order(account: str, sale: Sale, session: Session, moment: Moment) -> OrderRecord:
    """Return the broker's own order; its name is the same however often it is made that day."""
    side = Side.BUY if sale.qty > 0 else Side.SELL
    mark = hashlib.sha256(f"{account}:{sale.symbol}".encode()).hexdigest()[:10].upper()
    name = f"MC{session.day:%y%m%d}{mark}"
    ticket = OrderTicket(
        account=account,
        underlying=sale.symbol,
        legs=(TicketLeg(sale.symbol, side, PositionEffect.CLOSE),),
        quantity=abs(sale.qty),
        ord_type=OrdType.MARKET,
        time_in_force=TimeInForce.DAY,
        price_effect=natural_effect(side),
    )
    return OrderRecord(
        cl_ord_id=name,
        current_id=name,
        account=account,
        ticket=ticket,
        status=Status.WORKING,
        arrives_at=moment.now,
        changed_at=moment.now,
        expires_at=session.closes_at,
        reason="MARGIN_CALL",
    )
