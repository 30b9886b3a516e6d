"""A book valued all at once is worth what its positions are one by one."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.instruments import InstrumentKind, Right
from allcore.kernel.quotes import Greeks, Quote
from trading.domain.books.revalue import MILS, columns, mils, revalue
from trading.domain.books.valuation import Line, value

NOW = datetime(2026, 3, 3, tzinfo=UTC)
cents = st.one_of(st.none(), st.decimals("0", "9.98", places=2))


def line(qty: int, avg_px: Decimal) -> Line:
    return Line(
        account="gen",
        instrument_id=1,
        symbol="P",
        underlying="TSLA",
        kind=InstrumentKind.OPTION,
        right=Right.PUT,
        strike=Decimal(240),
        expiry=date(2026, 3, 6),
        multiplier=100,
        qty=qty,
        avg_px=avg_px,
        realised=Decimal(0),
        fees=Decimal(0),
    )


@given(
    st.lists(
        st.tuples(st.integers(-50, 50).filter(bool), st.decimals("0", "99", places=4), cents, cents, cents), max_size=8
    )
)
def test_the_whole_is_worth_what_the_positions_are_one_by_one(
    rows: list[tuple[int, Decimal, Decimal | None, Decimal | None, Decimal | None]],
) -> None:
    lines = [line(qty, avg_px) for qty, avg_px, *_ in rows]
    singles = [
        value(
            one,
            Quote("P", bid, ask, 1, 1, None, NOW, NOW, "test"),
            None if model is None else Greeks(float(model), 0.5, 0.0, 0.0, 0.0, 0.0, 0.0),
            last=None,
            is_old=False,
        )
        for one, (_, _, bid, ask, model) in zip(lines, rows, strict=True)
    ]
    bid, ask, model = (np.array([mils(row[n]) for row in rows], dtype=np.int64) for n in (2, 3, 4))

    made = revalue(columns(lines), bid, ask, model)

    assert list(made.is_known) == [one.mark is not None for one in singles]
    for n, one in enumerate(singles):
        if one.mark is not None:
            assert Decimal(int(made.market_value[n])) / MILS == one.market_value
            assert Decimal(int(made.unrealised[n])) / MILS == one.unrealised
    known = [one.unrealised for one in singles if one.unrealised is not None]
    assert made.total == (sum(known, Decimal(0)) if len(known) == len(singles) else None)
