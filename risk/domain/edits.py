"""Edits of limits: what they leave, and what no limit may be."""

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from allcore.kernel.errors import InvalidInputError
from risk.domain.limits import Bound, Direction, plain

REASON_LENGTH = 15
FINEST = Decimal("0.000001")  # the column's last place
LARGEST = Decimal(10) ** 12


class Keep(Enum):
    """What an edit says of a value that it leaves as it is."""

    KEEP = "KEEP"


@dataclass(frozen=True, slots=True)
class Edit:
    """New values and why. None is no such limit."""

    reason: str
    soft: Decimal | Keep | None = Keep.KEEP
    hard: Decimal | Keep | None = Keep.KEEP

    def of(self, old: Bound) -> Bound:
        """Return what becomes of a bound."""
        return Bound(
            old.unit,
            old.soft if isinstance(self.soft, Keep) else self.soft,
            old.hard if isinstance(self.hard, Keep) else self.hard,
            old.direction,
        )


def checked(old: Bound, edit: Edit) -> Bound:
    """Return the new bound.

    Raises:
        InvalidInputError: it is none, or says nothing new.
    """
    new = edit.of(old)
    if any(value is not None and not value.is_finite() for value in (new.soft, new.hard)):
        raise InvalidInputError("A limit is a number.")  # before it is compared: NaN compares with nothing
    for broken, message in _faults(old, new, edit.reason):
        if broken:
            raise InvalidInputError(message)
    return new


def _faults(old: Bound, new: Bound, reason: str) -> tuple[tuple[bool, str], ...]:
    values = [value for value in (new.soft, new.hard) if value is not None]
    both = (new.soft, new.hard) if new.soft is not None and new.hard is not None else None
    is_ceiling = new.direction is Direction.CEILING
    return (
        (len(reason.strip()) < REASON_LENGTH, f"A reason has at least {REASON_LENGTH} characters."),
        (not values, "A limit has a soft or a hard value, or both."),
        (any(not 0 <= value < LARGEST for value in values), f"A limit is between 0 and {LARGEST:,}."),
        (any(value % FINEST != 0 for value in values if value < LARGEST), "A limit has at most six decimal places."),
        (
            both is not None and (both[0] > both[1] if is_ceiling else both[0] < both[1]),
            f"The soft limit is reached before the hard one, were {plain(new.soft)} and {plain(new.hard)}.",
        ),
        (new == old, "Nothing would change."),
    )
