"""A limit's numbers, and which way each limit points."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from allcore.kernel.errors import UnavailableError


class MissingNumberError(UnavailableError):
    """A control lacks a number that it needs; it refuses."""

    code = "RISK_NUMBER_MISSING"


class Unit(StrEnum):
    """What a limit is counted in. RATIO is a share of equity, FRACTION a share of a price."""

    RATIO = "RATIO"
    USD = "USD"
    CONTRACTS = "CONTRACTS"
    SECONDS = "SECONDS"
    COUNT = "COUNT"
    FRACTION = "FRACTION"
    POINTS = "POINTS"


class Direction(StrEnum):
    """A CEILING is breached above its value, a FLOOR below it."""

    CEILING = "CEILING"
    FLOOR = "FLOOR"


@dataclass(frozen=True, slots=True)
class Bound:
    """One limit's values in `unit`; None is no such limit. A value equal to the limit passes."""

    unit: Unit
    soft: Decimal | None
    hard: Decimal | None
    direction: Direction = Direction.CEILING

    def loosened_by(self, other: "Bound") -> bool:
        """Return whether `other` in this one's place would let anything more through."""
        return self._is_looser(self.soft, other.soft) or self._is_looser(self.hard, other.hard)

    def narrowed(self, *, soft: Decimal | None = None, hard: Decimal | None = None) -> "Bound":
        """Return the bound with whichever of the values is the stricter."""
        return Bound(self.unit, self._stricter(self.soft, soft), self._stricter(self.hard, hard), self.direction)

    def _stricter(self, one: Decimal | None, other: Decimal | None) -> Decimal | None:
        values = [value for value in (one, other) if value is not None]
        if not values:
            return None
        return min(values) if self.direction is Direction.CEILING else max(values)

    def _is_looser(self, old: Decimal | None, new: Decimal | None) -> bool:
        if old is None or new is None:
            return old is not None
        return new > old if self.direction is Direction.CEILING else new < old


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits in force for one account and underlying, by code."""

    bounds: Mapping[str, Bound]

    def __getitem__(self, code: str) -> Bound:
        """Return the limit of the code.

        Raises:
            MissingNumberError: nobody has set it; nothing passes on a limit that is not there.
        """
        if code not in self.bounds:
            raise MissingNumberError(f"No limit is set for {code}.", limit=code)
        return self.bounds[code]

    @property
    def version(self) -> str:
        """The SHA-256 of every value: the same text means the same limits."""
        lines = (f"{code} {b.unit} {plain(b.soft)} {plain(b.hard)}" for code, b in sorted(self.bounds.items()))
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def plain(value: Decimal | None) -> str:
    """Return a value as text in which 0.10 and 0.1 are the same."""
    return "-" if value is None else f"{value.normalize():f}"
