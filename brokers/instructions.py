"""The part of the port that only some brokers have: instructions to exercise long options, or not to.

A session has it where `Capabilities.takes_exercise_instructions` says so. Elsewhere a person tells the broker, and the
desk keeps a note.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from allcore.kernel.instructions import Instruction, InstructionReport


@runtime_checkable
class TakesInstructions(Protocol):
    """Instructions out. Unlike an order's, the answer is the return: the broker has it, or it says why not.

    Raises, each: RefusedError or InvalidInputError (a plain no), UnavailableError (nothing was sent); whatever else
    means that nobody knows: ask by `instructions`, never tell it again.
    """

    async def instruct(self, broker_account: str, instruction: Instruction) -> InstructionReport:
        """Give an instruction. Its id is burned: given twice, it is answered as it stands."""

    async def withdraw(self, broker_account: str, instruction_id: str) -> InstructionReport:
        """Take an instruction back before its cut-off."""

    async def instructions(self, ids: Sequence[str]) -> tuple[InstructionReport, ...]:
        """Return how those of the ids that the broker ever had stand; who is missing never arrived."""
