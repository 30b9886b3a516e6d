"""Market data as a test wants it, in Redis and PostgreSQL as the feed leaves it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Event, RLock, Thread

import numpy as np
import orjson

from allcore import live
from allcore.kernel import calendar
from allcore.kernel.clock import ExchangeClock, utc_now
from allcore.kernel.instruments import InstrumentKind, OptionContract, Right, TickRule
from allcore.kernel.quotes import Greeks, Quote
from marketdata.domain import wire
from marketdata.models import Bar, Instrument
from marketdata.selectors import clock as clocks
from risk.domain.sheet import Name
from risk.domain.sheet_wire import PAST_KEY, SHEET_KEY, Look, Past, look_bytes, look_from, past_bytes, version_of

WRITING = RLock()  # held by whoever writes the market, so that no one takes another's writing back
VOUCHED_EACH = 1.0  # seconds
STILL_FRESH = timedelta(seconds=20)  # older than this is what a test wants to be old
START = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)  # Wednesday, 10:00 in New York

LISTED = ("AAPL", "AMD", "AMZN", "GOOG", "GOOGL", "META", "MSFT", "NVDA", "QQQ", "SPY", "TSLA")
DAYS = np.arange(252)
# Days on which nothing much happens, to no two names alike: what a test is not about must not be in its way.
QUIET = past_bytes(
    Past({symbol: Name(0.005 * np.sin(DAYS * (n + 2) * 0.37), beta=1.0) for n, symbol in enumerate(LISTED)}, None)
)


def money(value: str | float | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def option(underlying: str, expiry: date, right: str, strike: str | int) -> str:
    """Return the OCC symbol."""
    return OptionContract(underlying, expiry, Right(right), Decimal(str(strike))).symbol


def quote(
    symbol: str,
    bid: str | float | None,
    ask: str | float | None,
    *,
    size: int = 50,
    last: str | float | None = None,
    source_at: datetime = START,
    received_at: datetime | None = None,
    source: str = "simulator",
    volume: int = 1000,
    is_halted: bool = False,
) -> Quote:
    """Return a quote vouched for just now unless told otherwise; `size` stands on both sides."""
    return Quote(
        symbol=symbol,
        bid=money(bid),
        ask=money(ask),
        bid_size=0 if bid is None else size,
        ask_size=0 if ask is None else size,
        last=money(last),
        source_at=source_at,
        received_at=received_at or utc_now(),
        source=source,
        volume=volume,
        is_halted=is_halted,
    )


def write_quotes(quotes: Iterable[Quote], *, publish: bool = False) -> None:
    """Put quotes into Redis as the feed does; with `publish`, also on the channel."""
    batch = []
    with WRITING:
        for item in quotes:
            row = wire.quote_list(item, item.received_at.isoformat())
            live.client().hset(wire.quotes_key(wire.family(item.symbol)), item.symbol, orjson.dumps(row))
            batch.append([item.symbol, row])
    write_sheet()
    if publish:
        live.client().publish(wire.QUOTES_CHANNEL, orjson.dumps(batch))


def write_greeks(values: dict[str, Greeks], *, open_interest: int | None = None) -> None:
    """Put model values, and the same open interest for each option, into Redis."""
    for symbol, item in values.items():
        key = wire.family(symbol)
        live.client().hset(wire.greeks_key(key), symbol, orjson.dumps(wire.greeks_list(item)))
        if open_interest is not None:
            live.client().hset(wire.interest_key(key), symbol, open_interest)


def greeks(*, delta: float = -0.45, iv: float = 0.5, price: float = 1.0) -> Greeks:
    """Return model values of which only the delta matters, mostly."""
    return Greeks(price=price, iv=iv, delta=delta, gamma=0.02, theta=-0.1, vega=0.05, rho=-0.01)


def write_clock(
    exchange: datetime = START,
    *,
    system: datetime | None = None,
    speed: float = 1.0,
    stops_at: datetime | None = None,
    source: str = "SIMULATED",
    rate: float = 0.045,
) -> ExchangeClock:
    """Set the exchange's clock: it shows `exchange` at the system's `system` (now)."""
    now = system or utc_now()
    clock = ExchangeClock(now, exchange, speed, stops_at)
    state = clocks.FeedClock(clock, source, rate, now)
    with WRITING:
        live.client().set(wire.CLOCK_KEY, orjson.dumps(clocks.as_dict(state)))
    write_sheet(now)
    return clock


def write_sheet(at: datetime | None = None, past: bytes = QUIET) -> None:
    """Put into Redis what the monitor prepares for the gate, as of now unless told otherwise."""
    with WRITING:
        live.client().set(PAST_KEY, past)
        live.client().set(SHEET_KEY, look_bytes(Look(at or utc_now(), 0.045, version_of(past))))


def clear() -> None:
    """Forget every quote, model value and clock in Redis."""
    with WRITING:
        for pattern in ("quotes:*", "greeks:*", "interest:*", wire.CLOCK_KEY, PAST_KEY, SHEET_KEY):
            for key in live.client().scan_iter(pattern):
                live.client().delete(key)


def vouch() -> None:
    """Vouch again for what is fresh, as the feed does each second; what a test has made old stays old."""
    with WRITING:
        now = utc_now()
        for key in live.client().scan_iter("quotes:*"):
            rows = live.client().hgetall(key)
            for symbol, raw in rows.items():
                quote = wire.quote_from("", orjson.loads(raw))
                if now - STILL_FRESH < quote.received_at < now:
                    live.client().hset(key, symbol, orjson.dumps(wire.quote_list(quote, now.isoformat())))
        _vouch_for_clock(now)
        _vouch_for_sheet(now)


def _vouch_for_clock(now: datetime) -> None:
    raw = live.client().get(wire.CLOCK_KEY)
    if isinstance(raw, bytes):
        state = clocks.from_dict(orjson.loads(raw))
        if now - STILL_FRESH < state.beat_at < now:
            live.client().set(wire.CLOCK_KEY, orjson.dumps(clocks.as_dict(replace(state, beat_at=now))))


def _vouch_for_sheet(now: datetime) -> None:
    raw = live.client().get(SHEET_KEY)
    if isinstance(raw, bytes):
        look = look_from(raw)
        if now - STILL_FRESH < look.at < now:
            live.client().set(SHEET_KEY, look_bytes(replace(look, at=now)))


@contextmanager
def kept_fresh() -> Iterator[None]:
    """A market that does not age while a slow machine goes through a test."""
    over = Event()

    def beat() -> None:
        while not over.wait(VOUCHED_EACH):
            vouch()

    thread = Thread(target=beat, name="feed", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def instrument(symbol: str, *, kind: InstrumentKind = InstrumentKind.EQUITY, is_active: bool = True) -> Instrument:
    """Return the instrument, made if need be; an option's symbol makes its underlying too."""
    if len(symbol) != 21:
        return Instrument.objects.get_or_create(
            symbol=symbol, defaults={"kind": kind, "name": symbol, "is_active": is_active, "is_simulated": True}
        )[0]
    contract = OptionContract.parse(symbol)
    return Instrument.objects.get_or_create(
        symbol=symbol,
        defaults={
            "kind": InstrumentKind.OPTION,
            "underlying": instrument(contract.root),
            "expiry": contract.expiry,
            "strike": contract.strike,
            "right": contract.right,
            "multiplier": 100,
            "tick_rule": TickRule.PENNY,
            "is_active": is_active,
            "is_simulated": True,
        },
    )[0]


def daily_closes(symbol: str, closes: Sequence[str | int | float], *, last_day: date, spread: str = "1") -> None:
    """Store daily bars with the closes, oldest first, the last on `last_day`; high and low lie half the spread away."""
    owner = instrument(symbol)
    half = Decimal(spread) / 2
    session = calendar.session_on(last_day) or calendar.previous_session(last_day)
    for close in reversed(closes):
        price = Decimal(str(close))
        Bar.objects.create(
            instrument=owner,
            interval=Bar.Interval.DAY,
            start_at=session.opens_at,
            open=price,
            high=price + half,
            low=price - half,
            close=price,
            volume=1_000_000,
        )
        session = calendar.previous_session(session.day)


def seconds_ago(seconds: float) -> datetime:
    """Return the system's time some seconds ago."""
    return utc_now() - timedelta(seconds=seconds)
