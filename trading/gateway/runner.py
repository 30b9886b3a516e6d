"""One broker connection, kept: the lease held, the session alive, orders out, reports in, books agreed."""

import asyncio
from collections.abc import Callable
from functools import partial

import structlog
from django.db import InterfaceError, OperationalError

from allcore.kernel.clock import utc_now
from allcore.kernel.errors import DeskError, UnavailableError
from brokers.ports import Idempotency, Session
from brokers.services import connections, leases
from trading.domain.reconcile.doubts import Asked
from trading.gateway.doorbell import Doorbell
from trading.gateway.inbox import Inbox
from trading.gateway.outbox import Outbox
from trading.gateway.threads import DatabaseLine
from trading.services import offset, reconcile

LEASE_RENEWAL = 1.0
RECONCILE_EVERY = 60.0
DOUBT_EVERY = 1.0
KEEPS_OUR_IDS = frozenset({Idempotency.SERVER_KEY, Idempotency.ID_REJECT})
BACK_OFF_FIRST = 0.5
BACK_OFF_MOST = 15.0

log = structlog.get_logger(__name__)


class LeaseLostError(UnavailableError):
    """Another worker has the connection; this one must not say another word to the broker."""

    code = "LEASE_LOST"


class ConnectionRunner:
    """Keeps one connection for as long as the worker lives."""

    def __init__(self, name: str, owner: str, build: Callable[[str], Session]) -> None:
        self.name = name
        self._owner = owner
        self._build = build
        self._out = DatabaseLine(f"{name}-out")
        self._in = DatabaseLine(f"{name}-in")
        self._control = DatabaseLine(f"{name}-control")
        self._epoch = 0

    async def run(self) -> None:
        """Hold the connection again and again until cancelled."""
        pause = BACK_OFF_FIRST
        try:
            while True:
                held = await self._hold_once()
                pause = BACK_OFF_FIRST if held else min(pause * 2, BACK_OFF_MOST)
                await asyncio.sleep(pause if not held else BACK_OFF_FIRST)
        finally:
            for line in (self._out, self._in, self._control):
                line.close()

    async def _hold_once(self) -> bool:
        """Return whether the lease was ours and the session came up; what ended it is logged, never hidden."""
        try:
            epoch = await self._control.call(partial(leases.acquire, self.name, owner=self._owner, now=utc_now()))
            if epoch is None:
                return False
            self._epoch = epoch
            return await self._keep_session()
        except* (OperationalError, InterfaceError, DeskError, OSError) as group:
            for e in group.exceptions:
                log.warning("session_ended", connection=self.name, error=repr(e))
        return False

    async def _keep_session(self) -> bool:
        session = self._build(self.name)
        inbox = Inbox(self.name, session, self._in)
        reason = "the worker stopped"
        try:
            await session.connect()
            await self._state("SYNCING", "Reconciling")
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_lease(session))
                group.create_task(inbox.run())
                # Cancels and what only closes leave at once; what opens waits in the outbox until the books agree.
                group.create_task(Outbox(self.name, session, self._out, self._epoch).run(Doorbell(self.name)))
                await self._reconcile(session)
                await self._state("UP", "")
                group.create_task(self._every(RECONCILE_EVERY, partial(self._reconcile, session)))
                group.create_task(self._every(DOUBT_EVERY, partial(self._ask_about_doubts, session)))
        except BaseExceptionGroup as e:
            reason = repr(e.exceptions[0])[:200]
            raise
        finally:
            await session.close()
            await self._give_up(reason)
        return True

    async def _keep_lease(self, session: Session) -> None:
        while True:
            health = await session.health()
            renew = partial(
                leases.renew,
                self.name,
                owner=self._owner,
                epoch=self._epoch,
                is_healthy=health.is_connected,
                now=utc_now(),
            )
            if not await self._control.call(renew):
                raise LeaseLostError(f"The lease of {self.name} went to another worker.", connection=self.name)
            if not health.is_connected:
                raise UnavailableError(f"The session of {self.name} is down.", connection=self.name)
            await asyncio.sleep(LEASE_RENEWAL)

    async def _reconcile(self, session: Session) -> None:
        since = await self._control.call(partial(reconcile.look_back, self.name, now=utc_now()))
        status = await session.mass_status(since)
        asked = Asked(
            since=since,
            is_healthy=(await session.health()).is_connected,
            indexes_our_ids=session.capabilities.idempotency in KEEPS_OUR_IDS,
        )
        await self._in.insist(partial(reconcile.apply, status, asked=asked, now=utc_now()))

    async def _ask_about_doubts(self, session: Session) -> None:
        if await self._control.call(partial(reconcile.has_questions_due, self.name, now=utc_now())):
            await self._reconcile(session)
        await self._control.call(partial(offset.propose_due, self.name, now=utc_now()))

    async def _every(self, seconds: float, work: Callable[[], object]) -> None:
        while True:
            await asyncio.sleep(seconds)
            await work()  # type: ignore[misc]  # partial hides that the methods are coroutines

    async def _state(self, state: str, reason: str) -> None:
        say = partial(connections.set_state, self.name, state=state, reason=reason, now=utc_now(), epoch=self._epoch)
        await self._control.call(say)

    async def _give_up(self, reason: str) -> None:
        """Say that we are down and free the lease; a database that is away lets both lapse by themselves."""
        try:
            await self._state("DOWN", reason)
            await self._control.call(
                partial(leases.release, self.name, owner=self._owner, epoch=self._epoch, now=utc_now())
            )
        except (OperationalError, InterfaceError) as e:
            log.warning("lease_left_to_lapse", connection=self.name, error=str(e))
