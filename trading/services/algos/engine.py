"""The engine: holds the runs whose lease it has, lets each look at every batch of quotes, and acts for who moves.

What is in memory can be lost. A run that moves is locked, its lease and its log are checked, and the step, what it asks
for and the log's line are one transaction: whoever holds the lease next begins where the last line ended.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from allcore.kernel.calendar import Session, session_on
from allcore.kernel.clock import ExchangeClock, new_york_date
from allcore.kernel.quotes import Quote
from risk.models import KillLevel
from risk.selectors import kill
from trading.domain.algos.events import Event, Look, Told, Word
from trading.domain.algos.glance import Sides, glance, sides_of
from trading.domain.algos.sight import Moment, look, moment
from trading.domain.algos.step import step
from trading.domain.algos.values import Phase
from trading.models import AlgoChild, AlgoRun
from trading.services.algos.control import KILL_ACTOR
from trading.services.algos.run import Live, changed, load, lock_run, move, news
from trading.services.algos.widths import Widths

LEASE = timedelta(seconds=10)


@dataclass(slots=True)
class Held:
    """A run that this engine has the lease of."""

    live: Live
    where: tuple[str, str, str]  # connection, account, underlying: what a kill switch may hold
    widths: Widths = field(default_factory=Widths)
    seen: Sides | None = None
    seen_at: datetime | None = None  # when it looked last


class Engine:
    """All runs of one engine. `owner` names its lease."""

    def __init__(self, owner: str) -> None:
        """Begin with nothing."""
        self.owner = owner
        self.quotes: dict[str, Quote] = {}
        self.held: dict[UUID, Held] = {}
        self._by_symbol: dict[str, set[UUID]] = defaultdict(set)
        self._by_order: dict[str, UUID] = {}
        self._session: Session | None = None

    @property
    def symbols(self) -> frozenset[str]:
        """What it needs quotes of."""
        return frozenset(symbol for symbol, runs in self._by_symbol.items() if runs)

    def renew(self, now: datetime) -> None:
        """Keep what is held, take over what nobody holds, and let go of what is lost or done."""
        active = AlgoRun.objects.exclude(status=AlgoRun.Status.DONE)
        free = Q(lease_expires_at=None) | Q(lease_expires_at__lte=now) | Q(lease_owner=self.owner)
        active.filter(free).update(lease_owner=self.owner, lease_expires_at=now + LEASE)
        mine = active.filter(lease_owner=self.owner).select_related("account__connection").order_by("id")
        rows = {run.pk: run for run in mine}
        for run_id in set(self.held) - set(rows):
            self._drop(run_id)
        for run in rows.values():
            held = self.held.get(run.pk)
            if held is None or held.live.seq != run.seq:
                self._take(run)

    def _take(self, run: AlgoRun) -> None:
        before = self.held.get(run.pk)
        where = (run.account.connection.name, run.account.code, run.underlying)
        held = Held(load(run), where) if before is None else before
        held.live = load(run) if before is not None else held.live
        self.held[run.pk] = held
        for symbol in (*(symbol for symbol, _ in held.live.package.legs), held.live.package.underlying):
            self._by_symbol[symbol].add(run.pk)

    def _drop(self, run_id: UUID) -> None:
        del self.held[run_id]
        for runs in self._by_symbol.values():
            runs.discard(run_id)
        self._by_order = {order: run for order, run in self._by_order.items() if run != run_id}

    def hear_quotes(self, fresh: Mapping[str, Quote], clock: ExchangeClock, now: datetime) -> int:
        """Let every run that one of the quotes concerns look at the market; return how many moved."""
        self.quotes.update(fresh)
        concerned = {run_id for symbol in fresh for run_id in self._by_symbol.get(symbol, ())}
        return self.look(concerned, clock, now)

    def look(self, run_ids: Iterable[UUID], clock: ExchangeClock, now: datetime) -> int:
        """Let the runs look at the market. The quiet ones cost no statement."""
        moved = 0
        for run_id, seen in self.movers(list(run_ids), self.moment(clock, now)):
            moved += self.act(run_id, [seen], now)
        return moved

    def movers(self, run_ids: Iterable[UUID], when: Moment) -> Iterator[tuple[UUID, Look]]:
        """Yield the held runs that the market moves, each with what it sees; those that see nothing new cost least."""
        for run_id in run_ids:
            held = self.held.get(run_id)
            if held is None:
                continue
            usual = held.widths.usual  # before this look's own width counts
            if self._is_quiet(held, when, usual):
                continue
            live = held.live
            seen = look(live.package, self.quotes, when, usual=usual, legged=live.is_legged)
            if self._is_moved_by(held, seen):
                yield run_id, seen

    def _is_quiet(self, held: Held, when: Moment, usual: Decimal | None) -> bool:
        """Return whether there is nothing to do for sure; what it saw and the sample of its width are kept."""
        live = held.live
        held.seen, held.seen_at = sides_of(live.package, self.quotes, when), when.at
        if held.seen is not None:
            held.widths.see(when.at, held.seen[1] - held.seen[0])
        return glance(live.parent, live.state, held.seen, when, usual)

    def moment(self, clock: ExchangeClock, now: datetime) -> Moment:
        """Return the time of a look, with the session's bounds."""
        at = clock.at(now)
        day = new_york_date(at)
        if self._session is None or self._session.day != day:
            self._session = session_on(day)
        return moment(now, at, self._session)

    def _is_moved_by(self, held: Held, seen: Look) -> bool:
        """Return whether the look changes the run; if it does not, the run remembers until when it need not look."""
        state, actions = step(held.live.parent, held.live.state, seen)
        if actions or (state is not held.live.state and state != held.live.state):
            return True
        held.live.state = state
        return False

    def hear_orders(self, orders: Collection[str], clock: ExchangeClock, now: datetime) -> set[UUID]:
        """Let the held runs whose children are among the orders hear of them; return those. Others cost nothing."""
        unknown = [order for order in orders if order not in self._by_order] if self.held else []
        if unknown:
            found = AlgoChild.objects.filter(order_id__in=unknown, run_id__in=list(self.held))
            self._by_order |= {str(order): run for order, run in found.values_list("order_id", "run_id")}
        concerned = {run for order in orders if (run := self._by_order.get(order)) in self.held}
        for run_id in concerned:
            self.act(run_id, (), now, at=clock.at(now))
        return concerned

    def catch_up(self, clock: ExchangeClock, now: datetime) -> None:
        """Let every run hear what its children's orders are: a lost message costs two seconds, nothing else."""
        for run_id in changed({run_id: held.live for run_id, held in self.held.items()}, clock.at(now)):
            if run_id in self.held:
                self.act(run_id, (), now, at=clock.at(now))

    def obey_kill(self, clock: ExchangeClock, now: datetime) -> None:
        """Stop what the kill switch holds, in case whoever engaged it could not."""
        levels: dict[tuple[str, str, str], int] = {}
        for run_id, held in list(self.held.items()):
            connection, account, underlying = held.where
            if held.where not in levels:
                levels[held.where] = kill.level_for(connection=connection, account=account, underlying=underlying)
            level = levels[held.where]
            stops = level >= (KillLevel.BLOCK_NEW if held.live.parent.is_opening else KillLevel.CANCEL_ALL)
            if stops and held.live.state.phase in (Phase.RUNNING, Phase.PAUSED):
                at = clock.at(now)
                self.act(run_id, [Told(at, Word.KILL, KILL_ACTOR, f"kill switch level {level}")], now, at=at)

    def act(self, run_id: UUID, events: Iterable[Event], now: datetime, *, at: datetime | None = None) -> bool:
        """Step a run under its lock, with the news of its children first; return whether it is still ours."""
        held = self.held[run_id]
        with transaction.atomic():
            run = lock_run(run_id, lease_owner=self.owner, lease_expires_at__gt=now)
            if run is None:
                self._drop(run_id)
                return False
            fresh = load(run) if run.seq != held.live.seq else held.live
            live = Live(fresh.run_id, fresh.ticket, fresh.parent, fresh.package, fresh.state, fresh.seq)
            known = list(events)
            heard = news(live, known[0].at if at is None else at)
            move(run, live, [*heard, *known], now=now)
        held.live = live  # only once it is committed
        return True
