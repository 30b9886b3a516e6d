"""Writing the market into Redis: latest quotes, model values, open interest, the clock."""

from collections.abc import Callable, Iterable, Mapping

import orjson
import redis

from allcore import live
from allcore.kernel.quotes import Quote
from marketdata.domain import wire
from marketdata.selectors.clock import FeedClock, as_dict

PATTERNS = (wire.quotes_key("*"), wire.greeks_key("*"), wire.interest_key("*"))


def _by_family(symbols: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for symbol in symbols:
        groups.setdefault(wire.family(symbol), []).append(symbol)
    return groups


def clear() -> None:
    """Forget every quote, model value and open interest: another source begins."""
    client = live.client()
    keys = [key for pattern in PATTERNS for key in client.scan_iter(pattern, count=1000)]
    if keys:
        client.delete(*keys)


def quotes(batch: Mapping[str, Quote], *, received_at: str) -> None:
    """Write the quotes, vouched for at `received_at` (ISO text), and tell the channel: one message a family."""
    with live.client().pipeline(transaction=False) as pipe:
        for owner, symbols in _by_family(batch).items():
            rows = [orjson.dumps(wire.quote_list(batch[symbol], received_at)) for symbol in symbols]
            pairs = list(zip(symbols, rows, strict=True))
            pipe.hset(wire.quotes_key(owner), items=[part for pair in pairs for part in pair])
            pipe.publish(wire.QUOTES_CHANNEL, b"[" + b",".join(_message(*pair) for pair in pairs) + b"]")
        pipe.execute()


def _message(symbol: str, row: bytes) -> bytes:
    return b'["' + symbol.encode() + b'",' + row + b"]"


def greeks(values: Mapping[str, list[float]], *, gone: Iterable[str]) -> None:
    """Write model values, and forget those of options that cannot be valued any more."""
    with live.client().pipeline(transaction=False) as pipe:
        _forget(pipe, wire.greeks_key, gone)
        for owner, symbols in _by_family(values).items():
            pipe.hset(wire.greeks_key(owner), mapping={symbol: orjson.dumps(values[symbol]) for symbol in symbols})
        pipe.execute()


def open_interest(contracts: Mapping[str, int]) -> None:
    """Write the open contracts of each option."""
    with live.client().pipeline(transaction=False) as pipe:
        for owner, symbols in _by_family(contracts).items():
            pipe.hset(wire.interest_key(owner), mapping={symbol: contracts[symbol] for symbol in symbols})
        pipe.execute()


def forget(symbols: Iterable[str]) -> None:
    """Forget the instruments that are quoted no more."""
    gone = list(symbols)
    with live.client().pipeline(transaction=False) as pipe:
        for key_of in (wire.quotes_key, wire.greeks_key, wire.interest_key):
            _forget(pipe, key_of, gone)
        pipe.execute()


def _forget(pipe: "redis.client.Pipeline", key_of: Callable[[str], str], symbols: Iterable[str]) -> None:
    for owner, members in _by_family(symbols).items():
        pipe.hdel(key_of(owner), *members)


def clock(state: FeedClock) -> None:
    """Write the exchange's clock."""
    live.client().set(wire.CLOCK_KEY, orjson.dumps(as_dict(state)))
