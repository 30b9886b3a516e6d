"""Corporate actions as the paper broker hears of them, and what each account still has coming from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Protocol

from allcore.kernel.reports import BookKind


@dataclass(frozen=True, slots=True)
class CorporateAction:
    """What befalls a share. It holds for positions that were there before `ex_date` opened (New York's date).

    `action_id` is its own for ever, and at most 20 characters.
    A split gives `ratio_new` for `ratio_old`; a dividend pays `amount` a share on `pay_date` (None: at once), a special
    one on `ex_date`; a change of symbol goes to `to_symbol`.
    """

    action_id: str
    kind: BookKind
    symbol: str
    ex_date: date
    ratio_new: int = 1
    ratio_old: int = 1
    amount: Decimal | None = None
    pay_date: date | None = None
    to_symbol: str = ""


class ActionBook(Protocol):
    """Announced actions, from somewhere else."""

    def __call__(self, symbol: str, since: date) -> Sequence[CorporateAction]:
        """Return those of the symbol that go ex on `since` or later, as far as is known. May block."""


@dataclass(frozen=True, slots=True)
class Due:
    """A dividend that is earned and not paid yet: `amount` a share on `qty`, who is short pays it."""

    action_id: str
    symbol: str
    qty: int
    amount: Decimal
    pay_date: date


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What a contract with other terms than its name says delivers."""

    underlying: str
    deliverable: int


@dataclass(frozen=True, slots=True)
class Call:
    """A margin call: so many dollars, by the opening of that day."""

    amount: Decimal
    due_on: date


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an account has come with actions: all that went ex `through` that day are applied (None: none yet).

    Interest and borrow fees are booked for the nights before those days. `call` is a margin call that stands,
    `margin_through` the last close it was looked at by, `enforced_on` the day it was last sold for,
    `assigned_through` the last evening on which holders exercised early.
    """

    through: date | None = None
    due: tuple[Due, ...] = ()
    adjusted: Mapping[str, Adjusted] = field(default_factory=lambda: MappingProxyType({}))
    interest_through: date | None = None
    borrow_through: date | None = None
    call: Call | None = None
    margin_through: date | None = None
    enforced_on: date | None = None
    assigned_through: date | None = None

    def as_dict(self) -> dict[str, object]:
        """Return the standing as JSON values."""
        return {
            "through": _written(self.through),
            "interest_through": _written(self.interest_through),
            "borrow_through": _written(self.borrow_through),
            "call": None if self.call is None else [str(self.call.amount), self.call.due_on.isoformat()],
            "margin_through": _written(self.margin_through),
            "enforced_on": _written(self.enforced_on),
            "assigned_through": _written(self.assigned_through),
            "due": [[d.action_id, d.symbol, d.qty, str(d.amount), d.pay_date.isoformat()] for d in self.due],
            "adjusted": {symbol: [a.underlying, a.deliverable] for symbol, a in self.adjusted.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "Standing":
        """Read what `as_dict` wrote; nothing is an account that has come nowhere yet."""
        due, adjusted = data.get("due"), data.get("adjusted")
        return cls(
            through=_day(data.get("through")),
            interest_through=_day(data.get("interest_through")),
            borrow_through=_day(data.get("borrow_through")),
            call=_call(data.get("call")),
            margin_through=_day(data.get("margin_through")),
            enforced_on=_day(data.get("enforced_on")),
            assigned_through=_day(data.get("assigned_through")),
            due=tuple(_due(row) for row in due) if isinstance(due, list) else (),
            adjusted={s: Adjusted(u, n) for s, (u, n) in adjusted.items()} if isinstance(adjusted, dict) else {},
        )


NO_STANDING = Standing()


def _written(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _call(written: object) -> Call | None:
    if not isinstance(written, list):
        return None
    amount, due_on = written
    return Call(Decimal(str(amount)), date.fromisoformat(str(due_on)))


def _day(written: object) -> date | None:
    return None if written is None else date.fromisoformat(str(written))


def _due(row: list[object]) -> Due:
    action_id, symbol, qty, amount, pay_date = row
    return Due(str(action_id), str(symbol), int(str(qty)), Decimal(str(amount)), date.fromisoformat(str(pay_date)))


class Calendar:
    """The actions that were asked for, by symbol."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[date, tuple[CorporateAction, ...]]] = {}

    def unasked(self, symbols: Sequence[str], today: date) -> list[str]:
        """Return the symbols that were not asked about on New York's date."""
        return [s for s in symbols if self._known.get(s, (None, ()))[0] != today]

    def learn(self, symbol: str, today: date, actions: Sequence[CorporateAction]) -> None:
        """Take what was answered."""
        self._known[symbol] = (today, tuple(sorted(actions, key=lambda a: (a.ex_date, a.action_id))))

    def between(self, symbol: str, after: date, until: date) -> tuple[CorporateAction, ...]:
        """Return the symbol's actions that go ex after one date and up to another, oldest first."""
        _, known = self._known.get(symbol, (None, ()))
        return tuple(action for action in known if after < action.ex_date <= until)
