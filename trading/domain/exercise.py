"""Instructions to exercise an option, or not to, and until when they can be given.

Left alone, the clearing house exercises whatever is a cent in the money at its last close. An exchange takes contrary
instructions until 17:30 in New York on the last day; brokers ask for them earlier, so the desk stops at 16:30.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from allcore.kernel import calendar
from allcore.kernel.clock import NEW_YORK, new_york_date
from allcore.kernel.errors import RefusedError

DESK_CUT_OFF = time(16, 30)


class InstructionKind(StrEnum):
    """What is to be done with a long option."""

    EXERCISE = "EXERCISE"
    DO_NOT_EXERCISE = "DO_NOT_EXERCISE"


class NotInstructableError(RefusedError):
    """The option cannot be instructed upon so, or not any more."""

    code = "NOT_INSTRUCTABLE"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An instruction before it is kept. `held` is the position, signed; `instructed` what others already speak for."""

    kind: InstructionKind
    qty: int
    expiry: date
    held: int
    instructed: int


def cut_off(expiry: date) -> datetime:
    """Return the last moment for instructions on options of the expiry: 16:30 in New York on their last session."""
    session = calendar.session_on(expiry) or calendar.previous_session(expiry)
    return datetime.combine(session.day, DESK_CUT_OFF, NEW_YORK)


def acts_until(kind: InstructionKind, expiry: date, exchange_now: datetime) -> datetime:
    """Return the cut-off that an instruction must meet: an exercise acts today, a contrary one on the last day."""
    today = new_york_date(exchange_now)
    if kind is InstructionKind.DO_NOT_EXERCISE or today >= expiry:
        return cut_off(expiry)
    if calendar.session_on(today) is not None and exchange_now < cut_off(today):
        return cut_off(today)
    return min(cut_off(calendar.next_session(today).day), cut_off(expiry))


def require(wanted: Wanted, exchange_now: datetime) -> datetime:
    """Return by when the instruction must be with the broker.

    Raises:
        NotInstructableError: nothing that it could act on is held, or it comes too late.
    """
    free = max(wanted.held, 0) - wanted.instructed
    last = cut_off(wanted.expiry)
    if exchange_now >= last:
        raise NotInstructableError(
            f"Instructions on options of {wanted.expiry:%-d %b} ended at {last:%H:%M} in New York. Nothing was kept.",
            cut_off_at=last,
        )
    if wanted.qty > free:
        raise NotInstructableError(
            f"{free} long contracts are free to instruct upon, was {wanted.qty}. Nothing was kept.",
            held=wanted.held,
            instructed=wanted.instructed,
        )
    return acts_until(wanted.kind, wanted.expiry, exchange_now)
