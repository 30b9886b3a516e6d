"""The simulated market as a source of quotes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from allcore.kernel import calendar
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import InstrumentKind, TickRule
from allcore.kernel.quotes import Quote
from marketdata.domain.bars import DailyBar
from marketdata.domain.simulator import dynamics, history, hours, ladder, quoting, shares, world
from marketdata.domain.simulator.board import Board, Integers, board_of
from marketdata.domain.simulator.checkpoint import Saved, read_checkpoint, write_checkpoint
from marketdata.domain.simulator.dynamics import State
from marketdata.domain.simulator.ladder import Ladders
from marketdata.domain.sources import Listing, Moment, SourceKind, cents


class SimulatedMarket:
    """A market made from a seed. It is the same at the same moment, whoever looks and however often."""

    kind = SourceKind.SIMULATED
    rate = world.RATE

    def __init__(self, saved: Saved, starts_at: datetime) -> None:
        self.starts_at = starts_at
        self._state = saved.now
        self._listed = saved.listed
        self._ladders = saved.ladders
        self._listed_on = saved.listed_on
        self._options_shown = -1  # in which second of the system's time
        self._shown: dict[str, shares.Face] = {}
        self._last: dict[str, int] = {}
        self._board: Board
        self._interest: Integers
        self._open_books()

    @classmethod
    def begin(cls, seed: int, start: datetime) -> "SimulatedMarket":
        """Return the market of a seed at its scenario's start."""
        close = calendar.previous_session(new_york_date(start)).closes_at
        state = State(seed, close, 0, world.START_LOG_SPOT, world.START_LOG_VOLATILITY)
        session = calendar.session_on(new_york_date(start)) or calendar.next_session(new_york_date(start))
        return cls(Saved(state, state, session.day, _ladders(session.day, state, {})), start)

    @classmethod
    def resume(cls, checkpoint: Mapping[str, object], at: datetime) -> "SimulatedMarket":
        """Return the market that a checkpoint was taken of, to go on from `at`."""
        return cls(read_checkpoint(checkpoint), at)

    @property
    def listed_on(self) -> date:
        """The session whose listings hold."""
        return self._listed_on

    def listings(self) -> Sequence[Listing]:
        """Return the shares, funds, the index, and every listed option."""
        owners = [
            Listing(name.symbol, name.kind, name.title, dividend_yield=name.dividend_yield) for name in world.NAMES
        ]
        index = Listing(world.VIX, InstrumentKind.INDEX, "Implied volatility of the market, 30 days")
        options = [
            Listing(c.symbol, InstrumentKind.OPTION, "", c.root, c, TickRule.PENNY) for c in self._board.contracts
        ]
        return [*owners, index, *options]

    def history(self) -> Sequence[DailyBar]:
        """Return the sessions before the start."""
        return history.daily_bars(self._state.seed, new_york_date(self.starts_at))

    def official_bars(self, day: date) -> Sequence[DailyBar]:
        """Return nothing: the feed's own minutes make the day."""
        return ()

    def open_interest(self) -> Mapping[str, int]:
        """Return each option's open contracts."""
        return dict(zip(self._board.symbols, self._interest.tolist(), strict=True))

    def reopens_after(self, at: datetime) -> datetime | None:
        """Return the next session's open."""
        session = calendar.session_on(new_york_date(at))
        if session is not None and at < session.opens_at:
            return session.opens_at
        return calendar.next_session(new_york_date(at)).opens_at

    def advance(self, moment: Moment) -> Sequence[Quote]:
        """Move to the moment, and return the quotes that changed: shares each time, options once a second."""
        self._list(moment.exchange)
        self._state = dynamics.advance(self._state, moment.exchange)
        changed = self._changed(shares.faces(self._state), moment)
        if moment.second != self._options_shown:
            self._options_shown = moment.second
            changed += self._changed(self._option_faces(), moment)
        return changed

    def checkpoint(self) -> dict[str, object]:
        """Return the state and the ladders as JSON values."""
        return write_checkpoint(Saved(self._state, self._listed, self._listed_on, self._ladders))

    def _list(self, at: datetime) -> None:
        day = new_york_date(at)
        if day <= self._listed_on or hours.session_on(day) is None:
            return
        self._state = dynamics.advance(self._state, hours.last_started(self._state.at).closes_at)
        self._listed, self._listed_on = self._state, day
        self._ladders = _ladders(day, self._state, self._ladders)
        self._open_books()

    def _open_books(self) -> None:
        self._board = board_of(self._ladders)
        self._interest = quoting.open_interest(self._board, self._listed, self._listed.at)
        self._options_shown = -1

    def _option_faces(self) -> list[shares.Face]:
        shown = quoting.faces(self._board, self._state, self._state.at, self._interest)
        columns = (shown.bid, shown.ask, shown.bid_size, shown.ask_size, shown.volume)
        rows = zip(self._board.symbols, *(column.tolist() for column in columns), strict=True)
        return [
            shares.Face(symbol, bid, ask, bid_size, ask_size, self._traded(symbol, bid, ask, volume), volume)
            for symbol, bid, ask, bid_size, ask_size, volume in rows
        ]

    def _traded(self, symbol: str, bid: int, ask: int, volume: int) -> int:
        """The last trade's price: when the volume grew, somebody paid the ask or hit the bid."""
        before = self._shown.get(symbol)
        if before is not None and before.volume != volume:
            self._last[symbol] = ask if volume % 2 or bid < 0 else bid
        return self._last.get(symbol, -1)

    def _changed(self, rows: list[shares.Face], moment: Moment) -> list[Quote]:
        changed = []
        for row in rows:
            if self._shown.get(row.symbol) != row:
                self._shown[row.symbol] = row
                changed.append(_quote(row, self._state.at, moment.system))
        return changed


def _ladders(day: date, state: State, before: Ladders) -> Ladders:
    spots = zip(world.NAMES, state.spots.tolist(), strict=True)
    return ladder.listed(day, {name: spot for name, spot in spots if name.has_options}, before)


def _quote(row: shares.Face, at: datetime, now: datetime) -> Quote:
    return Quote(
        symbol=row.symbol,
        bid=None if row.bid < 0 else cents(row.bid),
        ask=None if row.ask < 0 else cents(row.ask),
        bid_size=row.bid_size,
        ask_size=row.ask_size,
        last=None if row.last < 0 else cents(row.last),
        source_at=at,
        received_at=now,
        source=world.SOURCE_NAME,
        volume=row.volume,
    )
