"""News in, reports out: each message is matched to its order, stepped, and what comes of it is told, in order."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import singledispatchmethod

from allcore.kernel.errors import DeskError
from allcore.kernel.reports import ExecutionReport, ReportKind
from brokers.ibkr import states
from brokers.ibkr.doubts import Doubts
from brokers.ibkr.ears import NOTICES
from brokers.ibkr.errors import CODES, DATA_LOST, NUMBER_USED, TOO_FAST, UPSTREAM_BACK, UPSTREAM_LOST, GatewayDownError
from brokers.ibkr.fills import Fills
from brokers.ibkr.gateway import Gateway
from brokers.ibkr.library import Library
from brokers.ibkr.news import (
    CommissionNews,
    ErrorNews,
    ExecutionNews,
    LineNews,
    LostNews,
    MalformedNews,
    Names,
    News,
    OrderNews,
    StatusNews,
    TickNews,
)
from brokers.ibkr.room import Room
from brokers.ibkr.states import Said, Step
from brokers.ibkr.times import QUIET
from brokers.ibkr.tracks import Track, has_lost_its_conditions
from brokers.quiet import window_at

ANSWERED = {ReportKind.REPLACE_ACK: "accepted", ReportKind.REPLACE_REJECT: "rejected"}
REASON_SECONDS = 0.25  # for the reason of an end to follow, or precede, its status


class Desk:
    """Follows the orders of one session. One task works through the news, so that nothing overtakes."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.news: asyncio.Queue[News] = asyncio.Queue()
        self.gateway: Gateway
        self.library: Library
        self.fills: Fills
        self.on_data_lost: Callable[[], Awaitable[None]] | None = None
        self.is_upstream_lost = False
        self.doubts: Doubts
        self._renewing: asyncio.Task[None] | None = None  # orders do not wait for quotes
        self._quiet_until = room.clock()
        self._strange_combos: set[int] = set()  # by permanent id

    def start(self, library: Library, gateway: Gateway) -> None:
        """Work with this line."""
        patience = timedelta(seconds=self.room.settings.commission_seconds)
        self.library, self.gateway = library, gateway
        self.fills = Fills(self._report, gateway.ears.fees, patience)
        self.doubts = Doubts(self.room, library, gateway, self._step)

    async def run(self) -> None:
        """Work through the news until cancelled."""
        while True:
            await self.take(await self.news.get())

    async def drain(self) -> None:
        """Work through what was heard, and tell what waits."""
        while not self.news.empty():
            await self.take(self.news.get_nowait())
        for report in self.fills.all_now():
            self.room.tell(report)

    async def stop(self) -> None:
        """Ask no more."""
        await self.doubts.stop()
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)

    @singledispatchmethod
    async def take(self, news: News) -> None:
        """Take one piece of news."""

    @take.register
    async def _(self, news: OrderNews) -> None:
        track = await self.room.tracks.of(news.names, news)
        if track is not None:
            self.look_at_conditions(track, news)
            await self._step(track, states.on_order(track, news), news.names)

    @take.register
    async def _(self, news: StatusNews) -> None:
        track = await self.room.tracks.of(news.names)
        if track is not None:
            if news.status not in states.WORDS:
                self.room.alert(
                    f"The gateway says {news.status!r} of order {track.cl_ord_id}, which is no status known."
                )
            self._expect(track, news.filled)
            await self._step(track, states.on_status(track, news.status, news.why_held), news.names)

    @take.register
    async def _(self, news: ErrorNews) -> None:
        track = self.room.tracks.numbered(self.room.client_id, news.order_id)
        if news.code not in CODES:
            self.room.alert(f"The gateway says {news.code} of order {news.order_id}, which is in no table: {news.text}")
        if news.code == NUMBER_USED:
            await self.gateway.renumber()
        if track is not None:
            await self._step(track, states.on_code(track, news.code, news.text), None)

    @take.register
    async def _(self, news: ExecutionNews) -> None:
        track = await self.room.tracks.of(news.names)
        if track is not None and news.symbol:
            await self._step(track, Step(states.on_trade(track)), news.names)
        track = track or self.room.tracks.strangers.get(news.names.perm_id)
        if not self._is_told_by_itself(news, track):
            return
        self._tell(self.fills.hear(news, track, self.room.clock()))
        if self.fills.waiting:
            self._later(self.room.settings.commission_seconds)

    @take.register
    async def _(self, news: CommissionNews) -> None:
        self._tell(self.fills.ripe(self.room.clock()))
        self._tell(self.fills.charge(news.exec_id))
        if self.fills.was_told_without(news.exec_id) and news.fee:
            self.room.alert(f"Execution {news.exec_id} cost {news.fee}, which came after it was booked without a cost.")

    @take.register
    async def _(self, news: TickNews) -> None:
        now = self.room.clock()
        self._tell(self.fills.ripe(now))
        for track in self.room.tracks.owing(now):
            track.owed_at = None
            if self.fills.units(track) < track.filled:
                self.doubts.ask()
        for track in self.room.tracks.open():
            if track.doubted_at is not None and track.doubted_at <= now:
                track.doubted_at = None
                await self._step(track, states.on_end(track), None)
            elif not track.is_acked and track.sent_at is not None and track.sent_at + self._silence() <= now:
                track.sent_at = None
                self.doubts.doubt(track)

    @take.register
    async def _(self, news: LineNews) -> None:
        if news.code in UPSTREAM_LOST:
            self.is_upstream_lost = True
            if window_at(QUIET, self.room.clock()) is None:  # in its hours of reset it is nothing unusual
                self.room.alert(
                    f"The gateway has no line to the broker ({news.code}): nothing leaves until it is back."
                )
        elif news.code in UPSTREAM_BACK:
            self.is_upstream_lost = False
            self.doubts.ask()
            if news.code == DATA_LOST and self.on_data_lost is not None:
                self._renewing = asyncio.create_task(self._renew(self.on_data_lost))
        elif news.code == TOO_FAST:
            await self.gateway.slowed()
        elif news.code not in NOTICES:
            self.room.alert(f"The gateway says {news.code}: {news.text}")

    @take.register
    async def _(self, news: MalformedNews) -> None:
        self.room.alert(f"The gateway's {news.kind} could not be read: {news.text}")
        now = self.room.clock()
        if now >= self._quiet_until:  # the answer may be as unreadable: no question for each of its messages
            self._quiet_until = now + timedelta(seconds=self.room.settings.answer_seconds)
            self.doubts.ask()

    @take.register
    async def _(self, news: LostNews) -> None:
        for report in self.fills.all_now():
            self.room.tell(report)
        self.room.tell(GatewayDownError(f"{self.room.connection} lost its line to the gateway."))

    async def _step(self, track: Track, step: Step, names: Names | None) -> None:
        for said in step.said:
            await self._note(track, said)
            self.room.tell(self._said(track, said))
        if step.waits and track.doubted_at is None:
            track.doubted_at = self.room.clock() + timedelta(seconds=REASON_SECONDS)
            self._later(REASON_SECONDS)
        if step.in_doubt:
            self.doubts.doubt(track)

    def has_told(self, executions: Sequence[ExecutionNews]) -> None:
        """Take as told here what whoever asked for the books has: corrections of what was told, and strange combos."""
        self.fills.told_corrected(executions)
        self.fills.known(e for e in executions if e.names.perm_id in self._strange_combos)

    def _is_told_by_itself(self, news: ExecutionNews, track: Track | None) -> bool:
        """Return whether the execution can be told now: of an account of the desk's, and no combo's summary.

        What somebody else's combo is, its summary does not say: the next whole answer lists it with all that it traded.
        """
        if track is not None:
            return bool(news.symbol)
        if not news.symbol:
            self._strange_combos.add(news.names.perm_id)
        is_ours_to_tell = not self.room.accounts or news.account in self.room.accounts
        return is_ours_to_tell and bool(news.symbol) and news.names.perm_id not in self._strange_combos

    def _expect(self, track: Track, filled: int) -> None:
        """Ask in a while for executions that a status tells of, should they not come by themselves."""
        if filled > track.filled:
            patience = timedelta(seconds=self.room.settings.commission_seconds)
            track.filled, track.owed_at = filled, self.room.clock() + patience
            self._later(self.room.settings.commission_seconds)

    def watch(self, track: Track) -> None:
        """Look again in a while whether the order was answered."""
        self._later(self.room.settings.doubt_seconds)

    async def _note(self, track: Track, said: Said) -> None:
        if said.kind in ANSWERED:
            await self.room.keys.learn(said.cl_ord_id, "", {"answer": ANSWERED[said.kind]})
        if said.kind is ReportKind.REPLACE_ACK:
            self.room.tracks.renamed(track, said.cl_ord_id)

    def _said(self, track: Track, said: Said) -> ExecutionReport:
        return ExecutionReport(
            kind=said.kind,
            connection=self.room.connection,
            account=track.account,
            cl_ord_id=said.cl_ord_id,
            transact_at=self.room.clock(),
            broker_order_id=str(track.perm_id) if track.perm_id else "",
            reason=said.reason,
            text=said.text,
            order_qty=said.order_qty,
        )

    def _report(
        self, kind: ReportKind, track: Track | None, execution: ExecutionNews, **more: object
    ) -> ExecutionReport:
        report = ExecutionReport(
            kind=kind,
            connection=self.room.connection,
            account=execution.account,
            cl_ord_id="" if track is None else track.cl_ord_id,
            transact_at=execution.at,
            broker_order_id=self._id_of(track, execution),
        )
        return replace(report, **more)  # type: ignore[arg-type]  # the callers give a report's own fields

    def _id_of(self, track: Track | None, execution: ExecutionNews) -> str:
        if track is None or not track.cl_ord_id:
            return self.room.tracks.name_of_other(execution.names, execution.account)
        return execution.names.key if execution.names.perm_id else ""

    def _tell(self, reports: list[ExecutionReport]) -> None:
        for report in reports:
            self.room.tell(report)

    def _silence(self) -> timedelta:
        return timedelta(seconds=self.room.settings.doubt_seconds)

    async def _renew(self, ask_again: Callable[[], Awaitable[None]]) -> None:
        try:
            await ask_again()
        except DeskError as e:
            self.room.alert(f"Quotes were lost, and could not all be asked for again: {e.message}")

    def look_at_conditions(self, track: Track, news: OrderNews) -> None:
        """Alert if the gateway does not hold the order back for what it was to wait for."""
        if has_lost_its_conditions(news, track):
            had = len(track.terms.conditions)
            self.room.alert(
                f"Order {track.cl_ord_id} was to wait for {had} conditions, the gateway has {news.conditions}."
            )

    def _later(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(seconds + 0.01, self.news.put_nowait, TickNews())
