"""The tape under the head: what stands on each side of each symbol, and what the next minutes change."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np

from allcore.kernel.calendar import Session
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import TickRule
from allcore.kernel.quotes import Quote
from marketdata.domain.replay.parity import Sides
from marketdata.domain.replay.recording import Integers, Recording, epoch, money, tick_rule_of
from marketdata.domain.sources import Moment

NAME = "replay"


class Player:
    """Plays the quotes and trades of a recording, forward only, one session at a time."""

    def __init__(self, recording: Recording) -> None:
        self._underlying = recording.underlying
        self._quotes = recording.quotes
        self._trades = recording.trades
        count = len(recording.quotes.symbols)
        self._place = {symbol: n for n, symbol in enumerate(recording.quotes.symbols)}
        self._bid, self._ask, self._last = (np.full(count, np.nan) for _ in range(3))
        self._bid_size, self._ask_size, self._volume, self._seen_at = (np.zeros(count, np.int64) for _ in range(4))
        self._quote_position = self._trade_position = 0

    def days_of(self, symbol: str) -> frozenset[date]:
        """Return the New York days on which the symbol's own quotes were recorded."""
        place = self._place.get(symbol, -1)
        seen = np.unique(self._quotes.known_at[self._quotes.symbol == place] // 3600) * 3600
        return frozenset(new_york_date(datetime.fromtimestamp(int(hour), UTC)) for hour in seen)

    def option_ticks(self) -> TickRule:
        """Return the price steps that the recorded options keep."""
        options = self._quotes.symbol != self._place[self._underlying]
        return tick_rule_of(np.concatenate((self._quotes.bid[options], self._quotes.ask[options])))

    def last_of(self, symbol: str) -> Decimal | None:
        """Return the symbol's last trade so far."""
        place = self._place.get(symbol)
        return None if place is None else money(float(self._last[place]))

    def sides(self) -> Mapping[str, Sides]:
        """Return what stands on both sides of every symbol."""
        rows = zip(self._quotes.symbols, self._bid.tolist(), self._ask.tolist(), strict=True)
        return {symbol: (money(bid), money(ask)) for symbol, bid, ask in rows}

    def begin(self, session: Session, now: datetime) -> list[Quote]:
        """Wind to the session's open, and return the quotes that fell away because their day is over."""
        standing = np.flatnonzero(~(np.isnan(self._bid) & np.isnan(self._ask)))
        start = epoch(session.opens_at)
        self._quote_position = int(np.searchsorted(self._quotes.known_at, start, side="right"))
        self._trade_position = int(np.searchsorted(self._trades.known_at, start, side="right"))
        self._bid[:] = self._ask[:] = np.nan
        self._bid_size[:] = self._ask_size[:] = self._volume[:] = 0
        self._seen_at[:] = start
        return [self._quote(place, now) for place in standing.tolist()]

    def play(self, until: int, now: datetime) -> list[Quote]:
        """Return the quotes that changed up to `until` (epoch seconds), each as it stands then."""
        quoted, traded = self._play_quotes(until), self._play_trades(until)
        changed = np.union1d(quoted, traded)
        return [self._quote(place, now) for place in changed.tolist()]

    def implied_quote(self, symbol: str, sides: Sides, source: str, moment: Moment) -> Quote:
        """Return a quote whose sides others made; its sizes are unknown, so one round lot is shown."""
        place = self._place[symbol]
        bid, ask = sides
        return Quote(
            symbol,
            bid,
            ask,
            100,
            100,
            self.last_of(symbol),
            moment.exchange,
            moment.system,
            source,
            int(self._volume[place]),
        )

    def _play_quotes(self, until: int) -> Integers:
        end = max(int(np.searchsorted(self._quotes.known_at, until, side="right")), self._quote_position)
        rows = slice(self._quote_position, end)
        self._quote_position = end
        places = self._quotes.symbol[rows]
        for side, size, prices, sizes in (
            (self._bid, self._bid_size, self._quotes.bid[rows], self._quotes.bid_size[rows]),
            (self._ask, self._ask_size, self._quotes.ask[rows], self._quotes.ask_size[rows]),
        ):
            shown = ~np.isnan(prices)  # a repeated place keeps its last value, and rows are in order
            side[places[shown]] = prices[shown]
            size[places[shown]] = sizes[shown]
        self._seen_at[places] = self._quotes.known_at[rows]
        return np.unique(places)

    def _play_trades(self, until: int) -> Integers:
        end = max(int(np.searchsorted(self._trades.known_at, until, side="right")), self._trade_position)
        rows = slice(self._trade_position, end)
        self._trade_position = end
        places = self._trades.symbol[rows]
        self._last[places] = self._trades.price[rows]
        np.add.at(self._volume, places, self._trades.volume[rows])
        return np.unique(places)

    def _quote(self, place: int, now: datetime) -> Quote:
        return Quote(
            symbol=self._quotes.symbols[place],
            bid=money(float(self._bid[place])),
            ask=money(float(self._ask[place])),
            bid_size=int(self._bid_size[place]),
            ask_size=int(self._ask_size[place]),
            last=money(float(self._last[place])),
            source_at=datetime.fromtimestamp(int(self._seen_at[place]), UTC),
            received_at=now,
            source=NAME,
            volume=int(self._volume[place]),
        )
