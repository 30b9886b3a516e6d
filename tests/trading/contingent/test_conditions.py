"""Conditions: what is read, what is refused, and when they hold."""

import contextlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allcore.kernel.quotes import Greeks, Quote
from tests.builders.risk import PUT, sell_put
from trading.domain.contingent.conditions import InvalidConditionError, parse
from trading.domain.contingent.evaluate import Memory, evaluate
from trading.domain.contingent.view import Portfolio, View

NOW = datetime(2026, 6, 11, 15, 0, tzinfo=UTC)
TICKET = sell_put()
PRICE = {"what": "PRICE", "symbol": "SPY", "source": "MID", "is": ">=", "value": "500"}


def quote(symbol: str, mid: str, *, seconds: float = 0, volume: int = 1000) -> Quote:
    at = NOW + timedelta(seconds=seconds)
    half = Decimal("0.02")
    return Quote(symbol, Decimal(mid) - half, Decimal(mid) + half, 10, 10, Decimal(mid), at, at, "test", volume=volume)


def view(*quotes: Quote, seconds: float = 0, age: float = 0, **parts: Any) -> View:
    at = NOW + timedelta(seconds=seconds)
    return View(at + timedelta(seconds=age), at, {q.symbol: q for q in quotes}, **parts)


def holds(when: dict[str, Any], *views: View, **more: Any) -> bool:
    """Return whether the condition fires at the last of the moments, and at none before."""
    condition, memory = parse({"when": when, **more}), Memory()
    fired = [False]
    for moment in views:
        memory, now = evaluate(condition, TICKET, Memory.from_dict(memory.as_dict()), moment)
        fired.append(now)
    assert not any(fired[:-1])
    return fired[-1]


@pytest.mark.parametrize(
    ("is_", "mid", "expected"),
    [
        (">=", "499.99", False),
        (">=", "500", True),
        (">", "500", False),
        (">", "500.01", True),
        ("<=", "500", True),
        ("<=", "500.01", False),
        ("<", "500", False),
        ("==", "500", True),
    ],
)
def test_a_price_is_compared_at_just_below_and_just_above(is_: str, mid: str, *, expected: bool) -> None:
    assert holds({**PRICE, "is": is_}, view(quote("SPY", mid))) is expected


@pytest.mark.parametrize(
    ("leaf", "expected"),
    [
        ({"what": "VOLUME", "symbol": "SPY", "is": ">=", "value": 1000}, True),
        ({"what": "VOLUME", "symbol": "SPY", "is": ">=", "value": 1001}, False),
        ({"what": "TIME", "value": "2026-06-11T15:00:00+00:00"}, True),
        ({"what": "TIME", "value": "2026-06-11T15:00:01+00:00"}, False),
        ({"what": "DTE", "symbol": PUT, "is": "<=", "value": 1}, True),
        ({"what": "DTE", "symbol": PUT, "is": "==", "value": 0}, False),
        ({"what": "IV", "symbol": PUT, "is": ">", "value": "0.4"}, True),
        ({"what": "DELTA", "symbol": PUT, "is": "<", "value": "-0.4"}, True),
        ({"what": "GAMMA", "symbol": PUT, "is": ">", "value": "0.01"}, True),
        ({"what": "THETA", "symbol": PUT, "is": "<", "value": "-0.2"}, False),
        ({"what": "VEGA", "symbol": PUT, "is": ">", "value": "0.04"}, True),
        ({"what": "NET_DELTA", "is": ">", "value": "100"}, True),
        ({"what": "NET_VEGA", "is": "<", "value": "0"}, True),
        ({"what": "DAY_PNL", "is": "<=", "value": "-250.00"}, True),
        ({"what": "UNREALISED", "is": ">=", "value": "80"}, False),
        ({"what": "NET", "is": ">=", "value": "4.20"}, True),
    ],
    ids=str,
)
def test_every_kind_of_value_is_seen(leaf: dict[str, Any], *, expected: bool) -> None:
    moment = view(
        quote("SPY", "500"),
        quote(PUT, "4.20"),
        greeks={PUT: Greeks(4.2, 0.5, -0.45, 0.02, -0.1, 0.05, -0.01)},
        portfolios={TICKET.account: Portfolio(Decimal(-250), Decimal(79), 120.0, 1.0, -5.0, -3.0)},
    )

    assert holds(leaf, moment) is expected


UNKNOWN = {"what": "PRICE", "symbol": "QQQ", "is": ">=", "value": "1"}
TRUE, FALSE = PRICE, {**PRICE, "is": "<"}


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"all": [TRUE, TRUE]}, True),
        ({"all": [TRUE, FALSE]}, False),
        ({"all": [TRUE, UNKNOWN]}, False),
        ({"any": [FALSE, TRUE]}, True),
        ({"any": [TRUE, UNKNOWN]}, True),
        ({"any": [FALSE, UNKNOWN]}, False),
        ({"not": FALSE}, True),
        ({"not": UNKNOWN}, False),
        ({"not": {"all": [FALSE, UNKNOWN]}}, True),
        ({"not": {"any": [FALSE, UNKNOWN]}}, False),
    ],
    ids=str,
)
def test_what_is_unknown_is_neither_true_nor_false(when: dict[str, Any], *, expected: bool) -> None:
    assert holds(when, view(quote("SPY", "500"))) is expected


@pytest.mark.parametrize(("age", "expected"), [(2.0, True), (2.001, False)])
def test_a_stale_quote_is_not_known(age: float, *, expected: bool) -> None:
    assert holds(PRICE, view(quote("SPY", "500"), age=age)) is expected


def test_greeks_without_a_fresh_quote_are_not_known() -> None:
    leaf = {"what": "IV", "symbol": PUT, "is": ">", "value": "0.4"}

    assert not holds(leaf, view(greeks={PUT: Greeks(4.2, 0.5, -0.45, 0.02, -0.1, 0.05, -0.01)}))


def moments(*mids: str) -> list[View]:
    return [view(quote("SPY", mid, seconds=n), seconds=n) for n, mid in enumerate(mids)]


def test_confirmations_are_of_quotes_in_a_row() -> None:
    thrice = {**PRICE, "confirm": 3}

    assert holds(thrice, *moments("500", "501", "500"))
    assert not holds(thrice, *moments("500", "501", "499", "500", "500"))


def test_one_quote_looked_at_three_times_confirms_nothing() -> None:
    one = view(quote("SPY", "500"))

    assert not holds({**PRICE, "confirm": 2}, one, one, one)


def test_hysteresis_keeps_a_part_true_until_the_reset() -> None:
    kept = {"all": [{**PRICE, "reset": "498"}, {"what": "TIME", "value": "2026-06-11T15:00:02+00:00"}]}

    assert holds(kept, *moments("500", "499", "498.5"))
    assert not holds(kept, *moments("500", "497.99", "499.5"))


def test_nothing_is_counted_before_it_is_armed_nor_after_it_expired() -> None:
    later, sooner = "2026-06-11T15:00:02+00:00", "2026-06-11T14:59:00+00:00"

    assert not holds({**PRICE, "confirm": 2}, *moments("500", "500", "500"), arm_after=later)
    assert holds({**PRICE, "confirm": 2}, *moments("500", "500", "500", "500"), arm_after=later)
    assert not holds(PRICE, *moments("500"), expire_at=NOW.isoformat())
    assert not holds(PRICE, *moments("500"), arm_after=sooner, expire_at=NOW.isoformat())


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"when": {}},
        {"when": {"what": "MOON", "is": ">", "value": 1}},
        {"when": {**PRICE, "is": "!="}},
        {"when": {**PRICE, "value": "NaN"}},
        {"when": {**PRICE, "value": True}},
        {"when": {**PRICE, "symbol": ""}},
        {"when": {**PRICE, "surprise": 1}},
        {"when": {**PRICE, "reset": "501"}},
        {"when": {**PRICE, "confirm": 0}},
        {"when": {"what": "IV", "symbol": "SPY", "is": ">", "value": 1}},
        {"when": {"what": "TIME", "value": "2026-06-11T15:00:00"}},
        {"when": {"all": []}},
        {"when": {"all": [PRICE], "any": [PRICE]}},
        {"when": {"any": [PRICE] * 40}},
        {"when": {"not": {"not": {"not": {"not": {"not": {"not": PRICE}}}}}}},
        {"when": PRICE, "arm_after": "2026-06-11T15:00:00+00:00", "expire_at": "2026-06-11T15:00:00+00:00"},
        {"when": PRICE, "surprise": 1},
        [],
        None,
    ],
    ids=str,
)
def test_what_is_malformed_is_refused(data: object) -> None:
    with pytest.raises(InvalidConditionError):
        parse(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["PRICE", ">=", "SPY"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["when", "all", "any", "not", "what", "is", "value", "symbol"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_read_or_refused(data: object) -> None:
    with contextlib.suppress(InvalidConditionError):
        parse(data)
