"""What else the gate knows of an account and a name: what was traded and lost lately, its rules, its calendar."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.money import ZERO
from allcore.kernel.orders import Side
from risk.domain.structure import Structure


class NameRuleKind(StrEnum):
    """What somebody has laid down of a name. Where any name is ALLOWED, only those that are may be opened."""

    RESTRICTED = "RESTRICTED"
    CLOSE_ONLY = "CLOSE_ONLY"
    ALLOWED = "ALLOWED"


@dataclass(frozen=True, slots=True)
class NameRule:
    """A rule of a name that is in force for the account, and why."""

    kind: NameRuleKind
    underlying: str
    reason: str


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss that was realised lately, in dollars above zero, and in which account."""

    account: str
    day: date  # New York
    dollars: Decimal


@dataclass(frozen=True, slots=True)
class Dividend:
    """A dividend in dollars a share, and the first day on which who buys the share does not get it."""

    ex_date: date  # New York
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the account and the name have behind and before them. Money in dollars; nothing known is nothing there.

    `replaces` counts the changes that were asked of the order that is replaced. `opened_today` is the notional of the
    day's opening orders, that one apart. `held` are the kinds and sides that repeated executions have stopped in the
    name. `washing` is the newest loss of the last thirty days on the name's side that the order opens. `results` are
    the account's last closings, the newest first; `realised_today` is by the right of the options that were short.
    """

    replaces: int = 0
    opened_today: Decimal = ZERO
    held: frozenset[tuple[Structure, Side]] = frozenset()
    names: tuple[NameRule, ...] = ()
    earnings: frozenset[date] = frozenset()  # New York
    dividends: tuple[Dividend, ...] = ()
    washing: Loss | None = None
    week_opened_with: Decimal | None = None
    results: tuple[Decimal, ...] = ()
    realised_today: Mapping[str, Decimal] = field(default_factory=dict)
    interest: Mapping[str, int] = field(default_factory=dict)  # open contracts by symbol
    rate: float | None = None  # a year, continuous
