"""Reading a directory of recorded quotes (Parquet)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import OptionContract
from allcore.kernel.money import from_float
from marketdata.domain.bars import DailyBar
from marketdata.domain.feeds import BadFeedError
from marketdata.domain.replay.recording import Integers, QuoteTape, Recording, TradeTape

UNDERLYING = "GOOG"
OPTION_QUOTES = "opt_minute_quote_goog.parquet"
OPTION_TRADES = "opt_minute_trade_goog.parquet"
OPTION_INTEREST = "opt_minute_openinterest_goog.parquet"
SHARE_QUOTES = "eq_minute_quote.parquet"
SHARE_TRADES = "eq_minute_trade.parquet"
DAYS = "eq_daily_raw_unadjusted.parquet"
INDEX_DAYS = "vix_daily.parquet"
FILES = (OPTION_QUOTES, OPTION_TRADES, OPTION_INTEREST, SHARE_QUOTES, SHARE_TRADES, DAYS, INDEX_DAYS)

FUNDS = ("SPY", "QQQ")
INDEX = "VIX"
HISTORY = timedelta(days=450)  # 300 sessions and some
MINUTE = 60


def read(path: str) -> Recording:
    """Return the recording in the directory.

    Raises:
        BadFeedError: the directory or one of its files is missing or cannot be read.
    """
    ensure_there(path)
    try:
        return _recording({name: pq.read_table(Path(path) / name) for name in FILES})
    except (pa.ArrowException, OSError, KeyError) as e:
        raise BadFeedError(f"replays {path!r}, whose files cannot be read: {e}", path=path) from e


def ensure_there(path: str) -> None:
    """Do nothing if the directory has every file of a recording.

    Raises:
        BadFeedError: the directory or one of its files is missing.
    """
    directory = Path(path)
    if not directory.is_dir():
        raise BadFeedError(f"replays {path!r}, which is no directory", path=path)
    missing = [name for name in FILES if not (directory / name).is_file()]
    if missing:
        raise BadFeedError(f"replays {path!r}, which lacks {', '.join(missing)}", path=path, missing=missing)


def _recording(tables: Mapping[str, pa.Table]) -> Recording:
    options, option_trades = tables[OPTION_QUOTES], tables[OPTION_TRADES]
    first, last = (new_york_date(moment) for moment in _ends(options))
    shares = _between(_only(tables[SHARE_QUOTES], UNDERLYING), first, last)
    share_trades = _between(_only(tables[SHARE_TRADES], UNDERLYING), first, last)
    contracts = sorted({OptionContract.parse(name) for name in pc.unique(options["contract"]).to_pylist()})
    symbols = (UNDERLYING, *(contract.symbol for contract in contracts))
    return Recording(
        underlying=UNDERLYING,
        contracts=tuple(contracts),
        quotes=_quotes(symbols, options, shares),
        trades=_trades(symbols, option_trades, share_trades),
        days=[*_days(tables[DAYS], first, last), *_index_days(tables[INDEX_DAYS], first, last)],
        interest=_interest(tables[OPTION_INTEREST]),
    )


def _ends(table: pa.Table) -> tuple[datetime, datetime]:
    ends = pc.min_max(table["ts"]).as_py()
    return ends["min"], ends["max"]


def _only(table: pa.Table, symbol: str) -> pa.Table:
    return table.filter(pc.equal(table["symbol"], symbol))


def _between(table: pa.Table, first: date, last: date) -> pa.Table:
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=2)
    return table.filter(pc.and_(pc.greater_equal(table["ts"], start), pc.less(table["ts"], end)))


def _known_at(*tables: pa.Table) -> Integers:
    """A row carries the minute's beginning; it is known at its end."""
    stamps = [table["ts"].cast(pa.int64()).to_numpy() // 1_000_000_000 + MINUTE for table in tables]
    return np.concatenate(stamps).astype(np.int64)


def _places(symbols: Sequence[str], options: pa.Table, shares: pa.Table) -> Integers:
    place = {symbol: n for n, symbol in enumerate(symbols)}
    named = options["contract"].cast(pa.string()).to_pylist()
    return np.array([place.get(name, -1) for name in named] + [0] * shares.num_rows, dtype=np.int64)


def _column(name: str, *tables: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.concatenate([table[name].to_numpy() for table in tables]).astype(np.float64)


def _quotes(symbols: tuple[str, ...], options: pa.Table, shares: pa.Table) -> QuoteTape:
    known_at = _known_at(options, shares)
    order = np.argsort(known_at, kind="stable")
    return QuoteTape(
        symbols=symbols,
        known_at=known_at[order],
        symbol=_places(symbols, options, shares)[order],
        bid=_column("bid", options, shares)[order],
        ask=_column("ask", options, shares)[order],
        bid_size=_column("bid_size", options, shares)[order].astype(np.int64),
        ask_size=_column("ask_size", options, shares)[order].astype(np.int64),
    )


def _trades(symbols: tuple[str, ...], options: pa.Table, shares: pa.Table) -> TradeTape:
    places, known_at = _places(symbols, options, shares), _known_at(options, shares)
    order = np.argsort(known_at, kind="stable")
    order = order[places[order] >= 0]  # a contract that traded and was never quoted is not listed
    return TradeTape(
        known_at=known_at[order],
        symbol=places[order],
        price=_column("close", options, shares)[order],
        volume=_column("volume", options, shares)[order].astype(np.int64),
    )


def _days(table: pa.Table, first: date, last: date) -> list[DailyBar]:
    wanted = pc.and_(
        pc.is_in(table["symbol"], pa.array([UNDERLYING, *FUNDS])),
        pc.and_(pc.greater_equal(table["date"], first - HISTORY), pc.less_equal(table["date"], last)),
    )
    return [
        DailyBar(
            symbol=row["symbol"],
            day=row["date"],
            open=_exact(row["open"]),
            high=_exact(row["high"]),
            low=_exact(row["low"]),
            close=_exact(row["close"]),
            volume=row["volume"],
        )
        for row in table.filter(wanted).sort_by("date").to_pylist()
    ]


def _exact(price: float) -> Decimal:
    return from_float(price, places=4)


def _index_days(table: pa.Table, first: date, last: date) -> list[DailyBar]:
    """The index was recorded at its closes alone, so its open, high and low are the close; a dot is a holiday."""
    bars = []
    for row in table.to_pylist():
        day = datetime.strptime(row["Date"], "%m/%d/%Y").date()  # noqa: DTZ007 a date has no zone
        if first - HISTORY <= day <= last and row["vix"] != ".":
            close = Decimal(row["vix"])
            bars.append(DailyBar(INDEX, day, close, close, close, close))
    return bars


def _interest(table: pa.Table) -> dict[date, dict[str, int]]:
    known: dict[date, dict[str, int]] = {}
    for row in table.select(["ts", "contract", "oi"]).to_pylist():
        known.setdefault(new_york_date(row["ts"]), {})[row["contract"]] = row["oi"]
    return known
