"""What a position is valued at."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from allcore.kernel.quotes import Greeks, Quote
from trading.domain.books.marks import Mark, mark, marked

AT = datetime(2026, 3, 3, 15, tzinfo=UTC)
MODEL = Greeks(price=1.2345678, iv=0.4, delta=-0.3, gamma=0.01, theta=-0.1, vega=0.1, rho=0.0)


def quote(bid: str | None, ask: str | None) -> Quote:
    return Quote(
        symbol="X",
        bid=None if bid is None else Decimal(bid),
        ask=None if ask is None else Decimal(ask),
        bid_size=1,
        ask_size=1,
        last=None,
        source_at=AT,
        received_at=AT,
        source="test",
    )


@pytest.mark.parametrize(
    ("bid", "ask", "expected"),
    [
        ("0.20", "0.29", "0.245"),
        ("0.20", "0.30", "0.25"),  # at ten cents
        ("0.20", "0.31", "1.2346"),  # just above
        ("9.50", "10.50", "10.00"),  # at a tenth of the middle
        ("9.49", "10.50", "1.2346"),
        ("9.51", "10.50", "10.005"),
        ("1.00", "1.00", "1.00"),
        ("1.01", "1.00", "1.2346"),  # crossed
        (None, "0.05", "1.2346"),
    ],
)
def test_the_middle_is_a_price_only_where_the_market_is_tight(bid: str | None, ask: str, expected: str) -> None:
    assert mark(quote(bid, ask), MODEL, -1) == Decimal(expected)


def test_what_nobody_bids_for_is_worth_nothing_to_its_holder_and_something_to_who_owes_it() -> None:
    assert mark(quote("0", "0.05"), MODEL, 1) == 0
    assert mark(quote("0", "0.05"), MODEL, -1) == Decimal("0.025")


def test_a_halted_quote_is_no_price() -> None:
    assert mark(replace(quote("1.00", "1.02"), is_halted=True), MODEL, 1) == Decimal("1.2346")


def test_silence_is_no_mark() -> None:
    assert mark(None, None, 1) is None
    assert mark(quote(None, None), None, 1) is None


def test_the_last_good_mark_stands_in_and_says_so() -> None:
    assert marked(Decimal(2), Decimal(1)) == Mark(Decimal(2))
    assert marked(None, Decimal(1)) == Mark(Decimal(1), is_stale=True)
    assert marked(None, None) is None
