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
class Standing:
    """How far an account has come with actions: all that went ex `through` that day are applied (None: none yet)."""

    through: date | None = None
    due: tuple[Due, ...] = ()
    adjusted: Mapping[str, Adjusted] = field(default_factory=lambda: MappingProxyType({}))

    def as_dict(self) -> dict[str, object]:
        """Return the standing as JSON values."""
        return {
            "through": None if self.through is None else self.through.isoformat(),
            "due": [[d.action_id, d.symbol, d.qty, str(d.amount), d.pay_date.isoformat()] for d in self.due],
            "adjusted": {symbol: [a.underlying, a.deliverable] for symbol, a in self.adjusted.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> "Standing":
        """Read what `as_dict` wrote; nothing is an account that has come nowhere yet."""
        through, due, adjusted = data.get("through"), data.get("due"), data.get("adjusted")
        return cls(
            through=None if through is None else date.fromisoformat(str(through)),
            due=tuple(_due(row) for row in due) if isinstance(due, list) else (),
            adjusted={s: Adjusted(u, n) for s, (u, n) in adjusted.items()} if isinstance(adjusted, dict) else {},
        )


NO_STANDING = Standing()


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
