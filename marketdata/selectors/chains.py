"""Option chains and their model values."""

from collections.abc import Iterable
from datetime import date

import orjson

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.quotes import Greeks, Quote
from marketdata.domain import wire
from marketdata.domain.chain import Chain, rows_of
from marketdata.selectors import instruments, stored


def greeks(symbols: Iterable[str]) -> dict[str, Greeks]:
    """Return the model values of each option that has them; the others are missing from the answer.

    Raises:
        QuotesAwayError: Redis does not answer.
    """
    groups = stored.by_family(symbols)
    answers = stored.fields([(wire.greeks_key(name), members) for name, members in groups.items()])
    return {
        symbol: wire.greeks_from(orjson.loads(raw))
        for members, values in zip(groups.values(), answers, strict=True)
        for symbol, raw in zip(members, values, strict=True)
        if raw is not None
    }


def marks(symbols: Iterable[str]) -> tuple[dict[str, Quote], dict[str, Greeks]]:
    """Return the latest quotes and the model values of the symbols in one round trip; the unknown are missing.

    Raises:
        QuotesAwayError: Redis does not answer.
    """
    quotes, values, _ = sights(symbols, interest_of=())
    return quotes, values


def sights(
    symbols: Iterable[str], *, interest_of: Iterable[str]
) -> tuple[dict[str, Quote], dict[str, Greeks], dict[str, int]]:
    """Return `marks` and the open contracts of some options, all in one round trip; the unknown are missing.

    Raises:
        QuotesAwayError: Redis does not answer.
    """
    groups, chosen = stored.by_family(symbols), stored.by_family(interest_of)
    named = [symbol for members in groups.values() for symbol in members]
    counted = [symbol for members in chosen.values() for symbol in members]
    keys = [(key(name), members) for key in (wire.quotes_key, wire.greeks_key) for name, members in groups.items()]
    keys += [(wire.interest_key(name), members) for name, members in chosen.items()]
    raws = [raw for values in stored.fields(keys) for raw in values]
    quotes, values = zip(named, raws, strict=False), zip(named, raws[len(named) :], strict=False)
    return (
        {symbol: wire.quote_from(symbol, orjson.loads(raw)) for symbol, raw in quotes if raw is not None},
        {symbol: wire.greeks_from(orjson.loads(raw)) for symbol, raw in values if raw is not None},
        {s: int(raw) for s, raw in zip(counted, raws[2 * len(named) :], strict=True) if raw is not None},
    )


def open_interest(symbols: Iterable[str]) -> dict[str, int]:
    """Return the open contracts of each option for which the feed has them.

    Raises:
        QuotesAwayError: Redis does not answer.
    """
    groups = stored.by_family(symbols)
    answers = stored.fields([(wire.interest_key(name), members) for name, members in groups.items()])
    return {
        symbol: int(raw)
        for members, values in zip(groups.values(), answers, strict=True)
        for symbol, raw in zip(members, values, strict=True)
        if raw is not None
    }


def chain(underlying: str, expiry: date | None = None) -> Chain:
    """Return the chain of one expiry, the nearest when none is named; an expiry that is not listed has no rows.

    Raises:
        UnknownSymbolError: no instrument has the underlying's name.
        QuotesAwayError: Redis does not answer.
    """
    underlying = instruments.get(underlying).symbol
    expiries = instruments.expiries_of(underlying)
    wanted = expiry if expiry is not None else next(iter(expiries), None)
    contracts = _contracts(underlying, wanted)
    symbols = [contract.symbol for contract in contracts]
    quotes, values, interest = _all_three(underlying, symbols)
    return Chain(
        underlying=underlying,
        spot=quotes.get(underlying),
        expiry=wanted,
        expiries=expiries,
        rows=rows_of(contracts, quotes=quotes, greeks=values, interest=interest),
    )


def _contracts(underlying: str, expiry: date | None) -> list[OptionContract]:
    listed = instruments.options_of(underlying).filter(expiry=expiry).values_list("symbol", "right", "strike")
    return [
        OptionContract(wire.family(symbol), expiry, Right(right), strike)
        for symbol, right, strike in listed
        if expiry is not None and strike is not None
    ]


def _all_three(underlying: str, symbols: list[str]) -> tuple[dict[str, Quote], dict[str, Greeks], dict[str, int]]:
    named = [underlying, *symbols]
    quotes, values, interest = stored.fields(
        [
            (wire.quotes_key(underlying), named),
            (wire.greeks_key(underlying), symbols),
            (wire.interest_key(underlying), symbols),
        ]
    )
    return (
        {s: wire.quote_from(s, orjson.loads(raw)) for s, raw in zip(named, quotes, strict=True) if raw is not None},
        {s: wire.greeks_from(orjson.loads(raw)) for s, raw in zip(symbols, values, strict=True) if raw is not None},
        {s: int(raw) for s, raw in zip(symbols, interest, strict=True) if raw is not None},
    )
