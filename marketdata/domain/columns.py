"""Many instruments' quotes and model values as arrays, read from what the feed wrote: for whoever values thousands.

Prices are whole numbers of ten-thousandths of a dollar (`MILS`); quotes are not finer than that. Model values stay
models' floats.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import orjson
from numpy.typing import NDArray

MILS = 10_000
NONE = np.iinfo(np.int64).min  # no price
PRICE, GREEKS = 0, 7  # the column of the model's price, and how many columns there are
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MarketColumns:
    """One place a symbol. Shapes: all of the symbols' length, `values` with the seven of `kernel.quotes.Greeks`.

    Units: `bid`, `ask` and `model` in ten-thousandths of a dollar, `NONE` where missing; `vouched_at` in seconds since
    1970, NaN without a quote; `values` NaN where the model has none.
    """

    bid: Whole
    ask: Whole
    model: Whole
    is_halted: Flags
    vouched_at: Floats
    values: Floats


def columns_of(quotes: Sequence[bytes | None], greeks: Sequence[bytes | None]) -> MarketColumns:
    """Return the columns of what Redis answered, quote by quote and model value by model value."""
    found, values = _parsed(quotes), _values(greeks)
    times = {row[6]: datetime.fromisoformat(row[6]).timestamp() for row in found if row is not None}
    return MarketColumns(
        bid=_mils([None if row is None else row[0] for row in found]),
        ask=_mils([None if row is None else row[1] for row in found]),
        model=_whole(values[:, PRICE] * MILS),
        is_halted=np.array([row is not None and bool(row[9]) for row in found], dtype=np.bool_),
        vouched_at=np.array([np.nan if row is None else times[row[6]] for row in found], dtype=np.float64),
        values=values,
    )


def _parsed(raws: Sequence[bytes | None]) -> list[list[str] | None]:
    rows: list[list[str] | None] = orjson.loads(b"[" + b",".join([raw or b"null" for raw in raws]) + b"]")
    return rows


def _values(raws: Sequence[bytes | None]) -> Floats:
    rows: list[list[float] | None] = orjson.loads(b"[" + b",".join([raw or b"null" for raw in raws]) + b"]")
    table = np.full((len(rows), GREEKS), np.nan)
    known = [n for n, row in enumerate(rows) if row is not None]
    if known:
        table[known] = [row for row in rows if row is not None]
    return table


def _mils(texts: Sequence[str | None]) -> Whole:
    """Return the prices; a float holds any of them far closer than the half of a ten-thousandth."""
    return _whole(np.array([np.nan if text is None else float(text) for text in texts], dtype=np.float64) * MILS)


def _whole(prices: Floats) -> Whole:
    missing = np.isnan(prices)
    return np.where(missing, NONE, np.rint(np.where(missing, 0, prices)).astype(np.int64))


def places(symbols: Sequence[str]) -> Mapping[str, int]:
    """Return at which place each symbol stands."""
    return {symbol: n for n, symbol in enumerate(symbols)}
