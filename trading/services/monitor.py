"""The monitor: positions and P&L at the market's marks, each second, and at once when something is booked."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from threading import Event
from typing import Any, TypeAlias

import orjson
import redis
import structlog
from django.db import InterfaceError, OperationalError, connection

from allcore import live
from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import UnavailableError
from marketdata.selectors import clock
from trading.domain.books.revalue import units
from trading.selectors import pnl
from trading.selectors.pnl import AccountPnl
from trading.selectors.points import Moment
from trading.selectors.position_rows import pnl_row, position_row
from trading.selectors.revaluation import Looked, Revaluation
from trading.selectors.rows import Row
from trading.services import equity, statements
from trading.services.catch_up import catch_up
from trading.services.explain import Steps
from trading.services.risk_sheet import Keeper

POSITIONS_KEY = "monitor:positions"
PNL_KEY = "monitor:pnl"
PERIOD = 1.0  # seconds between two looks at the market
SHORTEST_GAP = 0.25  # seconds between two looks when much is booked
READ_AGAIN = timedelta(seconds=5)  # whatever is heard, the books are read anew this often
BOOKED = frozenset({"executions", "orders"})
LONGEST_PAUSE = 5.0

Pipe: TypeAlias = "redis.client.Pipeline"

log = structlog.get_logger("desk.monitor")


@dataclass(frozen=True, slots=True)
class Told:
    """Where a kind of row is told, and kept."""

    stream: str
    kind: str
    key: str


POSITIONS = Told("positions", "position", POSITIONS_KEY)
PNL = Told("pnl", "pnl", PNL_KEY)


class Monitor:
    """What was last read and last said. Everything in here can be lost: it is read again."""

    def __init__(self) -> None:
        """Begin knowing nothing."""
        self._began_at: datetime | None = None
        self._caught_up: date | None = None  # the day before which no statement is missing
        self.forget()

    def forget(self) -> None:
        """Read and say everything again at the next look."""
        self._book = Revaluation((), {})
        self._read_at: datetime | None = None  # None: at the next look
        self._told_at: datetime | None = None  # when all was told
        self._day: date | None = None
        self._minute: datetime | None = None
        self._peaks: dict[int, Decimal] = {}
        self._marks: dict[tuple[str, str], int] | None = None
        self._steps = Steps()
        self._sheet = Keeper()
        self._said: dict[str, dict[str, Row]] = {POSITIONS_KEY: {}, PNL_KEY: {}}

    def books_changed(self) -> None:
        """Read the books again at the next look."""
        self._read_at = None

    def look(self, now: datetime) -> list[AccountPnl]:
        """Value everything once, tell what changed, and keep the equity curve.

        Raises:
            UnavailableError: no feed has run, or Redis is away.
        """
        exchange_now = clock.exchange_now(now)
        was_read = self._read(now, exchange_now)
        market = self._book.watched.read()
        looked = self._book.look(market.columns, peaks=self._peaks, now=now)
        self._keep_peaks(looked.accounts)
        rate = clock.rate()
        moment = Moment(exchange_now, market.quotes, rate if self._book.lines else None)
        self._steps.note(looked.accounts, moment, are_new=was_read)
        self._tell_all(looked, exchange_now, whole=self._is_due_whole(now))
        self._sheet.keep(now=now, exchange_now=exchange_now, rate=rate)
        minute = exchange_now.replace(second=0, microsecond=0)
        if minute != self._minute:
            equity.note(looked.accounts, moment)
            statements.close_day(looked.accounts, moment, now=now)
            self._catch_up(exchange_now, now)
            self._minute = minute
        return looked.accounts

    def _catch_up(self, exchange_now: datetime, now: datetime) -> None:
        """Make what statements are missing of earlier days: once a start and day, as soon as the broker has told."""
        today = new_york_date(exchange_now)
        self._began_at = now if self._began_at is None else self._began_at
        if self._caught_up != today and catch_up(exchange_now, since=self._began_at, now=now):
            self._caught_up = today

    def _read(self, now: datetime, exchange_now: datetime) -> bool:
        day = new_york_date(exchange_now)
        if self._read_at is not None and self._day == day and now - self._read_at < READ_AGAIN:
            return False
        if day != self._day:
            self._told_at = None
        books = pnl.read(exchange_now)
        for own in books:
            if own.account.pk not in self._peaks:
                self._peaks[own.account.pk] = pnl.peak_pnl(own.account)
        marks = _last_marks() if self._marks is None else self._marks | self._book.marks
        self._book, self._marks = Revaluation(books, marks), marks
        self._read_at, self._day = now, day
        return True

    def _keep_peaks(self, accounts: list[AccountPnl]) -> None:
        for account in accounts:
            if account.pnl is not None:
                self._peaks[account.books.account.pk] = max(self._peaks[account.books.account.pk], account.pnl)

    def _is_due_whole(self, now: datetime) -> bool:
        if self._told_at is not None and now - self._told_at < READ_AGAIN:
            return False
        self._told_at = now
        return True

    def _tell_all(self, looked: Looked, exchange_now: datetime, *, whole: bool) -> None:
        chosen = (looked.position(n) for n in looked.changed)
        positions = {str(row["id"]): row for row in map(position_row, chosen)}
        accounts = {a.books.account.code: pnl_row(a, exchange_now) for a in looked.accounts}
        with live.client().pipeline() as pipe:
            self._tell(pipe, POSITIONS, positions, are_all=looked.is_first, whole=whole)
            self._tell(pipe, PNL, accounts, are_all=True, whole=whole)
            if len(pipe):
                pipe.execute()

    def _tell(self, pipe: Pipe, told: Told, rows: dict[str, Row], *, are_all: bool, whole: bool) -> None:
        """Publish the rows that changed, and keep all of them in Redis for whoever asks for a snapshot."""
        said = self._said[told.key]
        changed = {name: row for name, row in rows.items() if _differs(row, said.get(name))}
        gone = said.keys() - rows.keys() if are_all else set()
        said.update(rows)
        for name in gone:
            del said[name]
        if whole:
            pipe.delete(told.key)
        elif gone:
            pipe.hdel(told.key, *gone)
        if kept := said if whole else changed:
            pipe.hset(told.key, mapping={name: orjson.dumps(row) for name, row in kept.items()})
        for row in changed.values():
            pipe.publish(live.CHANNEL, live.message(told.stream, told.kind, row, account=str(row["account"])))


def _differs(row: Row, said: Row | None) -> bool:
    """Return whether a row says something new; the time alone is nothing new."""
    return said is None or any(row[name] != said[name] for name in row if name != "at")


def _last_marks() -> dict[tuple[str, str], int]:
    """Return the last good marks by account and symbol, as the rows in Redis have them."""
    rows = [orjson.loads(raw) for raw in live.client().hvals(POSITIONS_KEY)]
    return {
        (row["account"], row["symbol"]): units(Decimal(row["mark"]))
        for row in rows
        if row["mark"] is not None and "account" in row
    }


def keep_going(monitor: Monitor, *, now: Callable[[], datetime], stopping: Event) -> None:
    """Look each second until told to stop. Redis, PostgreSQL or the feed being away is waited out."""
    failures = 0
    while not stopping.is_set():
        try:
            with live.client().pubsub(ignore_subscribe_messages=True) as ears:  # type: ignore[no-untyped-call] # redis
                ears.subscribe(live.CHANNEL)
                while not stopping.is_set():
                    monitor.look(now())
                    failures = 0
                    _listen(ears, monitor, stopping)
        except (redis.RedisError, UnavailableError, OperationalError, InterfaceError) as e:
            log.warning("monitor_waits", reason=str(e))
            connection.close()
            monitor.forget()
            failures += 1
            stopping.wait(min(SHORTEST_GAP * 2**failures, LONGEST_PAUSE))


def _listen(ears: Any, monitor: Monitor, stopping: Event) -> None:
    """Wait for the next look: a period, or less if something is booked."""
    began = time.monotonic()
    while (left := PERIOD - (time.monotonic() - began)) > 0 and not stopping.is_set():
        message = ears.get_message(timeout=min(left, 0.25))
        if message is not None and orjson.loads(message["data"])["stream"] in BOOKED:
            monitor.books_changed()
            stopping.wait(max(0.0, SHORTEST_GAP - (time.monotonic() - began)))
            while ears.get_message(timeout=0.0) is not None:  # one look answers all that was said until now
                pass
            return
