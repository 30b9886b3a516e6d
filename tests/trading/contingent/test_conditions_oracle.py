"""Condition trees over any tape against a plain interpreter, which reads the whole tape anew at each moment."""

import operator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allcore.kernel.quotes import Quote
from tests.builders.risk import sell_put
from trading.domain.contingent.conditions import parse
from trading.domain.contingent.evaluate import Memory, evaluate
from trading.domain.contingent.view import Portfolio, View

NOW = datetime(2026, 6, 11, 15, 0, tzinfo=UTC)
APART = timedelta(days=165)  # the system's clock is not the exchange's: a replay of June runs in November
TICKET = sell_put()
WIDE = Decimal("0.01")
COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq}
Json = dict[str, Any]
Seen = tuple[Decimal | datetime | None, datetime | None]


@dataclass(frozen=True)
class Tick:
    """One symbol at one moment: its price, when it came (seconds from the start), and whether it can be believed."""

    price: int | None
    came: int
    fault: str


@dataclass(frozen=True)
class Moment:
    """`at` seconds from the start; what is on the screen; the account's result and when it last changed."""

    at: int
    ticks: dict[str, Tick]
    pnl: int | None
    pnl_came: int

    @property
    def exchange(self) -> datetime:
        return NOW + timedelta(seconds=self.at)

    def view(self, apart: timedelta = APART) -> View:
        system = self.exchange + apart
        quotes = {name: as_quote(name, tick, apart) for name, tick in self.ticks.items() if tick.price is not None}
        came = NOW + apart + timedelta(seconds=self.pnl_came)
        known = Portfolio(None if self.pnl is None else Decimal(self.pnl), None, None, None, None, None, came)
        return View(system, self.exchange, quotes, portfolios={TICKET.account: known})


def as_quote(name: str, tick: Tick, apart: timedelta) -> Quote:
    came = NOW + apart + timedelta(seconds=tick.came)
    source = NOW + timedelta(seconds=tick.came) - (timedelta(days=1) if tick.fault == "yesterday" else timedelta())
    mid = Decimal(tick.price or 0)
    half = -WIDE if tick.fault == "crossed" else Decimal(0) if tick.fault == "locked" else WIDE
    is_halted = tick.fault == "halted"
    return Quote(name, mid - half, mid + half, 10, 10, mid, source, came, "test", is_halted=is_halted)


# The plain interpreter -----------------------------------------------------------------------------------------------


def sees(leaf: Json, moment: Moment) -> Seen:
    """Return the value and the event it is from. A clock's and a calendar's reading are no events."""
    if leaf["what"] == "TIME":
        return moment.exchange, None
    if leaf["what"] == "DAY_PNL":
        came = NOW + timedelta(seconds=moment.pnl_came)
        return (None, None) if moment.pnl is None else (Decimal(moment.pnl), came)
    tick = moment.ticks[leaf["symbol"]]
    if tick.price is None or tick.fault or moment.at - tick.came > 2:
        return None, None
    return Decimal(tick.price), NOW + timedelta(seconds=tick.came)


def counted(seen: list[tuple[bool | None, datetime | None]], needed: int) -> bool | None:
    """Return what a row of truths comes to: true once it held `needed` events in a row, false when it does not hold.

    Between the two, and where nothing is known, it is neither.
    """
    streak, last, result = 0, None, None
    for truth, event in seen:
        result = None
        if truth is None:
            continue
        if not truth:
            streak, last, result = 0, event, False
            continue
        if last is None or event is None or event > last:
            streak, last = streak + 1, event
        result = True if streak >= needed else None
    return result


def leaf_truths(leaf: Json, tape: list[Moment]) -> list[tuple[bool | None, datetime | None]]:
    """Return the comparison's own truth at each moment, hysteresis in it and confirmations not."""
    rows: list[tuple[bool | None, datetime | None]] = []
    for moment in tape:
        value, event = sees(leaf, moment)
        if value is None:
            rows.append((None, None))
            continue
        before = [row for row in rows if row[0] is not None]
        stood = counted(before, leaf.get("confirm", 1)) is True
        line = leaf["reset"] if stood and leaf.get("reset") is not None else leaf["value"]
        bound = datetime.fromisoformat(line) if leaf["what"] == "TIME" else Decimal(line)
        rows.append((COMPARE[leaf["is"]](value, bound), event))
    return rows


def interpret(node: Json, tape: list[Moment]) -> tuple[bool | None, datetime | None]:
    """Return the truth of a part at the tape's last moment, and the newest event in it."""
    if "not" in node:
        truth, event = interpret(node["not"], tape)
        return (None if truth is None else not truth), event
    for word, settles in (("all", False), ("any", True)):
        if word in node:
            parts = [interpret(part, tape) for part in node[word]]
            events = [event for _, event in parts if event is not None]
            newest = max(events) if events else None
            truths = [truth for truth, _ in parts]
            if settles in truths:
                return settles, newest
            return (None if None in truths else not settles), newest
    rows = leaf_truths(node, tape)
    return (None if rows[-1][0] is None else counted(rows, node.get("confirm", 1))), rows[-1][1]


def fires(data: Json, tape: list[Moment]) -> bool:
    """Return whether the condition fires at the tape's last moment."""
    arm, end = (
        None if data.get(name) is None else datetime.fromisoformat(data[name]) for name in ("arm_after", "expire_at")
    )
    last = tape[-1].exchange
    if (arm is not None and last < arm) or (end is not None and last >= end):
        return False
    armed = [moment for moment in tape if arm is None or moment.exchange >= arm]
    whole = [interpret(data["when"], armed[: n + 1]) for n in range(len(armed))]
    return whole[-1][0] is True and counted(whole, data.get("confirm", 1)) is True


# Trees and tapes -----------------------------------------------------------------------------------------------------

WIDER = {">": -1, ">=": -1, "<": 1, "<=": 1}


@st.composite
def numeric_leaf(draw: st.DrawFn) -> Json:
    is_, value = draw(st.sampled_from([*WIDER, "=="])), draw(st.integers(1, 4))
    leaf: Json = {"is": is_, "value": value, "confirm": draw(st.integers(1, 3))}
    if is_ in WIDER and draw(st.booleans()):
        leaf["reset"] = value + WIDER[is_] * draw(st.integers(1, 2))
    if draw(st.integers(0, 4)) == 0:
        return {**leaf, "what": "DAY_PNL"}
    return {**leaf, "what": "PRICE", "symbol": draw(st.sampled_from(["SPY", "QQQ"])), "source": "MID"}


times = st.integers(0, 12).map(lambda n: (NOW + timedelta(seconds=n)).isoformat())
time_leaf = st.builds(lambda at, is_: {"what": "TIME", "is": is_, "value": at}, times, st.sampled_from([">=", "<"]))
trees = st.recursive(
    st.one_of(numeric_leaf(), numeric_leaf(), numeric_leaf(), time_leaf),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda of: {"all": of}),
        st.lists(inner, min_size=1, max_size=3).map(lambda of: {"any": of}),
        inner.map(lambda of: {"not": of}),
    ),
    max_leaves=5,
)


@st.composite
def tapes(draw: st.DrawFn) -> list[Moment]:
    ticks = {"SPY": Tick(None, 0, ""), "QQQ": Tick(None, 0, "")}
    at, pnl, pnl_came, rows = 0, None, 0, []
    for _ in range(draw(st.integers(1, 10))):
        at += draw(st.integers(1, 3))
        for name in ticks:
            if draw(st.integers(0, 3)):  # else the same quote is looked at again, and ages
                fault = draw(st.sampled_from(["", "", "", "", "crossed", "locked", "halted", "yesterday"]))
                ticks[name] = Tick(draw(st.integers(0, 5)), at, fault)
        if draw(st.booleans()):
            pnl, pnl_came = draw(st.none() | st.integers(0, 5)), at
        rows.append(Moment(at, dict(ticks), pnl, pnl_came))
    return rows


@st.composite
def conditions(draw: st.DrawFn) -> Json:
    data: Json = {"when": draw(trees), "confirm": draw(st.integers(1, 3))}
    arm, end = draw(st.integers(0, 8)), draw(st.integers(9, 25))
    if draw(st.booleans()):
        data["arm_after"] = (NOW + timedelta(seconds=arm)).isoformat()
    if draw(st.booleans()):
        data["expire_at"] = (NOW + timedelta(seconds=end)).isoformat()
    return data


def depth(node: Json) -> int:
    parts = node.get("all") or node.get("any") or ([node["not"]] if "not" in node else [])
    return 1 + max((depth(part) for part in parts), default=0)


@given(data=conditions().filter(lambda c: depth(c["when"]) <= 6), tape=tapes())
@settings(max_examples=400, deadline=None)
def test_any_tree_over_any_tape_is_what_the_plain_interpreter_says(data: Json, tape: list[Moment]) -> None:
    condition, memory = parse(data), Memory()

    for n, moment in enumerate(tape):
        memory, fired = evaluate(condition, TICKET, Memory.from_dict(memory.as_dict()), moment.view())

        assert fired is fires(data, tape[: n + 1]), n


PRICE: Json = {"what": "PRICE", "symbol": "SPY", "source": "MID", "is": ">=", "value": 3}


def run(data: Json, *moments: Moment, apart: timedelta = APART) -> list[bool]:
    condition, memory, fired = parse(data), Memory(), []
    for moment in moments:
        memory, now = evaluate(condition, TICKET, memory, moment.view(apart))
        fired.append(now)
    return fired


def at(seconds: int, price: int, *, came: int | None = None, pnl: int | None = None) -> Moment:
    tick = Tick(price, seconds if came is None else came, "")
    return Moment(seconds, {"SPY": tick, "QQQ": Tick(None, 0, "")}, pnl, 0)


def test_what_is_true_but_not_confirmed_yet_is_not_false_either() -> None:
    contrary = {"when": {"not": {**PRICE, "confirm": 3}}}

    assert run(contrary, at(1, 4), at(2, 4), at(3, 4), at(4, 2)) == [False, False, False, True]


@pytest.mark.parametrize("apart", [APART, timedelta()], ids=["replayed", "live"])
@pytest.mark.parametrize(
    "beside",
    [
        {"what": "TIME", "is": ">=", "value": NOW.isoformat()},
        {"what": "DTE", "symbol": TICKET.legs[0].symbol, "is": ">=", "value": 0},
        {"what": "DAY_PNL", "is": ">=", "value": 0},
    ],
    ids=lambda leaf: leaf["what"],
)
def test_one_quote_looked_at_thrice_confirms_nothing_whatever_stands_beside_it(beside: Json, apart: timedelta) -> None:
    data = {"when": {"all": [PRICE, beside]}, "confirm": 2}

    looked_at_again = [at(1, 4, pnl=1), at(2, 4, came=1, pnl=1), at(3, 4, came=1, pnl=1)]

    assert run(data, *looked_at_again, apart=apart) == [False, False, False]
    assert run(data, at(1, 4, pnl=1), at(2, 4, pnl=1), apart=apart) == [False, True]
