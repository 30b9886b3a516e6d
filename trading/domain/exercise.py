"""Instructions to exercise an option, or not to, and until when they can be given.

Left alone, the clearing house exercises whatever is a cent in the money at its last close. An exchange takes contrary
instructions until 17:30 in New York on the last day; brokers ask for them earlier: at 16:30 unless they say otherwise.
"""

from dataclasses import dataclass
from datetime import date, datetime

from allcore.kernel import calendar
from allcore.kernel.clock import NEW_YORK, new_york_date
from allcore.kernel.errors import RefusedError
from allcore.kernel.instructions import CutOff, InstructionKind


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
    until: CutOff = CutOff.HALF_PAST_FOUR


def cut_off(expiry: date, until: CutOff = CutOff.HALF_PAST_FOUR) -> datetime:
    """Return the last moment for instructions on options of the expiry, on their last session."""
    return until.on(calendar.session_on(expiry) or calendar.previous_session(expiry))


def acts_until(wanted: Wanted, exchange_now: datetime) -> datetime:
    """Return the cut-off that an instruction must meet: an exercise acts today, a contrary one on the last day."""
    today, last = new_york_date(exchange_now), cut_off(wanted.expiry, wanted.until)
    if wanted.kind is InstructionKind.DO_NOT_EXERCISE or today >= wanted.expiry:
        return last
    session = calendar.session_on(today)
    if session is not None and exchange_now < wanted.until.on(session):
        return wanted.until.on(session)
    return min(wanted.until.on(calendar.next_session(today)), last)


def require(wanted: Wanted, exchange_now: datetime) -> datetime:
    """Return by when the instruction must be with the broker.

    Raises:
        NotInstructableError: nothing that it could act on is held, or it comes too late.
    """
    free = max(wanted.held, 0) - wanted.instructed
    last = cut_off(wanted.expiry, wanted.until)
    if exchange_now >= last:
        raise NotInstructableError(
            f"Instructions on options of {wanted.expiry:%-d %b} ended at {last.astimezone(NEW_YORK):%H:%M} in New York."
            " Nothing was kept.",
            cut_off_at=last,
        )
    if wanted.qty > free:
        raise NotInstructableError(
            f"{free} long contracts are free to instruct upon, was {wanted.qty}. Nothing was kept.",
            held=wanted.held,
            instructed=wanted.instructed,
        )
    return acts_until(wanted, exchange_now)
