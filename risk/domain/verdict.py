"""What one run of the gate found."""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum

from risk.domain.limits import Unit

Row = dict[str, object]


class Outcome(StrEnum):
    """What one check says. ERROR is a check that could not be made: it blocks an opening order."""

    PASS = "PASS"  # noqa: S105 a word of the gate
    WARN = "WARN"
    SOFT_BLOCK = "SOFT_BLOCK"
    HARD_BLOCK = "HARD_BLOCK"
    ERROR = "ERROR"


SEVERITY = (Outcome.PASS, Outcome.WARN, Outcome.SOFT_BLOCK, Outcome.HARD_BLOCK)


class Level(IntEnum):
    """Whose rule it is (the protocol's hierarchy): it decides who may override a soft block."""

    SAFETY = 0
    BROKER = 1
    RISK_HARD = 2
    PROTOCOL_HARD = 3
    RISK_SOFT = 4
    PROTOCOL_SOFT = 5
    ADVISORY = 6


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check, passed or not. `before` and `after` are what the limit measures without and with the order."""

    code: str
    label: str
    level: Level
    outcome: Outcome
    message: str
    unit: Unit | None = None
    value: Decimal | None = None
    soft: Decimal | None = None
    hard: Decimal | None = None
    before: Decimal | None = None
    after: Decimal | None = None

    def as_row(self) -> Row:
        """Return the check as JSON values, decimals as text."""
        numbers = {name: getattr(self, name) for name in ("value", "before", "after", "soft", "hard")}
        return {
            "code": self.code,
            "label": self.label,
            "level": int(self.level),
            "outcome": str(self.outcome),
            "unit": None if self.unit is None else str(self.unit),
            **{name: None if number is None else f"{number:f}" for name, number in numbers.items()},
            "message": self.message,
        }


@dataclass(frozen=True, slots=True)
class Assessment:
    """All checks of one ticket. `cash_required` is what to set aside, in dollars, for `quantity` open units."""

    results: tuple[CheckResult, ...]
    cash_required: Decimal
    quantity: int
    is_closing: bool

    @property
    def outcome(self) -> Outcome:
        """The worst of the results; never ERROR, which counts as a hard block, or as a warning when only closing."""
        return max((self.weigh(r) for r in self.results), key=SEVERITY.index, default=Outcome.HARD_BLOCK)

    def weigh(self, result: CheckResult) -> Outcome:
        """Return what a result comes to for this order."""
        if result.outcome is not Outcome.ERROR:
            return result.outcome
        return Outcome.WARN if self.is_closing else Outcome.HARD_BLOCK

    @property
    def is_blocked(self) -> bool:
        """Whether the order may not go whoever asks."""
        return self.outcome is Outcome.HARD_BLOCK

    def of(self, *outcomes: Outcome) -> tuple[CheckResult, ...]:
        """Return the results that come to one of the outcomes."""
        return tuple(r for r in self.results if self.weigh(r) in outcomes)

    @property
    def soft_levels(self) -> frozenset[Level]:
        """The levels whose soft blocks somebody would have to override."""
        return frozenset(r.level for r in self.of(Outcome.SOFT_BLOCK))

    @property
    def message(self) -> str:
        """The sentences of the worst results, for a person; empty if all passed."""
        if self.outcome is Outcome.PASS:
            return ""
        return " ".join(r.message for r in self.of(self.outcome))

    def as_rows(self) -> list[Row]:
        """Return every check as JSON values."""
        return [result.as_row() for result in self.results]
