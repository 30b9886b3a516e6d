"""The rows that travel, over REST and the socket alike: decimals as text, times as ISO text in UTC."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from allcore.kernel.errors import UnavailableError
from allcore.kernel.quotes import Greeks, Quote
from marketdata.domain.chain import Chain, ChainCell
from marketdata.models import Instrument
from marketdata.selectors import instruments, quotes


class NoQuoteError(UnavailableError):
    """The instrument exists and nobody quotes it now."""

    code = "NO_QUOTE"


def _text(price: Decimal | None) -> str | None:
    return None if price is None else f"{price:f}"


def quote(value: Quote) -> dict[str, object]:
    """Return one row of the `quotes` stream."""
    return {
        "symbol": value.symbol,
        "bid": _text(value.bid),
        "ask": _text(value.ask),
        "bid_size": value.bid_size,
        "ask_size": value.ask_size,
        "last": _text(value.last),
        "volume": value.volume,
        "source_at": value.source_at.isoformat(),
        "received_at": value.received_at.isoformat(),
        "source": value.source,
        "quality": str(value.quality),
    }


def known_quotes(symbols: Sequence[str]) -> list[dict[str, object]]:
    """Return the rows of known instruments' latest quotes. Raises UnknownSymbolError for the others."""
    instruments.all_of(symbols)
    return latest_quotes(symbols)


def one_quote(symbol: str) -> dict[str, object]:
    """Return the row of an instrument's latest quote.

    Raises:
        UnknownSymbolError: no instrument has the name.
        NoQuoteError: the feed has not quoted it.
    """
    name = instruments.get(symbol).symbol
    found = latest_quotes([name])
    if not found:
        raise NoQuoteError(f"The feed has no quote of {name}.", symbol=name)
    return found[0]


def latest_quotes(symbols: Iterable[str]) -> list[dict[str, object]]:
    """Return the rows of the latest quotes, in the order asked; symbols without a quote are left out."""
    wanted = list(symbols)
    found = quotes.latest(wanted)
    return [quote(found[symbol]) for symbol in wanted if symbol in found]


def greeks(values: Greeks) -> dict[str, float]:
    """Return an option's model values."""
    return {name: getattr(values, name) for name in Greeks.__slots__}


def instrument(row: Instrument) -> dict[str, object]:
    """Return an instrument; its underlying by name."""
    return {
        "symbol": row.symbol,
        "kind": row.kind,
        "name": row.name,
        "underlying": None if row.underlying is None else row.underlying.symbol,
        "expiry": None if row.expiry is None else row.expiry.isoformat(),
        "strike": _text(row.strike),
        "right": row.right or None,
        "multiplier": row.multiplier,
        "tick_rule": row.tick_rule,
        "is_active": row.is_active,
        "is_simulated": row.is_simulated,
    }


def _cell(cell: ChainCell | None) -> dict[str, object] | None:
    if cell is None:
        return None
    return {
        "symbol": cell.symbol,
        "quote": None if cell.quote is None else quote(cell.quote),
        "greeks": None if cell.greeks is None else greeks(cell.greeks),
        "open_interest": cell.open_interest,
    }


def chain(value: Chain) -> dict[str, object]:
    """Return a chain, one entry a strike."""
    return {
        "underlying": value.underlying,
        "spot": None if value.spot is None else quote(value.spot),
        "expiry": None if value.expiry is None else value.expiry.isoformat(),
        "expiries": [day.isoformat() for day in value.expiries],
        "rows": [{"strike": _text(row.strike), "call": _cell(row.call), "put": _cell(row.put)} for row in value.rows],
    }
