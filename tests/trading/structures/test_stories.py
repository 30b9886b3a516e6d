"""A position's life is one story, however it is rolled, assigned and closed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from risk.domain.lines import contract_of
from trading.domain.protocol.cycles import Cause, Movement
from trading.domain.stories import Turn, stories

D = Decimal
START = datetime(2026, 6, 1, 14, 0, tzinfo=UTC)
JUN, JUL, LOW = "XYZ   260605P00100000", "XYZ   260612P00100000", "XYZ   260605P00095000"
CALL = "XYZ   260612C00105000"
SHARE = "XYZ"


def moved(hour: int, origin: str, symbol: str, qty: int, px: str, cause: Cause = Cause.TRADE) -> Movement:
    at = START + timedelta(hours=hour)
    fee = D("0.65") * abs(qty) if len(symbol) == 21 and cause is Cause.TRADE else D(0)
    multiplier = 100 if len(symbol) == 21 else 1
    return Movement(at, origin, cause, symbol, contract_of(symbol), qty, D(px), fee, multiplier, None)


def test_a_put_that_is_rolled_assigned_and_called_away_is_one_story() -> None:
    rows = [
        moved(0, "sell", JUN, -1, "2.00"),
        moved(24, "roll", JUN, 1, "3.00"),
        moved(24, "roll", JUL, -1, "3.80"),
        moved(48, "assigned", JUL, 1, "0", Cause.ASSIGNMENT),
        moved(48, "assigned", SHARE, 100, "100", Cause.ASSIGNMENT),
        moved(50, "call", CALL, -1, "1.50"),
        moved(99, "called", CALL, 1, "0", Cause.ASSIGNMENT),
        moved(99, "called", SHARE, -100, "105", Cause.ASSIGNMENT),
    ]

    both = stories(rows)

    (story,) = both
    assert [chapter.turn for chapter in story.chapters] == [
        Turn.OPENED, Turn.ROLLED, Turn.ASSIGNED, Turn.ADDED, Turn.ASSIGNED
    ]  # fmt: skip
    assert not story.is_open
    assert story.cash == D(200) - 300 + 380 - 10_000 + 150 + 10_500 - D("2.60")
    assert story.chapters[0].structure == "Short put"
    assert story.chapters[1].structure == ""  # a roll is no calendar


def test_two_positions_that_nothing_links_are_two_stories() -> None:
    rows = [moved(0, "a", JUN, -1, "2.00"), moved(1, "b", CALL, -1, "1.00")]

    assert [s.positions for s in stories(rows)] == [{CALL: -1}, {JUN: -1}]


def test_a_spread_s_legs_are_one_story_and_so_is_a_leg_closed_alone() -> None:
    rows = [
        moved(0, "spread", JUN, -2, "2.00"),
        moved(0, "spread", LOW, 2, "1.00"),
        moved(5, "half", JUN, 1, "0.50"),
        moved(6, "rest", JUN, 1, "0.40"),
        moved(7, "gone", LOW, -2, "0", Cause.EXPIRY),
    ]

    (story,) = stories(rows)

    assert [c.turn for c in story.chapters] == [Turn.OPENED, Turn.REDUCED, Turn.REDUCED, Turn.EXPIRED]
    assert story.chapters[0].structure == "Bull put spread"


def test_a_call_sold_on_shares_belongs_to_them_though_it_expires() -> None:
    rows = [
        moved(0, "buy", SHARE, 100, "99"),
        moved(1, "call", CALL, -1, "1.50"),
        moved(99, "gone", CALL, 1, "0", Cause.EXPIRY),
    ]

    (story,) = stories(rows)

    assert [c.turn for c in story.chapters] == [Turn.OPENED, Turn.ADDED, Turn.EXPIRED]
    assert story.positions == {SHARE: 100}


def test_what_is_opened_again_after_it_was_flat_is_another_story() -> None:
    rows = [
        moved(0, "a", JUN, -1, "2.00"), moved(1, "b", JUN, 1, "1.00"), moved(2, "c", JUN, -1, "2.00")
    ]  # fmt: skip

    later, earlier = stories(rows)

    assert later.is_open
    assert [c.turn for c in earlier.chapters] == [Turn.OPENED, Turn.CLOSED]
    assert earlier.cash == D(100) - D("1.30")


def test_fills_of_one_order_are_one_chapter() -> None:
    rows = [moved(0, "a", JUN, -1, "2.00"), moved(1, "a", JUN, -2, "2.10")]

    ((chapter,),) = [story.chapters for story in stories(rows)]

    assert len(chapter.movements) == 2
    assert chapter.cash == D(620)


MOVES = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from([JUN, JUL, LOW, CALL]), st.sampled_from([-2, -1, 1, 2])),
    max_size=14,
)


@given(MOVES)
def test_every_movement_is_told_once_and_no_cash_is_lost(rows: list[tuple[str, str, int]]) -> None:
    moves = [moved(n, origin, symbol, qty, "1.00") for n, (origin, symbol, qty) in enumerate(rows)]

    told = stories(moves)

    assert sum(len(c.movements) for s in told for c in s.chapters) == len(moves)
    assert sum((s.cash for s in told), D(0)) == sum((m.flow - m.fee for m in moves), D(0))
    held = {symbol: sum(m.qty for m in moves if m.symbol == symbol) for symbol in (JUN, JUL, LOW, CALL)}
    for symbol, qty in held.items():
        assert sum(s.positions.get(symbol, 0) for s in told) == qty
    origins = [origin for s in told for origin in s.origins]
    assert len(origins) == len(set(origins))
