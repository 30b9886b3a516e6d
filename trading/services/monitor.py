"""The monitor: positions and P&L at the market's marks, each second, and at once when something is booked."""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from threading import Event
from typing import Any

import orjson
import redis
import structlog
from django.db import InterfaceError, OperationalError, connection

from allcore import live
from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import UnavailableError
from marketdata.selectors import chains, clock
from trading.selectors import pnl
from trading.selectors.pnl import AccountBooks, AccountPnl
from trading.selectors.points import Moment
from trading.selectors.position_rows import pnl_row, position_row
from trading.selectors.rows import Row
from trading.services import equity
from trading.services.explain import Steps

POSITIONS_KEY = "monitor:positions"
PNL_KEY = "monitor:pnl"
PERIOD = 1.0  # seconds between two looks at the market
SHORTEST_GAP = 0.25  # seconds between two looks when much is booked
READ_AGAIN = timedelta(seconds=5)  # whatever is heard, the books are read anew this often
BOOKED = frozenset({"executions", "orders"})
LONGEST_PAUSE = 5.0

log = structlog.get_logger("desk.monitor")


class Monitor:
    """What was last read and last said. Everything in here can be lost: it is read again."""

    def __init__(self) -> None:
        """Begin knowing nothing."""
        self.forget()

    def forget(self) -> None:
        """Read and say everything again at the next look."""
        self._books: list[AccountBooks] = []
        self._read_at: datetime | None = None
        self._day: date | None = None
        self._minute: datetime | None = None
        self._peaks: dict[int, Decimal] = {}
        self._marks: dict[str, Decimal] | None = None
        self._steps = Steps()
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
        moment, accounts = self._value(now, exchange_now)
        self._steps.note(accounts, moment)
        self._tell("positions", POSITIONS_KEY, _position_rows(accounts), whole=was_read)
        self._tell("pnl", PNL_KEY, {a.books.account.code: pnl_row(a, exchange_now) for a in accounts}, whole=was_read)
        minute = exchange_now.replace(second=0, microsecond=0)
        if minute != self._minute:
            equity.note(accounts, moment)
            self._minute = minute
        return accounts

    def _read(self, now: datetime, exchange_now: datetime) -> bool:
        day = new_york_date(exchange_now)
        if self._read_at is not None and self._day == day and now - self._read_at < READ_AGAIN:
            return False
        self._books = pnl.read(exchange_now)
        for own in self._books:
            if own.account.pk not in self._peaks:
                self._peaks[own.account.pk] = pnl.peak_pnl(own.account)
        self._read_at, self._day = now, day
        return True

    def _value(self, now: datetime, exchange_now: datetime) -> tuple[Moment, list[AccountPnl]]:
        symbols = sorted({name for own in self._books for line in own.lines for name in (line.symbol, line.underlying)})
        latest, greeks = chains.marks(symbols) if symbols else ({}, {})
        if self._marks is None:
            self._marks = _last_marks()
        accounts = []
        for own in self._books:
            peak = self._peaks[own.account.pk]
            account = pnl.valued(own, quotes=latest, greeks=greeks, last=self._marks, peak=peak, now=now)
            if account.pnl is not None:
                self._peaks[own.account.pk] = max(peak, account.pnl)
            self._marks |= {p.line.symbol: p.mark.px for p in account.positions if p.mark is not None}
            accounts.append(account)
        return Moment(exchange_now, latest, clock.rate() if symbols else None), accounts

    def _tell(self, stream: str, key: str, rows: dict[str, Row], *, whole: bool) -> None:
        """Publish the rows that changed, and keep all of them in Redis for whoever asks for a snapshot."""
        said = self._said[key]
        changed = {name: row for name, row in rows.items() if _differs(row, said.get(name))}
        kept = rows if whole else changed
        gone = set(said) - set(rows)
        if kept or gone or whole:
            with live.client().pipeline() as pipe:
                if whole:
                    pipe.delete(key)
                elif gone:
                    pipe.hdel(key, *gone)
                if kept:
                    pipe.hset(key, mapping={name: orjson.dumps(row) for name, row in kept.items()})
                pipe.execute()
        kind = "position" if key == POSITIONS_KEY else "pnl"
        for row in changed.values():
            live.publish(stream, kind, row, account=str(row["account"]))
        self._said[key] = rows


def _position_rows(accounts: list[AccountPnl]) -> dict[str, Row]:
    return {str(row["id"]): row for account in accounts for row in map(position_row, account.positions)}


def _differs(row: Row, said: Row | None) -> bool:
    """Return whether a row says something new; the time alone is nothing new."""
    return said is None or any(row[name] != said[name] for name in row if name != "at")


def _last_marks() -> dict[str, Decimal]:
    """Return the last good marks by symbol, as the rows in Redis have them."""
    rows = [orjson.loads(raw) for raw in live.client().hvals(POSITIONS_KEY)]
    return {row["symbol"]: Decimal(row["mark"]) for row in rows if row["mark"] is not None}


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
