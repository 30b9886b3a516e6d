"""A recording as a source of quotes. A minute's quote is known when the minute has ended, never before."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from allcore.kernel import calendar
from allcore.kernel.calendar import Session
from allcore.kernel.clock import new_york, new_york_date
from allcore.kernel.instruments import InstrumentKind
from allcore.kernel.quotes import Quote
from marketdata.domain.bars import DailyBar
from marketdata.domain.feeds import BadFeedError
from marketdata.domain.replay import parity
from marketdata.domain.replay.player import Player
from marketdata.domain.replay.recording import Recording, epoch
from marketdata.domain.sources import Listing, Moment, SourceKind

NAME = "replay"
NAME_OF_IMPLIED = "replay-parity"
RATE = 0.003  # a year: the middle of the Federal Reserve's range from 17 December 2015
FIRST_MINUTES = timedelta(minutes=5)
INDEX = "VIX"
KINDS = {"SPY": InstrumentKind.ETF, "QQQ": InstrumentKind.ETF, INDEX: InstrumentKind.INDEX}


class ReplayMarket:
    """A recorded market. Each session begins without quotes: yesterday's are nobody's offer today.

    Where the underlying's own quotes were not recorded in a session, its sides are those that its nearest options make
    by put-call parity, under a source name that says so. Symbols with daily bars alone show the last close, no sides.
    """

    kind = SourceKind.REPLAY
    rate = RATE

    def __init__(self, recording: Recording, start: datetime | None) -> None:
        self._recording = recording
        self._sessions = _sessions(recording)
        self.starts_at = start or self._sessions[0].opens_at + FIRST_MINUTES
        if not self._sessions[0].opens_at <= self.starts_at < self._sessions[-1].closes_at:
            first, last = (f"{new_york(s.opens_at):%Y-%m-%d}" for s in (self._sessions[0], self._sessions[-1]))
            raise BadFeedError(f"starts outside of its recording, which runs from {first} to {last}", start=start)
        self._closes = _closes(recording)
        self._player = Player(recording)
        self._recorded = self._player.days_of(recording.underlying)
        self._session: Session | None = None
        self._implied: parity.Sides = (None, None)
        self._at = self.starts_at

    @property
    def listed_on(self) -> date:
        """The New York day that the recording is at."""
        return new_york_date(self._at)

    def listings(self) -> Sequence[Listing]:
        """Return the underlying, what has daily bars, and the recorded options that have not expired."""
        recording = self._recording
        rule = self._player.option_ticks()
        owners = [
            Listing(symbol, KINDS.get(symbol, InstrumentKind.EQUITY), symbol)
            for symbol in sorted({bar.symbol for bar in recording.days} | {recording.underlying})
        ]
        options = [
            Listing(c.symbol, InstrumentKind.OPTION, "", c.root, c, rule)
            for c in recording.contracts
            if c.expiry >= self.listed_on
        ]
        return [*owners, *options]

    def history(self) -> Sequence[DailyBar]:
        """Return the recorded days before the start."""
        return [bar for bar in self._recording.days if bar.day < new_york_date(self.starts_at)]

    def official_bars(self, day: date) -> Sequence[DailyBar]:
        """Return the recorded bars of the day."""
        return [bar for bar in self._recording.days if bar.day == day]

    def open_interest(self) -> Mapping[str, int]:
        """Return what the exchange published on the last recorded morning."""
        known = [day for day in self._recording.interest if day <= self.listed_on]
        return self._recording.interest[max(known)] if known else {}

    def reopens_after(self, at: datetime) -> datetime | None:
        """Return the open of the next recorded session, or None after the last."""
        return next((session.opens_at for session in self._sessions if session.opens_at > at), None)

    def advance(self, moment: Moment) -> Sequence[Quote]:
        """Return the quotes that became known since the last call."""
        self._at = moment.exchange
        session = calendar.session_on(self.listed_on)
        changed: list[Quote] = []
        if session is not None and moment.exchange >= session.opens_at and session != self._session:
            self._session = session
            self._implied = (None, None)
            changed += self._player.begin(session, moment.system)
            changed += self._last_closes(session, moment.system)
        if self._session is None:
            return changed
        changed += self._player.play(epoch(min(moment.exchange, self._session.closes_at)), moment.system)
        return [*changed, *self._underlying(self._session, changed, moment)]

    def checkpoint(self) -> dict[str, object]:
        """Return where the tape stands; the recording itself is the rest."""
        return {"at": self._at.isoformat()}

    def _last_closes(self, session: Session, now: datetime) -> list[Quote]:
        before = calendar.previous_session(session.day)
        return [
            Quote(symbol, None, None, 0, 0, close, before.closes_at, now, NAME)
            for (symbol, day), close in self._closes.items()
            if day == before.day and symbol != self._recording.underlying
        ]

    def _underlying(self, session: Session, changed: list[Quote], moment: Moment) -> list[Quote]:
        if session.day in self._recorded or not changed:
            return []
        expiry = min((c.expiry for c in self._recording.contracts if c.expiry >= session.day), default=None)
        near = self._player.last_of(self._recording.underlying) or self._previous_close(session)
        if expiry is None or near is None:
            return []
        sides = parity.implied_sides(
            parity.pairs(self._recording.contracts, expiry),
            self._player.sides(),
            near=near,
            discount=parity.discount(self.rate, moment.exchange, expiry),
        )
        if sides is None or sides == self._implied:
            return []
        self._implied = sides
        return [self._player.implied_quote(self._recording.underlying, sides, NAME_OF_IMPLIED, moment)]

    def _previous_close(self, session: Session) -> Decimal | None:
        day = calendar.previous_session(session.day).day
        return self._closes.get((self._recording.underlying, day))


def _sessions(recording: Recording) -> list[Session]:
    moments = np.unique(recording.quotes.known_at // 3600) * 3600
    days = sorted({new_york_date(datetime.fromtimestamp(int(hour), UTC)) for hour in moments})
    sessions = [session for day in days if (session := calendar.session_on(day)) is not None]
    if not sessions:
        raise BadFeedError("replays a recording without a quote in it")
    return sessions


def _closes(recording: Recording) -> dict[tuple[str, date], Decimal]:
    return {(bar.symbol, bar.day): bar.close for bar in recording.days}
