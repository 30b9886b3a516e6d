"""A book valued all at once is worth what its positions are one by one."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.instruments import InstrumentKind, Right
from allcore.kernel.quotes import Greeks, Quote
from brokers.models import Account
from marketdata.domain import wire
from marketdata.domain.columns import columns_of
from risk.domain.limits import Limits
from trading.domain.books.revalue import units
from trading.domain.books.valuation import Line
from trading.selectors import pnl
from trading.selectors.pnl import AccountBooks, AccountPnl
from trading.selectors.revaluation import Revaluation

NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)
cents = st.one_of(st.none(), st.decimals("0", "9.98", places=2))
marks = st.one_of(st.none(), st.decimals("0", "9.98", places=3))


def line(number: int, qty: int, avg_px: Decimal, kind: InstrumentKind) -> Line:
    is_option = kind is InstrumentKind.OPTION
    return Line(
        account="gen",
        instrument_id=number,
        symbol=f"TSLA  260306P00{number + 200:03}000" if is_option else f"SHARE{number}",
        underlying="TSLA" if is_option else f"SHARE{number}",
        kind=kind,
        right=Right.PUT if is_option else None,
        strike=Decimal(200 + number) if is_option else None,
        expiry=date(2026, 3, 6) if is_option else None,
        multiplier=100 if is_option else 1,
        qty=qty,
        avg_px=avg_px if qty else None,
        realised=Decimal(0),
        fees=Decimal(0),
    )


def books_of(*lines: Line) -> AccountBooks:
    return AccountBooks(
        account=Account(pk=1, code="gen"),
        cash=Decimal("1000.0001"),
        reserved=Decimal(7),
        realised=Decimal(0),
        fees=Decimal(0),
        income=Decimal(0),
        opened_with=Decimal(900),
        capital=Decimal(800),
        limits=Limits({}),
        lines=lines,
    )


def one_by_one(
    own: AccountBooks, quotes: dict[str, Quote], greeks: dict[str, Greeks], last: dict[str, Decimal]
) -> AccountPnl:
    return pnl.valued(own, quotes=quotes, greeks=greeks, last=last, peak=Decimal(100), now=NOW)


def all_at_once(
    own: AccountBooks, quotes: dict[str, Quote], greeks: dict[str, Greeks], last: dict[str, Decimal]
) -> AccountPnl:
    book = Revaluation([own], {("gen", symbol): units(px) for symbol, px in last.items()})
    names = book.watched.symbols
    said = [
        orjson.dumps(wire.quote_list(quotes[name], quotes[name].received_at.isoformat())) if name in quotes else None
        for name in names
    ]
    modelled = [orjson.dumps(wire.greeks_list(greeks[name])) if name in greeks else None for name in names]
    return book.look(columns_of(said, modelled), peaks={1: Decimal(100)}, now=NOW).accounts[0]


row = st.tuples(
    st.integers(-50, 50),
    st.decimals("0", "99", places=8),
    st.sampled_from([InstrumentKind.OPTION, InstrumentKind.EQUITY]),
    cents,
    cents,
    marks,
    marks,
    st.sampled_from([0, 59.9, 60, 60.1]),
    st.booleans(),
)


@given(st.lists(row, max_size=8))
def test_the_whole_is_worth_what_the_positions_are_one_by_one(rows: list[tuple[object, ...]]) -> None:
    own = books_of(*(line(n, *cells[:3]) for n, cells in enumerate(rows)))  # type: ignore[arg-type] # as drawn
    quotes, greeks, last = {}, {}, {}
    for one, (_, _, kind, bid, ask, model, mark, age, halted) in zip(own.lines, rows, strict=True):
        if bid is not None or ask is not None:
            seen = NOW - timedelta(seconds=age)  # type: ignore[arg-type] # as drawn
            quotes[one.symbol] = Quote(one.symbol, bid, ask, 1, 1, None, seen, seen, "test", is_halted=halted)  # type: ignore[arg-type] # as drawn
        if model is not None and kind is InstrumentKind.OPTION:
            greeks[one.symbol] = Greeks(float(model), 0.5, -0.5, 0.25, -0.125, 0.0625, 0.0)  # type: ignore[arg-type] # as drawn
        if mark is not None:
            last[one.symbol] = mark

    made = all_at_once(own, quotes, greeks, last)  # type: ignore[arg-type] # as drawn
    singly = one_by_one(own, quotes, greeks, last)  # type: ignore[arg-type] # as drawn

    assert [(p.mark, p.market_value, p.unrealised) for p in made.positions] == [
        (p.mark, p.market_value, p.unrealised) for p in singly.positions
    ]
    assert [p.greeks for p in made.positions] == [p.greeks for p in singly.positions]
    assert (made.equity, made.unrealised, made.day_pnl, made.deployed, made.drawdown) == (
        singly.equity,
        singly.unrealised,
        singly.day_pnl,
        singly.deployed,
        singly.drawdown,
    )
    assert made.net == singly.net


def test_only_what_moved_is_called_changed() -> None:
    own = books_of(*(line(n, -1, Decimal(1), InstrumentKind.OPTION) for n in range(3)))
    book = Revaluation([own], {})

    def look(*prices: str) -> list[int]:
        said: list[bytes | None] = []
        for name in book.watched.symbols:
            px = dict(zip([one.symbol for one in own.lines], prices, strict=True)).get(name)
            quote = None if px is None else Quote(name, Decimal(px), Decimal(px), 1, 1, None, NOW, NOW, "test")
            said.append(None if quote is None else orjson.dumps(wire.quote_list(quote, NOW.isoformat())))
        silent: list[bytes | None] = [None] * len(said)
        return book.look(columns_of(said, silent), peaks={1: Decimal(0)}, now=NOW).changed

    seen = [look("1.00", "2.00", "3.00"), look("1.00", "2.00", "3.00"), look("1.00", "2.01", "3.00")]

    assert seen == [[0, 1, 2], [], [1]]


@pytest.mark.parametrize(("price", "shown"), [("0.0001", "0.0001"), ("123456.7891", "123456.7891"), ("0", "0")])
def test_a_price_is_read_to_the_ten_thousandth(price: str, shown: str) -> None:
    quote = Quote("X", Decimal(price), Decimal(price), 1, 1, None, NOW, NOW, "test")

    columns = columns_of([orjson.dumps(wire.quote_list(quote, NOW.isoformat()))], [None])

    assert Decimal(int(columns.bid[0])) / 10_000 == Decimal(shown)
