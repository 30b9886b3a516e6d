"""The paper broker's counter for exercise instructions: what is taken, and what is refused."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from allcore.kernel.calendar import session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import RefusedError
from allcore.kernel.instructions import CutOff, Instruction, InstructionReport, Standing
from brokers.paper.clearing import Clearing
from brokers.paper.contracts import CASH_SETTLED, UNSETTLED, last_moment, option_named
from brokers.paper.records import Change, InstructionRecord
from brokers.paper.store import Store
from brokers.paper.writer import Writer

CUT_OFF = CutOff.CLOSE  # it settles at the close, so nothing can be said after it


class InstructionRefusedError(RefusedError):
    """The paper broker does not take the instruction; nothing was changed."""

    code = "INSTRUCTION_REFUSED"


@dataclass(frozen=True, slots=True)
class Counter:
    """Takes instructions in: into the clearing's memory and the books at once, so that no close comes in between."""

    clearing: Clearing
    writer: Writer
    store: Store

    async def instruct(self, account: str, told: Instruction, *, now: datetime, at: datetime) -> InstructionReport:
        """Take it, at the exchange's time `at`; one that is known is answered as it stands.

        Raises:
            InstructionRefusedError: it cannot act, or comes too late.
        """
        if known := await self._known((told.instruction_id,)):
            return _report(known[0])
        _ensure_can_act(told, at)
        free = self.clearing.free(account, told.symbol)
        if told.qty > free:
            raise InstructionRefusedError(f"{free} long contracts are free to instruct upon, was {told.qty}.")
        record = InstructionRecord(
            instruction_id=told.instruction_id,
            account=account,
            symbol=told.symbol,
            kind=told.kind,
            qty=told.qty,
            acts_by=told.acts_by,
            taken_at=now,
        )
        return await self._keep(record)

    async def withdraw(self, account: str, instruction_id: str, *, at: datetime) -> InstructionReport:
        """Let it be taken back.

        Raises:
            InstructionRefusedError: there is none, it has acted, or its cut-off has passed.
        """
        known = [record for record in await self._known((instruction_id,)) if record.account == account]
        if not known:
            raise InstructionRefusedError(f"There is no instruction {instruction_id}.")
        if known[0].standing is Standing.WITHDRAWN:
            return _report(known[0])
        if known[0].standing is Standing.DONE or at >= known[0].acts_by:
            raise InstructionRefusedError("Its cut-off has passed.", cut_off_at=known[0].acts_by)
        return await self._keep(replace(known[0], standing=Standing.WITHDRAWN, version=known[0].version + 1))

    async def instructions(self, ids: Sequence[str]) -> tuple[InstructionReport, ...]:
        """Return how they stand."""
        return tuple(_report(record) for record in await self._known(ids))

    async def _known(self, ids: Sequence[str]) -> tuple[InstructionRecord, ...]:
        return await self.writer.read(partial(self.store.instructions, tuple(ids)))

    async def _keep(self, record: InstructionRecord) -> InstructionReport:
        self.clearing.take(record)
        await self.writer.keep(Change(instructions=(record,)), lambda: None)
        return _report(record)


def _ensure_can_act(told: Instruction, at: datetime) -> None:
    """Hold the instruction against its contract and the clock."""
    option = option_named(told.symbol)
    if option is None:
        raise InstructionRefusedError(f"{told.symbol} is no option.")
    if option.root in CASH_SETTLED | UNSETTLED:
        raise InstructionRefusedError(f"{option.root} options are European and settled in cash by themselves.")
    session = session_on(new_york_date(told.acts_by))
    if session is None or told.acts_by != CUT_OFF.on(session) or told.acts_by > last_moment(option):
        raise InstructionRefusedError("It names a cut-off that is none.", acts_by=told.acts_by)
    if at >= told.acts_by:
        raise InstructionRefusedError(
            f"It came after its cut-off, {told.acts_by:%-d %b %H:%M} UTC.", cut_off_at=told.acts_by
        )


def _report(record: InstructionRecord) -> InstructionReport:
    return InstructionReport(record.instruction_id, record.standing, record.exercised)
