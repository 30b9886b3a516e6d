"""What money and borrowed shares cost a year, by the date from which it holds. Data; the arithmetic is in `charges`.

Each row names its source; levels marked "unconfirmed" are common knowledge that no primary source was at hand for.
The first row of each table stands for all time before it.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from brokers.paper.tariffs import FIRST, NONE


@dataclass(frozen=True, slots=True)
class Rate:
    """Parts of 1 a year of 360 days.

    `credit` is paid on settled cash beyond `credit_from` dollars, `debit` charged on cash below zero, `borrow` on the
    value of shares that are short.
    """

    effective_from: date
    source: str
    credit: Decimal = NONE
    credit_from: Decimal = NONE
    debit: Decimal = NONE
    borrow: Decimal = NONE


@dataclass(frozen=True, slots=True)
class Rates:
    """A broker's rates over time."""

    name: str
    rows: tuple[Rate, ...]


# The middle of the Federal Reserve's target range or close to it, in per cent, from the day after each decision.
POLICY_RATE = (
    (FIRST, "0.08"),
    (date(2022, 3, 17), "0.33"),
    (date(2022, 5, 5), "0.83"),
    (date(2022, 6, 16), "1.58"),
    (date(2022, 7, 28), "2.33"),
    (date(2022, 9, 22), "3.08"),
    (date(2022, 11, 3), "3.83"),
    (date(2022, 12, 15), "4.33"),
    (date(2023, 2, 2), "4.58"),
    (date(2023, 3, 23), "4.83"),
    (date(2023, 5, 4), "5.08"),
    (date(2023, 7, 27), "5.33"),
    (date(2024, 9, 19), "4.83"),
    (date(2024, 11, 8), "4.58"),
    (date(2024, 12, 19), "4.33"),
    (date(2025, 9, 18), "4.08"),
    (date(2025, 10, 30), "3.87"),
    (date(2025, 12, 11), "3.64"),
)


def _around_policy(effective_from: date, percent: str) -> Rate:
    policy = Decimal(percent) / 100
    return Rate(
        effective_from,
        "Interactive Brokers' benchmark less 0.5 % on cash beyond 10,000, plus 1.5 % on debit: unconfirmed",
        credit=max(policy - Decimal("0.005"), NONE),
        credit_from=Decimal(10_000),
        debit=policy + Decimal("0.015"),
        borrow=Decimal("0.0025"),
    )


FREE = Rates("none", (Rate(FIRST, "Nothing is paid and nothing charged"),))
FLAT_RATES = Rates(
    "flat",
    (Rate(FIRST, "The desk's round numbers: nothing on cash", debit=Decimal("0.08"), borrow=Decimal("0.01")),),
)
POLICY = Rates("policy", tuple(_around_policy(day, percent) for day, percent in POLICY_RATE))
RATES = {rates.name: rates for rates in (FREE, FLAT_RATES, POLICY)}
