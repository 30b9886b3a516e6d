"""The trading floor: what is at work and who holds what, and what a look at the market does to one order."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from allcore.kernel.orders import OrdType, TimeInForce
from allcore.kernel.reports import ReportKind
from allcore.kernel.tickets import OrderTicket
from brokers.paper import entry
from brokers.paper.books import AccountBook, after_booking, after_fill
from brokers.paper.draws import draw
from brokers.paper.fills import fills_of
from brokers.paper.market import Market, Match, Rule, Shelf, Taken, Why
from brokers.paper.matching import at_price, match, met_on_the_way, swept
from brokers.paper.moment import Moment, Terms
from brokers.paper.orderbook import OrderBook
from brokers.paper.records import Change, OrderRecord, Status
from brokers.paper.reports import Speaker
from brokers.paper.store import Snapshot
from brokers.paper.triggers import level_of

LOOK_AGAIN = timedelta(seconds=1)
APART = timedelta(microseconds=1)


class Floor:
    """Orders, accounts and displayed sizes, as they are after every change so far."""

    def __init__(self, snapshot: Snapshot, terms: Terms) -> None:
        self.say = Speaker(terms.connection)
        self.orders = OrderBook(snapshot.orders, snapshot.ids)
        self.accounts: dict[str, AccountBook] = dict(snapshot.accounts)
        self.look: set[str] = set()  # orders to look at again soon, though no quote changes
        self.look_at: datetime | None = None
        self.terms = terms
        self._struck_at: datetime | None = None  # the exchange's time of the last trade
        self._taken: dict[Shelf, Taken] = dict(snapshot.taken)

    def look_soon(self, names: Iterable[str], at: datetime) -> None:
        """Ask for another look at the orders."""
        self.look |= set(names)
        if self.look and (self.look_at is None or at < self.look_at):
            self.look_at = at

    def keep(self, change: Change) -> Change:
        """Take the change into memory, and return it."""
        for order in change.orders:
            self.orders.put(order)
            if not order.is_open:
                self.look.discard(order.cl_ord_id)
        for fill in change.fills:
            self.accounts[fill.account] = after_fill(self.accounts[fill.account], fill)
            gone = self._taken.get((fill.symbol, fill.side))
            used = gone.qty if gone is not None and gone.source_at == fill.quote_at else 0
            self._taken[fill.symbol, fill.side] = Taken(fill.quote_at, used + fill.qty)
        for booking in change.bookings:
            self.accounts[booking.account] = after_booking(self.accounts[booking.account], booking)
        for number, standing in change.standings:
            self.accounts[number] = replace(self.accounts[number], standing=standing)
        return change

    def refusal(self, order: OrderRecord, moment: Moment) -> str:
        """Return why the order, as far as it has not traded, would not be taken now."""
        others = self.orders.working_of(order.account, but=order.cl_ord_id)
        return entry.refusal(
            entry.Arrival(
                ticket=replace(order.ticket, quantity=order.ticket.quantity - order.cum_qty),
                book=self.accounts[order.account],
                working=tuple(_committed(o) for o in others),
                quotes=moment.quotes,
                at=moment.exchange_now,
                ticks=self.terms.ticks,
                is_cash_account=self.terms.is_cash_account,
            )
        )

    def whim(self, order: OrderRecord) -> str:
        """Return the code of a refusal without a reason, as often as chaos is asked for."""
        rate = self.terms.model.reject_rate
        return "VENUE_WHIM" if rate and draw(self.terms.seed, order.cl_ord_id, "whim") < rate else ""

    def tried(self, name: str, moment: Moment) -> list[Change]:
        """Match the order as it now is. Of an immediate order, what cannot be had at once lapses."""
        order = self.orders.get(name)
        if order is None or order.status is not Status.WORKING or order.ticket.time_in_force is TimeInForce.CLS:
            return []
        if moment.now < (sees_at := order.arrives_at + self.terms.model.data_delay):
            self.look_soon((name,), sees_at)
            return []
        found = match(order.working, self._market(moment))
        if found.look_again:
            self.look_soon((name,), moment.now + LOOK_AGAIN)
        else:
            self.look.discard(name)
        changes = [*self._moved(order, found, moment), *self._swept(name, found, moment)]
        left = self.orders.get(name)
        if left is not None and (code := _end_at_once(left)):
            changes.append(self.lapsed(left, code, moment.now, moment.exchange_now))
        return changes

    def _swept(self, name: str, found: Match, moment: Moment) -> list[Change]:
        """Let what the far side had not enough for go a tick beyond it, as often as the model says."""
        order, is_taking = self.orders.get(name), found.why is not None and found.why.rule is Rule.MARKETABLE
        if order is None or not found.units or not is_taking or not self.terms.model.sweep:
            return []
        more = swept(order.working, self._market(moment), self.terms.ticks)
        return self._moved(order, more, moment) if more.units else []

    def raced(self, order: OrderRecord, request_id: str, moment: Moment) -> list[Change]:
        """Let the order trade while its cancel is on its way, as often as the model says."""
        return self._slipped(order, order, Rule.RACE, request_id, moment)

    def late(self, order: OrderRecord, canceled: OrderRecord, request_id: str, moment: Moment) -> list[Change]:
        """Tell of a trade after the cancel was acknowledged: it happened before, and the news was slower."""
        return self._slipped(order, canceled, Rule.LATE, request_id, moment)

    def _slipped(
        self, before: OrderRecord, after: OrderRecord, rule: Rule, request_id: str, moment: Moment
    ) -> list[Change]:
        model = self.terms.model
        chance = model.race_at_touch if rule is Rule.RACE else model.race_after_ack
        drawn = draw(self.terms.seed, request_id, rule) if chance else 1.0
        if drawn >= chance or before.status is not Status.WORKING:
            return []
        found = met_on_the_way(before.working, self._market(moment), Why(rule, drawn=drawn, chance=chance))
        return [self._filled(after, found, moment)] if found.units else []

    def closed_at(self, order: OrderRecord, price: Decimal, moment: Moment) -> list[Change]:
        """Trade an order for the closing auction at the close, or let it lapse."""
        changes = self._moved(order, at_price(order.working, price), moment)
        left = self.orders.get(order.cl_ord_id)
        if left is not None:
            changes.append(self.lapsed(left, "AUCTION_UNFILLED", moment.now, moment.exchange_now))
        return changes

    def lapsed(self, order: OrderRecord, code: str, now: datetime, at: datetime) -> Change:
        """End the order by its time in force."""
        over = replace(order, status=Status.EXPIRED, reason=code, changed_at=now, version=order.version + 1)
        report = self.say.of_order(ReportKind.EXPIRE, over, at, text=entry.TEXTS[code])
        return self.keep(Change(orders=(over,), reports=(report,)))

    def withdrawn(self, order: OrderRecord, code: str, moment: Moment) -> Change:
        """Cancel the order though nobody asked."""
        over = replace(order, status=Status.CANCELED, reason=code, changed_at=moment.now, version=order.version + 1)
        kind = ReportKind.UNSOLICITED_CANCEL
        report = self.say.of_order(kind, over, moment.exchange_now, text=entry.TEXTS[code])
        return self.keep(Change(orders=(over,), reports=(report,)))

    def _market(self, moment: Moment) -> Market:
        return Market(
            quotes=moment.quotes,
            taken=self._taken,
            now=moment.now,
            trading_day=moment.trading_day,
            stale_after=self.terms.stale_after,
            model=self.terms.model,
            seed=self.terms.seed,
            second=int(moment.exchange_now.timestamp()),
        )

    def _moved(self, order: OrderRecord, found: Match, moment: Moment) -> list[Change]:
        after = replace(order, watch=found.watch, is_resting=found.is_resting, queue=found.queue, looked=found.looked)
        if found.units:
            return [self._filled(after, found, moment)]
        if _stage(after) == _stage(order):
            self.orders.put(after)  # when an order last saw a quote is worth remembering, not worth writing
            return []
        return [self.keep(Change(orders=(replace(after, changed_at=moment.now, version=order.version + 1),)))]

    def _filled(self, order: OrderRecord, found: Match, moment: Moment) -> Change:
        cum = order.cum_qty + found.units
        after = replace(
            order,
            cum_qty=cum,
            fill_count=order.fill_count + 1,
            status=Status.FILLED if cum == order.ticket.quantity else order.status,
            changed_at=moment.now,
            version=order.version + 1,
        )
        fills = fills_of(order, found, self._struck(moment), self.terms)
        report = self.say.of_fills(order.current_id, fills)
        return self.keep(Change(orders=(after,), fills=fills, reports=(report,)))

    def _struck(self, moment: Moment) -> Moment:
        """Return the moment of the next trade: no two have one time, so that whoever books them knows their order."""
        at, last = moment.exchange_now, self._struck_at
        if last is not None and at <= last < at + LOOK_AGAIN:
            at = last + APART
        self._struck_at = at
        return replace(moment, exchange_now=at)


def _stage(order: OrderRecord) -> tuple[object, ...]:
    watch = order.watch
    return order.is_resting, order.queue, watch.is_triggered, watch.confirmations, watch.mark


def _end_at_once(order: OrderRecord) -> str:
    """Return why what is left of the order ends now, or nothing. The opening is over once a quote has priced it."""
    match order.ticket.time_in_force:
        case TimeInForce.IOC:
            return "IOC_REMAINDER"
        case TimeInForce.FOK:
            return "FOK_NOT_FILLED"
        case TimeInForce.OPG:
            return "AUCTION_UNFILLED" if order.is_resting else ""
        case _:
            return ""


def _committed(order: OrderRecord) -> OrderTicket:
    """Return what the order may still take; a trailing stop is a stop at its present level."""
    ticket, level = order.ticket, level_of(order.ticket, order.watch)
    if ticket.ord_type is OrdType.TRAILING_STOP and level is not None and level > 0:
        bare = replace(ticket, ord_type=OrdType.STOP, stop_price=level, trail_amount=None, trail_percent=None)
        return replace(bare, quantity=order.leaves)
    return replace(ticket, quantity=order.leaves)
