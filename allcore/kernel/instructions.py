"""What a holder tells a broker of a long option: exercise it, or do not; and what the broker says to that."""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from allcore.kernel.calendar import Session
from allcore.kernel.clock import NEW_YORK

HALF_PAST_FOUR = time(16, 30)


class InstructionKind(StrEnum):
    """What is to be done with a long option."""

    EXERCISE = "EXERCISE"
    DO_NOT_EXERCISE = "DO_NOT_EXERCISE"


class CutOff(StrEnum):
    """Until when instructions are taken on a session. An exchange's own is 17:30; brokers ask for them earlier."""

    CLOSE = "CLOSE"
    HALF_PAST_FOUR = "HALF_PAST_FOUR"

    def on(self, session: Session) -> datetime:
        """Return the session's last moment for instructions."""
        if self is CutOff.CLOSE:
            return session.closes_at
        return datetime.combine(session.day, HALF_PAST_FOUR, NEW_YORK)


class Standing(StrEnum):
    """Where an instruction is at the broker. UNKNOWN: it may have arrived, and the broker cannot be asked."""

    UNKNOWN = "UNKNOWN"
    REFUSED = "REFUSED"
    ACCEPTED = "ACCEPTED"
    WITHDRAWN = "WITHDRAWN"
    DONE = "DONE"


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction on `qty` long contracts. `acts_by` is the cut-off it was given for: it never acts later.

    The id is its name for ever: told twice, it is one instruction.
    """

    instruction_id: str
    symbol: str
    kind: InstructionKind
    qty: int
    acts_by: datetime


@dataclass(frozen=True, slots=True)
class InstructionReport:
    """What the broker says of an instruction. `exercised` contracts are known once it is done, if it says so."""

    instruction_id: str
    standing: Standing
    exercised: int | None = None
    reason: str = ""  # of a refusal
