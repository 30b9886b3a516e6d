"""The paper exchange: messages arrive, quotes change, time passes, and it says what happens. No I/O, no clock.

It is told what is on its way (`take_order`, `take_request`) and asked to `advance` to a moment. The answer is a list of
changes for the store and the client, in the order in which they happened.
"""

import heapq
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from allcore.kernel.clock import new_york_date
from allcore.kernel.orders import TimeInForce
from allcore.kernel.reports import ReportKind
from allcore.kernel.tickets import AUCTIONS
from brokers.paper import auctions, closes, entry, requests
from brokers.paper.agent import TransferAgent, underlyings_of
from brokers.paper.books import AccountBook
from brokers.paper.clearing import Clearing
from brokers.paper.contracts import AM_SETTLED
from brokers.paper.floor import LOOK_AGAIN, Floor
from brokers.paper.lottery import Lottery
from brokers.paper.margin import MarginDesk
from brokers.paper.moment import Moment, Terms
from brokers.paper.records import Change, OrderRecord, RequestKind, RequestRecord, Status
from brokers.paper.store import Snapshot
from brokers.paper.treasury import Treasury
from brokers.paper.triggers import symbols_of


class Exchange:
    """One connection's orders, at work."""

    def __init__(self, snapshot: Snapshot, terms: Terms) -> None:
        self.closes = closes.Closes()
        self._floor = Floor(snapshot, terms)
        self.clearing = Clearing(self._floor, self.closes, snapshot.instructions)
        self.agent = TransferAgent(self._floor, self.closes, self.clearing, is_used=terms.has_actions)
        self.treasury = Treasury(self._floor, self.closes, terms.rates)
        self._lottery = Lottery(self._floor, self.closes)
        self.margin = MarginDesk(self._floor, self.closes, is_used=terms.has_margin_calls)
        self._requests: dict[str, RequestRecord] = {}
        self._arrivals: list[tuple[datetime, int, str]] = []
        self._seq = 0
        self._day: date | None = None
        self._is_missing_quotes = True  # none seen yet, or some may have been missed
        for order in self._floor.orders.all():
            if order.status is Status.PENDING:
                self._expect(order.arrives_at, order.cl_ord_id)
        for request in snapshot.requests:
            self.take_request(request)

    def add_account(self, book: AccountBook) -> None:
        """Know an account that was opened since."""
        self._floor.accounts.setdefault(book.number, book)
        self.agent.look_again()
        self.treasury.look_again()

    def account(self, number: str) -> AccountBook | None:
        """Return the account's book as it is now."""
        return self._floor.accounts.get(number)

    def order_of(self, any_id: str) -> OrderRecord | None:
        """Return the open order that the id names or named."""
        return self._floor.orders.get(self._floor.orders.first_id(any_id) or "")

    def open_count(self) -> int:
        """Return how many orders are open."""
        return len(self._floor.orders.all())

    def refusal(self, order: OrderRecord, moment: Moment) -> str:
        """Return why the order would not be taken now, or nothing."""
        return self._floor.refusal(order, moment)

    def take_order(self, order: OrderRecord) -> None:
        """Expect an order that the store has."""
        self._floor.orders.put(order)
        self._expect(order.arrives_at, order.cl_ord_id)

    def take_request(self, request: RequestRecord) -> None:
        """Expect a request that the store has. It does not overtake its order."""
        order = self._floor.orders.get(request.order_id)
        self._requests[request.cl_ord_id] = request
        arrives_at = request.arrives_at if order is None else max(request.arrives_at, order.arrives_at)
        self._expect(arrives_at, request.cl_ord_id)

    def due_at(self) -> datetime | None:
        """Return the system's time of the next thing that happens by itself, as far as is known."""
        look_at = self._floor.look_at if self._floor.look else None
        arrival = self._arrivals[0][0] if self._arrivals else None
        return min((at for at in (look_at, arrival) if at is not None), default=None)

    def watched(self) -> set[str]:
        """Return the symbols whose quotes matter: of open orders, and under option positions."""
        held = {symbol for book in self._floor.accounts.values() for symbol in underlyings_of(book, of_options=True)}
        return self._floor.orders.symbols() | held

    def wanted(self, now: datetime, changed: Iterable[str]) -> set[str]:
        """Return the symbols whose quotes `advance` will need."""
        names = self._floor.orders.at_work(changed) | (self._floor.look if self._is_look_due(now) else set())
        arriving = [name for at, _, name in self._arrivals if at <= now]
        names |= {self._requests[name].order_id if name in self._requests else name for name in arriving}
        orders = [order for name in names if (order := self._floor.orders.get(name)) is not None]
        symbols = {symbol for order in orders for symbol in symbols_of(order.ticket)}
        return symbols | self.agent.wants | self._lottery.wants | (self.watched() if self._is_missing_quotes else set())

    def look_at_all(self, now: datetime) -> None:
        """Ask for a look at all that is watched: quotes may have been missed."""
        self._is_missing_quotes = True
        self._floor.look_soon((o.cl_ord_id for o in self._working()), now)

    def advance(self, moment: Moment) -> list[Change]:
        """Return what happens up to the moment. Without quotes only time goes on: nothing arrives, nothing trades."""
        for quote in moment.quotes.values():
            self.closes.note(quote)
        changes = [*self._closed(moment), *self.treasury.act(moment), *self.agent.act(moment), *self._lapsed(moment)]
        if moment.is_blind:
            return changes
        self._is_missing_quotes = self._is_missing_quotes and not moment.saw(self.watched())
        touched = self._touched(moment)
        changes += self._arrived(moment)
        changes += [change for name in touched for change in self._floor.tried(name, moment)]
        changes += [*self.clearing.act(moment), *self.agent.assign(moment), *self._lottery.act(moment)]
        changes += [*self.margin.act(moment)]
        if moment.trading_day != self._day:
            self._day = moment.trading_day
            self.look_at_all(moment.now)
        return changes

    def awaiting_close(self, exchange_now: datetime) -> set[tuple[str, date]]:
        """Return the underlyings and days whose close is needed and was not seen."""
        due = closes.expiring(self._floor.accounts.values(), exchange_now)
        needed = [(e.underlying, e.day) for e in due if e.option.root not in AM_SETTLED]
        needed += [(symbol, day) for _, symbol, day in self._at_auction(exchange_now)]
        needed += self.agent.awaiting_close(new_york_date(exchange_now))
        missing = {(symbol, day) for symbol, day in needed if self.closes.on(symbol, day) is None}
        return missing | self.treasury.awaiting_close(exchange_now) | self.margin.awaiting_close(exchange_now)

    def _expect(self, at: datetime, name: str) -> None:
        self._seq += 1
        heapq.heappush(self._arrivals, (at, self._seq, name))

    def _working(self) -> list[OrderRecord]:
        return [o for o in self._floor.orders.all() if o.status is Status.WORKING]

    def _is_look_due(self, now: datetime) -> bool:
        return bool(self._floor.look) and self._floor.look_at is not None and self._floor.look_at <= now

    def _touched(self, moment: Moment) -> list[str]:
        """Return the orders to look at, the earliest first: those with news, and those that asked."""
        names = self._floor.orders.at_work(moment.changed)
        if self._is_look_due(moment.now):
            names |= self._floor.look
            self._floor.look_at = moment.now + LOOK_AGAIN
        orders = [
            o for name in names if (o := self._floor.orders.get(name)) is not None and self._is_seen(name, moment)
        ]
        return [o.cl_ord_id for o in sorted(orders, key=lambda o: (o.arrives_at, o.cl_ord_id))]

    def _lapsed(self, moment: Moment) -> list[Change]:
        over = [o for o in self._working() if o.expires_at is not None and o.expires_at <= moment.exchange_now]
        return [self._floor.lapsed(o, _why_over(o), moment.now, o.expires_at or moment.exchange_now) for o in over]

    def _closed(self, moment: Moment) -> list[Change]:
        """Hold the closing auction of the orders whose symbol's close is known."""
        changes: list[Change] = []
        for order, symbol, day in self._at_auction(moment.exchange_now):
            if (price := self.closes.on(symbol, day)) is not None:
                changes += self._floor.closed_at(order, price, moment)
        return changes

    def _at_auction(self, exchange_now: datetime) -> list[tuple[OrderRecord, str, date]]:
        """Return the orders whose closing auction has been, with its symbol and New York's date."""
        ended = [(o, o.expires_at - auctions.PATIENCE) for o in self._floor.orders.for_close() if o.expires_at]
        return [(o, o.ticket.legs[0].symbol, new_york_date(at)) for o, at in ended if at + closes.GRACE <= exchange_now]

    def _arrived(self, moment: Moment) -> list[Change]:
        """Take in what has come, in its turn. What came while the quotes were fetched waits for its own."""
        changes: list[Change] = []
        while self._arrivals and self._arrivals[0][0] <= moment.now and self._is_seen(self._arrivals[0][2], moment):
            name = heapq.heappop(self._arrivals)[2]
            request = self._requests.pop(name, None)
            order = self._floor.orders.get(name)
            if request is not None:
                changes += self._answered(request, moment)
            elif order is not None:
                changes += self._entered(order, moment)
        return changes

    def _is_seen(self, message: str, moment: Moment) -> bool:
        request = self._requests.get(message)
        order = self._floor.orders.get(message if request is None else request.order_id)
        return order is None or moment.saw(symbols_of(order.ticket))

    def _entered(self, order: OrderRecord, moment: Moment) -> list[Change]:
        code = self._floor.refusal(order, moment) or self._floor.whim(order)
        order = replace(
            order,
            status=Status.REJECTED if code else Status.WORKING,
            reason=code,
            changed_at=moment.now,
            expires_at=entry.expires_at(order.ticket, moment.exchange_now),
            version=order.version + 1,
        )
        kind = ReportKind.REJECT if code else ReportKind.ACK
        report = self._floor.say.of_order(kind, order, moment.exchange_now, text=entry.TEXTS.get(code, ""))
        entered = self._floor.keep(Change(orders=(order,), reports=(report,)))
        return [entered, *self._floor.tried(order.cl_ord_id, moment)]

    def _answered(self, request: RequestRecord, moment: Moment) -> list[Change]:
        changes = self._floor.tried(request.order_id, moment) if self._is_quoted_before(request, moment) else []
        order = self._floor.orders.get(request.order_id)
        if order is not None and request.kind is RequestKind.CANCEL:
            changes += self._floor.raced(order, request.cl_ord_id, moment)
            order = self._floor.orders.get(request.order_id)
        found = requests.answer(
            request, order, now=moment.now, refusal=lambda changed: self._floor.refusal(changed, moment)
        )
        text = entry.TEXTS.get(found.request.reason, "")
        report = self._floor.say.of_request(found.kind, found.request, moment.exchange_now, text=text)
        orders = () if found.order is None else (found.order,)
        changes.append(self._floor.keep(Change(orders=orders, requests=(found.request,), reports=(report,))))
        if order is not None and found.order is not None and request.kind is RequestKind.CANCEL:
            return changes + self._floor.late(order, found.order, request.cl_ord_id, moment)
        return changes + (self._floor.tried(request.order_id, moment) if orders else [])

    def _is_quoted_before(self, request: RequestRecord, moment: Moment) -> bool:
        """Whether news of its quotes came before the request did: then the order may trade first."""
        order = self._floor.orders.get(request.order_id)
        symbols = () if order is None else tuple(leg.symbol for leg in order.ticket.legs)
        news = [moment.quotes[s] for s in symbols if s in moment.changed and s in moment.quotes]
        return bool(news) and all(quote.received_at <= request.arrives_at for quote in news)


def _why_over(order: OrderRecord) -> str:
    if order.ticket.time_in_force in AUCTIONS:
        return "AUCTION_UNFILLED"
    return "DATE_ENDED" if order.ticket.time_in_force is TimeInForce.GTD else "DAY_ENDED"
