"""The engine's process: it hears quotes and orders, looks at the clock, and waits out what is away."""

import time
from collections.abc import Callable
from datetime import datetime
from threading import Event
from typing import Any

import orjson
import redis
import structlog
from django.db import InterfaceError, OperationalError, connection

from allcore import live, memory
from allcore.kernel.errors import UnavailableError
from allcore.kernel.quotes import Quote
from marketdata.domain import wire
from marketdata.selectors import clock, quotes
from trading.services.algos import trace
from trading.services.algos.engine import Engine

UPKEEP = 2.0  # seconds between two looks at leases, children and the kill switch
BEAT = 0.25  # seconds between two looks at the clock when nothing is heard
BATCH = 0.02  # seconds in which what is heard is taken together
LONGEST_PAUSE = 5.0

log = structlog.get_logger("desk.algos")


def keep_going(engine: Engine, *, now: Callable[[], datetime], stopping: Event) -> None:
    """Work every run until told to stop. Redis, PostgreSQL or the feed being away is waited out."""
    failures = 0
    while not stopping.is_set():
        try:
            with live.client().pubsub(ignore_subscribe_messages=True) as ears:  # type: ignore[no-untyped-call] # redis
                ears.subscribe(wire.QUOTES_CHANNEL, live.CHANNEL)
                upkeep_at = 0.0
                while not stopping.is_set():
                    upkeep_at = beat(engine, ears, now, upkeep_at)
                    failures = 0
        except (redis.RedisError, UnavailableError, OperationalError, InterfaceError) as e:
            log.warning("algos_wait", reason=str(e))
            connection.close()
            failures += 1
            stopping.wait(min(BEAT * 2**failures, LONGEST_PAUSE))


def beat(engine: Engine, ears: Any, now: Callable[[], datetime], upkeep_at: float) -> float:
    """Take what is heard, act on it, and do the upkeep when it is due; return when that is next."""
    if time.monotonic() >= upkeep_at:
        upkeep(engine, now())
        upkeep_at = time.monotonic() + UPKEEP
    fresh, orders = listen(ears, engine.symbols)
    feed = clock.exchange_clock()
    engine.hear_orders(orders, feed, now())
    if fresh:
        engine.hear_quotes(fresh, feed, now())
    else:
        engine.look(engine.held, feed, now())
    return upkeep_at


def upkeep(engine: Engine, now: datetime) -> None:
    """Renew the leases, read the quotes of what is new, hear what was missed, and obey the kill switch."""
    known, held = engine.symbols, set(engine.held)
    engine.renew(now)
    if set(engine.held) - held:
        memory.settle()  # a thousand runs are many objects; a full round over them stopped every run for a while
    if missing := engine.symbols - known:
        engine.quotes.update(quotes.latest(missing))
    if engine.held:
        feed = clock.exchange_clock()
        engine.obey_kill(feed, now)
        engine.catch_up(feed, now)
        trace.keep(engine.held.values())


def listen(ears: Any, symbols: frozenset[str]) -> tuple[dict[str, Quote], set[str]]:
    """Return the quotes of the symbols, newest only, and the orders that moved: all that is said within a moment."""
    fresh: dict[str, list[object]] = {}
    orders: set[str] = set()
    wait, until = BEAT, None
    while (message := ears.get_message(timeout=wait)) is not None:
        _sort(message, symbols, fresh, orders)
        until = time.monotonic() + BATCH if until is None else until
        wait = until - time.monotonic()
        if wait <= 0:
            break
    return {symbol: wire.quote_from(symbol, row) for symbol, row in fresh.items()}, orders


def _sort(message: Any, symbols: frozenset[str], fresh: dict[str, list[object]], orders: set[str]) -> None:
    said = orjson.loads(message["data"])
    if message["channel"] == wire.QUOTES_CHANNEL.encode():
        fresh.update((symbol, row) for symbol, row in said if symbol in symbols)
    elif said["stream"] == "orders":
        orders.add(said["data"]["id"])
