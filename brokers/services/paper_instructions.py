"""The paper broker's exercise instructions on their table. They are few: no batch of statements is worth it."""

from collections.abc import Iterable

from brokers.models import PaperAccount, PaperInstruction
from brokers.paper.records import InstructionRecord
from brokers.paper.store import StaleWriterError


def keep(records: Iterable[InstructionRecord]) -> None:
    """Write each over the version it was read as, in the caller's transaction.

    Raises:
        StaleWriterError: somebody else has written it since.
    """
    for record in records:
        if record.version == 0:
            _insert(record)
            continue
        known = PaperInstruction.objects.filter(instruction_id=record.instruction_id, version=record.version - 1)
        if not known.update(
            symbol=record.symbol,
            qty=record.qty,
            standing=record.standing,
            exercised=record.exercised,
            version=record.version,
        ):
            raise StaleWriterError(f"Instruction {record.instruction_id} was written by somebody else.")


def _insert(record: InstructionRecord) -> None:
    if PaperInstruction.objects.filter(instruction_id=record.instruction_id).exists():
        raise StaleWriterError(f"Instruction {record.instruction_id} was taken by somebody else.")
    PaperInstruction.objects.create(
        account=PaperAccount.objects.get(number=record.account),
        instruction_id=record.instruction_id,
        symbol=record.symbol,
        kind=record.kind,
        qty=record.qty,
        acts_by=record.acts_by,
        taken_at=record.taken_at,
        standing=record.standing,
        exercised=record.exercised,
    )
