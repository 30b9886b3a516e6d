"""Executions gathered to fills: with their commissions, a combo's legs together, corrections by the newest version."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from allcore.kernel.orders import Side
from allcore.kernel.reports import ExecutionReport, LegFill, ReportKind
from brokers.ibkr.news import ExecutionNews
from brokers.ibkr.tracks import Track

Ratios = Mapping[int, int]


@dataclass(slots=True)
class _Waiting:
    """An order's executions that are not told yet."""

    track: Track
    executions: list[ExecutionNews] = field(default_factory=list)
    due_at: datetime | None = None


def newest(executions: Iterable[ExecutionNews]) -> list[ExecutionNews]:
    """Return each execution in its newest version, in the order they were told; what was taken back is left out."""
    kept: dict[str, ExecutionNews] = {}
    for execution in executions:
        before = kept.get(execution.prefix)
        if before is None or execution.version >= before.version:
            kept[execution.prefix] = execution
    return [execution for execution in kept.values() if execution.qty > 0]


def legs_of(track: Track | None, executions: list[ExecutionNews], fees: Mapping[str, Decimal]) -> tuple[LegFill, ...]:
    """Return the executions as legs of the order; of an order that is not ours, each is a leg by itself."""
    return tuple(
        LegFill(
            exec_id=e.exec_id,
            leg=0 if track is None else track.legs.get(e.symbol, 0),
            symbol=e.symbol,
            side=Side.BUY if e.is_buy else Side.SELL,
            qty=e.qty,
            px=e.px,
            fee=fees.get(e.exec_id, Decimal(0)),
        )
        for e in executions
    )


def units_of(track: Track | None, executions: list[ExecutionNews]) -> int | None:
    """Return how many whole units the executions make, or None while a leg is missing."""
    if track is None or len(track.ticket.legs) == 1:
        return sum(e.qty for e in executions)
    done = dict.fromkeys(track.legs, 0)
    for execution in executions:
        done[execution.symbol] = done.get(execution.symbol, 0) + execution.qty
    counts = {done[leg.symbol] / leg.ratio for leg in track.ticket.legs}
    units = counts.pop()
    return int(units) if not counts and units == int(units) and units > 0 else None


def gathered(track: Track | None, executions: list[ExecutionNews]) -> list[list[ExecutionNews]]:
    """Return the executions in groups of whole units; what never became whole is the last group."""
    groups: list[list[ExecutionNews]] = []
    current: list[ExecutionNews] = []
    for execution in executions:
        current.append(execution)
        if units_of(track, current) is not None:
            groups.append(current)
            current = []
    return [*groups, current] if current else groups


class Fills:
    """What was told, and what waits for its commission or its other legs. Reports are made by `say`."""

    def __init__(
        self,
        say: Callable[..., ExecutionReport],
        fees: Mapping[str, Decimal],
        patience: timedelta,
    ) -> None:
        self._say = say
        self._fees = fees
        self._patience = patience
        self._seen: dict[str, ExecutionNews] = {}  # the newest version, by prefix
        self._told: dict[str, str] = {}  # the version told, by prefix
        self._waiting: dict[int, _Waiting] = {}

    def known(self, executions: Iterable[ExecutionNews]) -> None:
        """Take these as told: who asked for them has them."""
        for execution in executions:
            self._seen[execution.prefix] = execution
            self._told[execution.prefix] = execution.exec_id

    def hear(self, execution: ExecutionNews, track: Track | None, now: datetime) -> list[ExecutionReport]:
        """Take an execution, and return what can be told now."""
        before = self._seen.get(execution.prefix)
        if before is not None and execution.version <= before.version:
            return []
        self._seen[execution.prefix] = execution
        if (ref := self._told.get(execution.prefix)) is not None:
            self._told[execution.prefix] = execution.exec_id
            return [self._amended(execution, track, ref)]
        if track is None:
            return self._tell(None, [execution]) if execution.qty else []
        waiting = self._waiting.setdefault(track.perm_id, _Waiting(track))
        waiting.executions = [e for e in waiting.executions if e.prefix != execution.prefix]
        if execution.qty:
            waiting.executions.append(execution)
        waiting.due_at = waiting.due_at or now + self._patience
        return self.ripe(now)

    def ripe(self, now: datetime) -> list[ExecutionReport]:
        """Return the fills that are whole, and those that have waited long enough."""
        reports: list[ExecutionReport] = []
        for perm_id, waiting in list(self._waiting.items()):
            is_late = waiting.due_at is not None and waiting.due_at <= now
            if is_late or self._is_whole(waiting):
                reports += self._tell(waiting.track, waiting.executions)
                del self._waiting[perm_id]
        return reports

    @property
    def waiting(self) -> int:
        """How many orders have executions that are not told."""
        return len(self._waiting)

    def all_now(self) -> list[ExecutionReport]:
        """Return what waits, as it is: the session ends."""
        reports = [r for w in self._waiting.values() for r in self._tell(w.track, w.executions)]
        self._waiting.clear()
        return reports

    def _is_whole(self, waiting: _Waiting) -> bool:
        has_fees = all(e.exec_id in self._fees for e in waiting.executions)
        return bool(waiting.executions) and has_fees and units_of(waiting.track, waiting.executions) is not None

    def _tell(self, track: Track | None, executions: list[ExecutionNews]) -> list[ExecutionReport]:
        reports = []
        for group in gathered(track, executions):
            units = units_of(track, group)
            for execution in group:
                self._told[execution.prefix] = execution.exec_id
            if track is not None:
                track.cum += units or 0
            fills = legs_of(track, group, self._fees)
            reports.append(self._say(ReportKind.FILL, track, group[0], fills=fills, combo_qty=units or 0))
        return reports

    def _amended(self, execution: ExecutionNews, track: Track | None, ref: str) -> ExecutionReport:
        if execution.qty == 0:
            return self._say(ReportKind.BUST, track, execution, ref_exec_id=ref)
        fills = legs_of(track, [execution], self._fees)
        return self._say(ReportKind.CORRECT, track, execution, fills=fills, combo_qty=execution.qty, ref_exec_id=ref)
