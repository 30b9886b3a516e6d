"""Exercise instructions out, and their answers in: few and slow, so a sweep a second is enough."""

import asyncio
from functools import partial
from typing import NoReturn

import structlog
from django.db import InterfaceError, OperationalError

from allcore.kernel.clock import utc_now
from allcore.kernel.errors import InvalidInputError, RefusedError, UnavailableError
from allcore.kernel.instructions import InstructionReport
from brokers.instructions import TakesInstructions
from trading.gateway.threads import DatabaseLine
from trading.services import instructing

SWEEP_SECONDS = 1.0
ANSWER_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Instructor:
    """Tells one connection's broker what persons want done with long options."""

    def __init__(self, connection: str, session: TakesInstructions, line: DatabaseLine, epoch: int) -> None:
        self._connection = connection
        self._session = session
        self._line = line
        self._epoch = epoch

    async def run(self) -> NoReturn:
        """Send and ask for ever."""
        while True:
            try:
                await self.sweep()
            except (UnavailableError, TimeoutError) as e:  # nothing is sent, and nothing is lost
                log.warning("instructions_wait", connection=self._connection, error=str(e))
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self) -> None:
        """Send what waits, then ask about what the broker owes an answer to."""
        claim = partial(instructing.claim, self._connection, epoch=self._epoch, now=utc_now())
        for outgoing in await self._line.call(claim):
            await self._send(outgoing)
        asked = await self._line.call(partial(instructing.in_question, self._connection, now=utc_now()))
        if asked:
            async with asyncio.timeout(ANSWER_SECONDS):
                reports = await self._session.instructions([str(pk) for pk in asked])
            await self._line.insist(partial(instructing.told, asked, reports, now=utc_now()))

    async def _send(self, outgoing: instructing.Outgoing) -> None:
        """Send one, once. What is neither a yes nor a plain no is left as sent, and asked about."""
        pk = outgoing.instruction_id
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                report = await self._hand_over(outgoing)
        except (InvalidInputError, RefusedError) as e:
            await self._line.insist(partial(instructing.refused, pk, reason=e.message, now=utc_now()))
        except UnavailableError:
            await self._line.insist(partial(instructing.not_sent, pk, now=utc_now()))
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("instruction_outcome_unknown", instruction=str(pk))
        else:
            await self._line.insist(partial(instructing.answered, report, now=utc_now()))

    async def _hand_over(self, outgoing: instructing.Outgoing) -> InstructionReport:
        if outgoing.instruction is None:
            return await self._session.withdraw(outgoing.broker_account, str(outgoing.instruction_id))
        return await self._session.instruct(outgoing.broker_account, outgoing.instruction)
