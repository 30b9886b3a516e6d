"""Which algorithm fits the market: a table that explains itself. The first row that applies is the choice."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from trading.domain.algos.parameters import Algo


@dataclass(frozen=True, slots=True)
class Condition:
    """The market and the order.

    `width_share` is the spread as part of the mid, `of_displayed` the order's size as a multiple of what is shown,
    `volatility` the implied one a year, None where there is none.
    """

    legs: int
    width_share: Decimal
    ticks_wide: int
    of_displayed: Decimal
    minutes_left: float
    volatility: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `choice` None sends one plain limit order."""

    condition: str
    applies: Callable[[Condition], bool]
    choice: Algo | None
    reason: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, by which row, and why."""

    algo: Algo | None
    row: int
    condition: str
    reason: str


LITTLE_TIME = 10
LARGE = Decimal(4)
WILD = 0.80
WIDE = Decimal("0.02")

TABLE: tuple[Row, ...] = (
    Row(
        "fewer than 10 minutes left",
        lambda c: c.minutes_left < LITTLE_TIME,
        None,
        "An algorithm needs time; one limit order is all there is time for.",
    ),
    Row(
        "two or more legs",
        lambda c: c.legs > 1,
        Algo.LIMIT_WALK,
        "A spread's mid is where it trades: start there, give way slowly, never leg.",
    ),
    Row(
        "more than 4 times the displayed size, volatility above 80 %",
        lambda c: c.of_displayed > LARGE and c.volatility is not None and c.volatility > WILD,
        Algo.ADAPTIVE,
        "Too large for one go, and waiting is dear: trade faster at first, slower later.",
    ),
    Row(
        "more than 4 times the displayed size, at least 2 % wide",
        lambda c: c.of_displayed > LARGE and c.width_share >= WIDE,
        Algo.ICEBERG,
        "Too large to show, and the spread too dear to cross: rest, and show a part.",
    ),
    Row(
        "more than 4 times the displayed size",
        lambda c: c.of_displayed > LARGE,
        Algo.TWAP,
        "Too large for one go, and the spread is narrow: equal parts over the time.",
    ),
    Row(
        "one tick wide",
        lambda c: c.ticks_wide <= 1,
        None,
        "There is nothing between bid and ask to walk through.",
    ),
    Row(
        "anything else",
        lambda _: True,
        Algo.LIMIT_WALK,
        "There is room between mid and natural price: start at the mid and give way slowly.",
    ),
)


def choose(condition: Condition) -> Choice:
    """Return the choice of the first row that applies; the last always does."""
    for number, row in enumerate(TABLE, start=1):
        if row.applies(condition):
            return Choice(row.choice, number, row.condition, row.reason)
    raise AssertionError("The last row applies to everything.")
