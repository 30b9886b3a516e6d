"""Instructions on long options: `exerciseOptions`, sent once under an order's number, by which the gateway answers.

Source: TWS API, `exerciseOptions` (1 exercises, 2 lets lapse); its exchange is never SMART. The gateway keeps no name
of ours with it, so what was not answered is looked for among its open orders by number, and is otherwise not known.
"""

import asyncio
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from allcore.kernel.errors import RefusedError, UnknownOutcomeError
from allcore.kernel.instructions import Instruction, InstructionKind, InstructionReport, Standing
from brokers.ibkr.entry import Entry
from brokers.ibkr.errors import GatewayDownError, Meaning, QuestionRefusedError, UnknownContractError, code_of
from brokers.ibkr.news import StatusNews
from brokers.ibkr.states import ACCEPTED, CANCELED, INACTIVE
from brokers.ibkr.tracks import INSTRUCTION, key_of
from brokers.ports import OrderKey

ACTIONS = {InstructionKind.EXERCISE: 1, InstructionKind.DO_NOT_EXERCISE: 2}
OVERRIDES = 1  # the holder's word goes before what the system would do by itself
SMART = "SMART"
NAME_LENGTH = 20
GONE = "The broker has taken the request back."


class InstructionRefusedError(RefusedError):
    """The gateway does not take the instruction, or takes none back."""

    code = "IBKR_INSTRUCTION_REFUSED"


def name_of(instruction_id: str) -> str:
    """Return the name under which an instruction is written down: as an order's, and no order's."""
    return f"x{instruction_id.replace('-', '')}"[:NAME_LENGTH]


@dataclass(slots=True)
class Exercises:
    """The instructions of one session. `_heard` is what the gateway has said of each number since it began."""

    entry: Entry
    _heard: dict[int, StatusNews] = field(default_factory=dict)
    _open: dict[int, "asyncio.Future[list[Any]]"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Listen."""
        self.entry.gateway.ears.instructed = self.hear

    def hear(self, news: StatusNews) -> None:
        """Take the status of an order, or of an instruction: the number says which."""
        number = news.names.order_id
        if number <= 0 or news.names.client_id != self.entry.desk.room.client_id:
            return
        self._heard[number] = news
        if number in self._open and news.status in ACCEPTED | CANCELED | {INACTIVE}:
            self.entry.gateway.ears.answered(number, news)

    async def instruct(self, account: str, told: Instruction) -> InstructionReport:
        """Write it down, then send it, once.

        Raises:
            InstructionRefusedError: a plain no. GatewayDownError: nothing was sent.
            UnknownOutcomeError: it may have arrived.
        """
        known = await self._key(told.instruction_id)
        if known is not None:
            return await self._stands(told.instruction_id, known)
        contract = await self._contract(told.symbol)
        number = await self.entry.instruct(
            account,
            lambda number: self._written(account, told, number),
            lambda number: self._send(number, contract, account, told),
        )
        return await self._answer(number, told.instruction_id)

    async def instructions(self, ids: Sequence[str]) -> tuple[InstructionReport, ...]:
        """Return how those stand that were ever written down; who is missing was never sent."""
        keys = {name: key for name in ids if (key := await self._key(name)) is not None}
        if any("standing" not in key.details and _number(key) not in self._heard for key in keys.values()):
            gateway = self.entry.up()
            await gateway.named("openOrders", gateway.client.reqAllOpenOrders)
        return tuple([await self._stands(name, key) for name, key in keys.items()])

    def _send(self, number: int, contract: Any, account: str, told: Instruction) -> None:
        gateway = self.entry.gateway
        self._open[number] = gateway.ears.ask(number)
        try:
            gateway.client.exerciseOptions(number, contract, ACTIONS[told.kind], told.qty, account, OVERRIDES)
        except BaseException:
            del self._open[number]
            gateway.ears.give_up(number)
            raise

    async def _answer(self, number: int, instruction_id: str) -> InstructionReport:
        ears = self.entry.gateway.ears
        try:
            async with asyncio.timeout(self.entry.desk.room.settings.answer_seconds):
                await self._open[number]
        except QuestionRefusedError as e:
            if code_of(int(str(e.context["code"]))).meaning is Meaning.NEW_REJECT:
                await self._learn(instruction_id, Standing.REFUSED, e.message)
                raise InstructionRefusedError(e.message, **e.context) from e
            raise UnknownOutcomeError(f"The gateway says of the instruction: {e.message}") from e
        except (TimeoutError, GatewayDownError) as e:
            raise UnknownOutcomeError("The gateway has not answered the instruction.") from e
        finally:
            self._open.pop(number, None)
            ears.give_up(number)
        found = await self._key(instruction_id)
        report = (
            InstructionReport(instruction_id, Standing.UNKNOWN)
            if found is None
            else await self._stands(instruction_id, found)
        )
        if report.standing is Standing.REFUSED:
            raise InstructionRefusedError(report.reason)
        return report

    async def _stands(self, instruction_id: str, key: OrderKey) -> InstructionReport:
        """Return how it stands by what was heard last; what was heard once is kept."""
        news = self._heard.get(_number(key))
        if news is not None and news.status in ACCEPTED:
            await self._learn(instruction_id, Standing.ACCEPTED, "", news.names.perm_id)
            return InstructionReport(instruction_id, Standing.ACCEPTED)
        if news is not None and news.status in CANCELED | {INACTIVE}:
            await self._learn(instruction_id, Standing.REFUSED, GONE)
            return InstructionReport(instruction_id, Standing.REFUSED, reason=GONE)
        kept = Standing(str(key.details.get("standing", Standing.UNKNOWN)))
        return InstructionReport(instruction_id, kept, reason=str(key.details.get("reason", "")))

    async def _learn(self, instruction_id: str, standing: Standing, reason: str, perm_id: int = 0) -> None:
        details: dict[str, object] = {"standing": str(standing), "reason": reason}
        await self.entry.desk.room.keys.learn(name_of(instruction_id), str(perm_id) if perm_id else "", details)

    async def _key(self, instruction_id: str) -> OrderKey | None:
        return await self.entry.desk.room.keys.by_cl_ord_id(name_of(instruction_id))

    async def _contract(self, symbol: str) -> Any:
        """Return the contract at an exchange that lists it.

        Raises:
            UnknownContractError: the broker has none of that name, or it is listed nowhere.
        """
        found = await self.entry.contracts.of(symbol)
        gateway = self.entry.up()
        details = await gateway.numbered(lambda number: gateway.client.reqContractDetails(number, found))
        listed = [name for one in details for name in str(one.validExchanges).split(",") if name and name != SMART]
        if not listed:
            raise UnknownContractError(f"The broker names no exchange of {symbol!r}. Nothing was sent.", symbol=symbol)
        contract = copy(found)
        contract.exchange = listed[0]
        return contract

    def _written(self, account: str, told: Instruction, number: int) -> OrderKey:
        room = self.entry.desk.room
        details: dict[str, object] = {INSTRUCTION: told.instruction_id, "kind": str(told.kind), "qty": told.qty}
        chain = (key_of(room.client_id, number),)
        return OrderKey(name_of(told.instruction_id), account, {}, room.clock(), chain, details=details)


def _number(key: OrderKey) -> int:
    """Return the number under which it was sent."""
    return next((int(name.partition(":")[2]) for name in key.chain if ":" in name), 0)
