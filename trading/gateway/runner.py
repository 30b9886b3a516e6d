"""One broker connection, kept: the lease held, the session alive, orders out, reports in, books agreed."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.core.exceptions import ObjectDoesNotExist
from django.db import InterfaceError, OperationalError

from allcore.kernel.clock import utc_now
from allcore.kernel.errors import DeskError, InvalidInputError, RefusedError, UnavailableError
from allcore.kernel.reports import MassStatus
from brokers.instructions import TakesInstructions
from brokers.ports import Idempotency, Session
from brokers.quiet import window_at
from brokers.selectors.connections import resumed_at as read_resumed_at
from brokers.services import connections, leases
from trading.domain.reconcile.doubts import Asked
from trading.gateway import exchange_time
from trading.gateway.doorbell import Doorbell
from trading.gateway.inbox import Inbox
from trading.gateway.instructor import Instructor
from trading.gateway.life import ensure_heard, first_of, needs_leave, worth_saying
from trading.gateway.outbox import Outbox
from trading.gateway.pace import Cause, Pace
from trading.gateway.threads import DatabaseLine
from trading.services import healed, offset, reconcile

LEASE_RENEWAL = 1.0
RECONCILE_EVERY = 60.0
DOUBT_EVERY = 1.0
KEEPS_OUR_IDS = frozenset({Idempotency.SERVER_KEY, Idempotency.ID_REJECT})
COMPARE_EVERY = 1.0
LEASE_LOOK = 1.0
LEAST_REST = 0.5
STEADY_AFTER = timedelta(seconds=10)  # a session that fell sooner counts as one that did not come up

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
        self._pace = Pace(f"{owner}/{name}")
        self._up_at: datetime | None = None
        self._resumed_at: datetime | None = None
        self._said = ""  # beside being up
        self._told_at: datetime | None = None  # when the session's last whole answer that was applied was given

    async def run(self) -> None:
        """Hold the connection again and again until cancelled."""
        try:
            await self._hear_person()
            while True:
                await self._rest(await self._hold_once())
        finally:
            for line in (self._out, self._in, self._control):
                line.close()

    async def _hold_once(self) -> float:
        """Hold the connection for as long as it lasts, and return the seconds until the next try."""
        try:
            epoch = await self._control.call(partial(leases.acquire, self.name, owner=self._owner, now=utc_now()))
            if epoch is None:
                return LEASE_LOOK  # another worker's death must not be noticed late
            self._epoch = epoch
            await self._until_it_ends()
        except (OperationalError, InterfaceError) as e:
            log.warning("database_away", connection=self.name, error=str(e))
            self._pace.fell(str(e), Cause.FAILED, None, utc_now())
        return self._pace.pause

    async def _until_it_ends(self) -> None:
        """Keep a session; what ends it is logged and shown, never hidden."""
        said = "The worker stopped."
        self._up_at, self._said = None, ""
        session: Session | None = None
        try:
            session = self._build(self.name)
            await self._keep(session)
        except* (OperationalError, InterfaceError, DeskError, OSError) as group:
            said = self._fell(first_of(group), session)
        except* Exception as group:
            said = repr(first_of(group))
            raise
        finally:
            await self._give_up(said)

    def _fell(self, fault: BaseException, session: Session | None) -> str:
        now = utc_now()
        if self._up_at is not None and now - self._up_at >= STEADY_AFTER:
            self._pace.reset()
        window = None if session is None else window_at(session.capabilities.quiet, now)
        text = fault.message if isinstance(fault, DeskError) else repr(fault)
        is_for_a_person = self._up_at is None and isinstance(fault, RefusedError | InvalidInputError)
        cause = Cause.NEEDS_A_PERSON if is_for_a_person or needs_leave(fault) else Cause.FAILED
        if isinstance(fault, LeaseLostError):  # by a pause, or to another worker: nothing failed
            self._pace.reset()
            return text
        said = self._pace.fell(text, cause, window, now)
        tell = log.warning if window is None else log.info
        tell("session_ended", connection=self.name, said=said, error=repr(fault), retry_in=self._pace.pause)
        return said

    async def _rest(self, seconds: float) -> None:
        """Wait; a person who says to try now is heard within a second."""
        left = max(seconds, LEAST_REST)
        while left > 0:
            await asyncio.sleep(min(left, LEASE_LOOK))
            left -= LEASE_LOOK
            if await self._hear_person():
                self._pace.reset()
                return

    async def _hear_person(self) -> bool:
        """Return whether a person has said, since this was last asked, that the connection be tried now."""
        before = self._resumed_at
        with contextlib.suppress(OperationalError, InterfaceError, ObjectDoesNotExist):
            self._resumed_at = await self._control.call(partial(read_resumed_at, self.name))
        return self._resumed_at != before

    async def _keep(self, session: Session) -> None:
        inbox = Inbox(self.name, session, self._in)
        self._told_at = None
        try:
            await session.connect()
            await self._state("SYNCING", "Reconciling")
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_lease(session))
                group.create_task(inbox.run())
                # Cancels and what only closes leave at once; what opens waits in the outbox until the books agree.
                outbox = Outbox(self.name, session, self._out, self._epoch)
                group.create_task(outbox.run(Doorbell(self.name)))
                group.create_task(self._every(COMPARE_EVERY, outbox.compare))
                await self._reconcile(session)
                await self._state("UP", "")
                self._up_at = utc_now()
                if session.capabilities.takes_exercise_instructions and isinstance(session, TakesInstructions):
                    group.create_task(Instructor(self.name, session, self._out, self._epoch).run())
                group.create_task(self._every(RECONCILE_EVERY, partial(self._reconcile, session)))
                group.create_task(self._every(DOUBT_EVERY, partial(self._ask_about_doubts, session)))
        finally:
            await session.close()

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
                raise LeaseLostError(
                    f"{self.name} was paused, or its lease went to another worker.", connection=self.name
                )
            if not health.is_connected:
                raise UnavailableError(f"The session of {self.name} is down.", connection=self.name)
            ensure_heard(self.name, health, session.capabilities.silent_for, utc_now())
            if self._up_at is not None and worth_saying(health) != self._said:
                self._said = worth_saying(health)
                await self._state("UP", self._said)
            await asyncio.sleep(LEASE_RENEWAL)

    async def _reconcile(self, session: Session) -> None:
        told_at = self._told_at if session.capabilities.lists_changes else None
        since = await self._control.call(partial(reconcile.look_back, self.name, now=utc_now(), told_at=told_at))
        status = await session.mass_status(since)
        asked = Asked(
            since=since,
            is_healthy=(await session.health()).is_connected,
            indexes_our_ids=session.capabilities.idempotency in KEEPS_OUR_IDS,
        )
        await self._in.insist(partial(self._agree, session, status, asked))
        self._told_at = status.taken_at

    @staticmethod
    def _agree(session: Session, status: MassStatus, asked: Asked) -> None:
        reconcile.apply(exchange_time.of_status(status, session.capabilities), asked=asked, now=utc_now())

    async def _ask_about_doubts(self, session: Session) -> None:
        if await self._control.call(partial(reconcile.has_questions_due, self.name, now=utc_now())):
            await self._reconcile(session)
        await self._control.call(partial(healed.sweep, self.name, now=utc_now()))
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
