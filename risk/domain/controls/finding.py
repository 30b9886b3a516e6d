"""What a control finds, how it compares a value with a limit, and how it says so."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from risk.domain.limits import Bound, Direction, MissingNumberError, Unit
from risk.domain.request import GateRequest
from risk.domain.verdict import Level, Outcome

PERCENT = Decimal(100)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding:
    """A control's answer; `message` is one sentence for a person."""

    outcome: Outcome
    message: str
    unit: Unit | None = None
    value: Decimal | None = None
    soft: Decimal | None = None
    hard: Decimal | None = None
    before: Decimal | None = None
    after: Decimal | None = None


class Scope(StrEnum):
    """Which orders a control holds: every one, opening ones, or every one but with closing ones just warned."""

    ALL = "ALL"
    OPENING = "OPENING"
    CLOSING_WARNED = "CLOSING_WARNED"


@dataclass(frozen=True, slots=True)
class Control:
    """One rule of the gate. `check` is pure; what it raises is an ERROR, and an ERROR blocks."""

    code: str
    label: str
    level: Level
    scope: Scope
    check: Callable[[GateRequest], Finding]


def passed(message: str) -> Finding:
    """Return a pass without numbers."""
    return Finding(Outcome.PASS, message)


def blocked(message: str) -> Finding:
    """Return a hard block without numbers."""
    return Finding(Outcome.HARD_BLOCK, message)


def yes_or_no(*, ok: bool, good: str, bad: str) -> Finding:
    """Return a pass or a hard block."""
    return passed(good) if ok else blocked(bad)


def known(value: T | None, what: str) -> T:
    """Return the value.

    Raises:
        MissingNumberError: it is not known.
    """
    if value is None:
        raise MissingNumberError(f"{what} is not known.", missing=what)
    return value


def positive(value: Decimal | None, what: str) -> Decimal:
    """Return an amount that ratios are taken of.

    Raises:
        MissingNumberError: it is not known, or not above zero.
    """
    amount = known(value, what)
    if amount <= 0:
        raise MissingNumberError(f"{what} is not above zero, was {amount}.", missing=what)
    return amount


def measured(what: str, value: Decimal, bound: Bound, *, before: Decimal | None = None) -> Finding:
    """Compare a value with its limit; equal passes. What the order does not make worse is warned of, not blocked."""
    outcome = _compare(value, bound)
    if before is not None and outcome is not Outcome.PASS and not _is_worse(before, value, bound.direction):
        outcome = Outcome.WARN
    return Finding(
        outcome=outcome,
        message=_sentence(what, value, bound, outcome),
        unit=bound.unit,
        value=value,
        soft=bound.soft,
        hard=bound.hard,
        before=before,
        after=value,
    )


def show(value: Decimal, unit: Unit) -> str:
    """Return a value as a person reads it."""
    return FORMATS[unit](value)


def _short(value: Decimal) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


FORMATS: dict[Unit, Callable[[Decimal], str]] = {
    Unit.RATIO: lambda value: f"{_short(value * PERCENT)} %",
    Unit.FRACTION: lambda value: f"{_short(value * PERCENT)} %",
    Unit.USD: lambda value: f"${value:,.2f}",
    Unit.SECONDS: lambda value: f"{value:.3f} s",
    Unit.POINTS: lambda value: f"{_short(value)} points",
    Unit.CONTRACTS: lambda value: f"{_short(value)} contracts",
    Unit.COUNT: _short,
}


def _compare(value: Decimal, bound: Bound) -> Outcome:
    if _breaks(value, bound.hard, bound.direction):
        return Outcome.HARD_BLOCK
    return Outcome.SOFT_BLOCK if _breaks(value, bound.soft, bound.direction) else Outcome.PASS


def _breaks(value: Decimal, limit: Decimal | None, direction: Direction) -> bool:
    if limit is None:
        return False
    return value > limit if direction is Direction.CEILING else value < limit


def _is_worse(before: Decimal, after: Decimal, direction: Direction) -> bool:
    return after > before if direction is Direction.CEILING else after < before


def _sentence(what: str, value: Decimal, bound: Bound, outcome: Outcome) -> str:
    shown = show(value, bound.unit)
    is_reached = bound.soft is not None and not _breaks(
        bound.soft, bound.hard, bound.direction
    )  # else the hard one is first
    limits = [("soft limit", bound.soft if is_reached else None), ("hard limit", bound.hard)]
    least = "at least " if bound.direction is Direction.FLOOR else ""
    words = " and ".join(
        f"the {name} is {least}{show(limit, bound.unit)}" for name, limit in limits if limit is not None
    )
    tail = ", and the order does not add to it" if outcome is Outcome.WARN else ""
    return f"{what} {shown}; {words}{tail}."
