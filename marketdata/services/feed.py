"""The feed: moves the source along the exchange's clock, and keeps Redis and PostgreSQL in step with it."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from allcore.kernel import calendar
from allcore.kernel.calendar import Phase, Session
from allcore.kernel.clock import ExchangeClock
from allcore.kernel.quotes import Quote
from marketdata.domain import schedule, valuation
from marketdata.domain.bars import MinuteBars, Print
from marketdata.domain.pricing import Floats
from marketdata.domain.simulator.hours import last_started
from marketdata.domain.sources import Moment, Source, SourceKind
from marketdata.domain.valuation import Columns
from marketdata.selectors import history
from marketdata.services import bars, feed_state, listings, publish

LEASE = timedelta(seconds=5)  # of the system's time that the exchange's clock may run past a sign of life
MINUTE = timedelta(minutes=1)
WARM_UP_STEP = timedelta(seconds=15)
INSTANT = timedelta(microseconds=1)
INTEREST_EVERY = 30  # seconds


class Feed:
    """One source on its way to the desk. `tick` is called four times a second and does what is due.

    The exchange's clock never runs backwards: it is told to the desk only as far as the stored lease reaches, and
    after a crash or an outage it goes on from there.
    """

    def __init__(self, source: Source, clock: ExchangeClock, *, spec: str, pause: float) -> None:
        self._source = source
        self._clock = clock
        self._leased = clock.exchange_anchor + LEASE * clock.speed
        self._spec = spec
        self._pause = pause
        self._standing: dict[str, Quote] = {}
        self._shares: frozenset[str] = frozenset()
        self._options: frozenset[str] = frozenset()
        self._columns: Columns | None = None
        self._guess: Floats | None = None
        self._valued: set[str] = set()
        self._minutes = MinuteBars()
        self._listed_on: date | None = None
        self._in_session = True
        self._full_at = self._interest_at = 0  # the system's seconds

    def tick(self, now: datetime) -> None:
        """Move to `now`: shares' quotes each time, everything that stands once a second."""
        moment = Moment(self._move_clock(now), now)
        changed = {quote.symbol: quote for quote in self._source.advance(moment)}
        self._take_stock()
        self._list()
        self._standing |= changed
        is_full = moment.second != self._full_at
        vouched = self._standing if is_full and self._vouches(now) else changed
        publish.quotes(vouched, received_at=now.isoformat())
        self._keep_minutes(moment.exchange, changed)
        if is_full:
            self._publish_the_rest(moment)
            self._full_at = moment.second

    def begin(self, now: datetime) -> None:
        """Make the market anew: its listings, its history, and the session up to the clock's start."""
        publish.clear()
        self._list()
        bars.store_days(self._source.history())
        at = self._clock.exchange_anchor
        session = last_started(at)
        moment = session.opens_at
        while moment < min(at, session.closes_at):
            changed = {quote.symbol: quote for quote in self._source.advance(Moment(moment, now))}
            self._standing |= changed
            self._keep_minutes(moment, changed)
            moment += WARM_UP_STEP

    def resume(self) -> None:
        """Go on with the minute in which the feed stopped."""
        publish.clear()
        self._list()
        at = self._clock.exchange_anchor
        for symbol in self._shares:
            for bar in history.minute_bars(symbol, at - MINUTE, at):
                self._minutes.resume(bar)

    def stop(self, now: datetime) -> None:
        """Store the unfinished minutes and exactly where the market stands."""
        bars.store_minutes(self._minutes.finish())
        at = min(self._clock.at(now), self._leased)
        self._beat(now, stops_at=at)
        feed_state.release()

    def _move_clock(self, now: datetime) -> datetime:
        at = self._clock.at(now)
        if at > self._leased:
            self._clock = ExchangeClock(now, self._leased, self._clock.speed, self._clock.stops_at)
            at = self._leased
        moved = schedule.passed_over(self._clock, now, pause=self._pause, reopens_at=self._source.reopens_after(at))
        if moved != self._clock:
            self._clock, self._full_at = moved, 0  # the lease has to follow in this very tick
            at = moved.at(now)
        return at

    def _take_stock(self) -> None:
        """Look what became of the source; a market of our own is always there."""

    def _vouches(self, now: datetime) -> bool:
        """Return whether what stands is still the market's."""
        return True

    def _list(self) -> None:
        if self._listed_on == self._source.listed_on:
            return
        listed = self._source.listings()
        is_simulated = self._source.kind is SourceKind.SIMULATED
        gone = listings.store(listed, today=self._source.listed_on, is_simulated=is_simulated)
        gone |= self._standing.keys() - {listing.symbol for listing in listed}
        publish.forget(gone)
        for symbol in gone:
            self._standing.pop(symbol, None)
        self._shares = frozenset(listing.symbol for listing in listed if listing.contract is None)
        yields = {listing.symbol: listing.dividend_yield for listing in listed}
        self._columns = valuation.columns_of([x.contract for x in listed if x.contract is not None], yields)
        self._options = frozenset(self._columns.symbols)
        self._guess, self._valued = None, self._valued - gone
        self._listed_on = self._source.listed_on
        self._interest_at = 0

    def _keep_minutes(self, at: datetime, changed: Mapping[str, Quote]) -> None:
        is_open, session = calendar.phase_at(at) is Phase.OPEN, last_started(at)
        prints = [_print(quote, session) for symbol, quote in changed.items() if symbol in self._shares]
        done = [bar for seen in prints if seen is not None and (bar := self._minutes.add(seen)) is not None]
        if done:
            bars.store_minutes(done)
        if self._in_session and not is_open:
            bars.store_minutes(self._minutes.finish())
            bars.close_day(session, self._shares, self._source.official_bars(session.day))
        self._in_session = is_open

    def _publish_the_rest(self, moment: Moment) -> None:
        self._value(moment.exchange)
        if moment.second >= self._interest_at + INTEREST_EVERY:
            interest = self._source.open_interest()
            publish.open_interest({symbol: n for symbol, n in interest.items() if symbol in self._options})
            self._interest_at = moment.second
        self._beat(moment.system, stops_at=moment.exchange + LEASE * self._clock.speed)

    def _value(self, at: datetime) -> None:
        if self._columns is None:
            return
        prices = np.array([valuation.fair_price(self._standing.get(symbol)) for symbol in self._columns.symbols])
        spots = {owner: spot for owner in self._columns.owners if (spot := self._spot(owner)) is not None}
        market = valuation.Market(at, self._source.rate, spots)
        self._guess, values = valuation.values(self._columns, market, prices, self._guess)
        publish.greeks(values, gone=self._valued - values.keys())
        self._valued = set(values)

    def _spot(self, owner: str) -> Decimal | None:
        quote = self._standing.get(owner)
        return None if quote is None else _level(quote)

    def _beat(self, now: datetime, *, stops_at: datetime) -> None:
        end = self._clock.stops_at
        stops_at = stops_at if end is None else min(stops_at, end)
        told = feed_state.save(feed_state.Beat(self._spec, self._clock, stops_at, now), self._source)
        self._leased = stops_at
        publish.clock(told)


def _level(quote: Quote) -> Decimal | None:
    return quote.last if quote.mid is None else quote.mid


def _print(quote: Quote, session: Session) -> Print | None:
    """The price for the minute it ended in: what is shown at 10:01:00 sharp was made in the minute of 10:00."""
    price = _level(quote)
    if price is None or not session.opens_at <= quote.source_at <= session.closes_at:
        return None
    return Print(quote.symbol, max(quote.source_at - INSTANT, session.opens_at), price, quote.volume)
