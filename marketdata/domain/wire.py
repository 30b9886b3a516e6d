"""How quotes and Greeks are written in Redis: a JSON list each, prices as text, times as ISO text in UTC."""

from datetime import datetime
from decimal import Decimal

from allcore.kernel.instruments import OCC_LENGTH
from allcore.kernel.quotes import Greeks, Quote

QUOTES_CHANNEL = "quotes"
CLOCK_KEY = "feed:clock"
DEPTH_WANTED_KEY = "depth:wanted"  # a sorted set: symbols by the system's seconds until which somebody looks at them
DEPTH_LINE_KEY = "depth:line"  # there while a line that has books is up
DEPTH_KEY = "depth:books"  # a hash by symbol
ROOT_LENGTH = 6


def family(symbol: str) -> str:
    """Return the underlying whose hash holds the symbol: an option's root, else the symbol itself."""
    return symbol[:ROOT_LENGTH].rstrip() if len(symbol) == OCC_LENGTH else symbol


def quotes_key(underlying: str) -> str:
    """Return the hash of the latest quotes of an underlying and its options."""
    return f"quotes:{{{underlying}}}"


def greeks_key(underlying: str) -> str:
    """Return the hash of the model values of an underlying's options."""
    return f"greeks:{{{underlying}}}"


def interest_key(underlying: str) -> str:
    """Return the hash of the open interest of an underlying's options, as the last session left it."""
    return f"interest:{{{underlying}}}"


def quote_list(quote: Quote, received_at: str) -> list[object]:
    """Return the quote as it is written, vouched for at `received_at`."""
    return [
        None if quote.bid is None else str(quote.bid),
        None if quote.ask is None else str(quote.ask),
        quote.bid_size,
        quote.ask_size,
        None if quote.last is None else str(quote.last),
        quote.source_at.isoformat(),
        received_at,
        quote.source,
        quote.volume,
        quote.is_halted,
    ]


def _price(text: object) -> Decimal | None:
    return None if text is None else Decimal(str(text))


def quote_from(symbol: str, row: list[object]) -> Quote:
    """Read what `quote_list` wrote."""
    bid, ask, bid_size, ask_size, last, source_at, received_at, source, volume, halted = row
    return Quote(
        symbol=symbol,
        bid=_price(bid),
        ask=_price(ask),
        bid_size=int(str(bid_size)),
        ask_size=int(str(ask_size)),
        last=_price(last),
        source_at=datetime.fromisoformat(str(source_at)),
        received_at=datetime.fromisoformat(str(received_at)),
        source=str(source),
        volume=int(str(volume)),
        is_halted=bool(halted),
    )


def greeks_list(values: Greeks) -> list[float]:
    """Return the model values as they are written."""
    return [values.price, values.iv, values.delta, values.gamma, values.theta, values.vega, values.rho]


def greeks_from(row: list[float]) -> Greeks:
    """Read what `greeks_list` wrote."""
    return Greeks(*row)
