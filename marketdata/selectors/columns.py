"""The market of many instruments at once, in one round trip, as arrays and as what Redis answered."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import orjson

from allcore.kernel.quotes import Quote
from marketdata.domain import wire
from marketdata.domain.columns import MarketColumns, columns_of
from marketdata.selectors import stored


class Watched:
    """Instruments to be read again and again; made once, so that each reading only asks and parses."""

    def __init__(self, symbols: Iterable[str]) -> None:
        groups = stored.by_family(symbols)
        self.symbols = [symbol for members in groups.values() for symbol in members]
        self._keys = [(key(name), own) for key in (wire.quotes_key, wire.greeks_key) for name, own in groups.items()]

    def answers(self) -> list[bytes | None]:
        """Return what Redis has: each symbol's quote, then each symbol's model values.

        Raises:
            QuotesAwayError: Redis does not answer.
        """
        return [raw for values in stored.fields(self._keys) for raw in values]

    def read(self) -> "Market":
        """Return the market now.

        Raises:
            QuotesAwayError: Redis does not answer.
        """
        return self.market(self.answers())

    def market(self, answers: list[bytes | None]) -> "Market":
        """Return the answers as arrays, one place a symbol."""
        count = len(self.symbols)
        quotes = answers[:count]
        return Market(columns_of(quotes, answers[count:]), RawQuotes(dict(zip(self.symbols, quotes, strict=True))))


@dataclass(frozen=True, slots=True)
class Market:
    """One reading: the columns for who values all, the quotes for who looks at some."""

    columns: MarketColumns
    quotes: Mapping[str, Quote]


class RawQuotes(Mapping[str, Quote]):
    """Quotes by symbol, each made once somebody asks for it."""

    def __init__(self, raws: Mapping[str, bytes | None]) -> None:
        self._raws = raws

    def __getitem__(self, symbol: str) -> Quote:
        """Return the symbol's quote."""
        raw = self._raws[symbol]
        if raw is None:
            raise KeyError(symbol)
        return wire.quote_from(symbol, orjson.loads(raw))

    def __iter__(self) -> Iterator[str]:
        """Yield the symbols that have a quote."""
        return (symbol for symbol, raw in self._raws.items() if raw is not None)

    def __len__(self) -> int:
        """Return how many have one."""
        return sum(raw is not None for raw in self._raws.values())
