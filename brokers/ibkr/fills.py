"""Executions gathered to fills: with their commissions, a combo's legs together, corrections by the newest version."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from allcore.kernel.orders import Side
from allcore.kernel.reports import ExecutionReport, LegFill, ReportKind, charged
from brokers.ibkr.news import ExecutionNews
from brokers.ibkr.tracks import Track
from brokers.ibkr.versions import versions_of

Ratios = Mapping[int, int]


@dataclass(slots=True)
class _Waiting:
    """An order's executions that are not told yet."""

    track: Track | None
    executions: list[ExecutionNews] = field(default_factory=list)
    due_at: datetime | None = None


@dataclass(slots=True)
class _Cost:
    """What was told of one version of an execution, with what it cost."""

    prefix: str
    report: ExecutionReport
    leg: LegFill


def legs_of(
    track: Track | None, executions: list[ExecutionNews], fees: Mapping[str, Decimal], *, is_correction: bool = False
) -> tuple[LegFill, ...]:
    """Return the executions as legs of the order; of an order that is not ours, each is a leg by itself."""
    return tuple(
        LegFill(
            exec_id=e.exec_id if is_correction else e.first_id,
            leg=0 if track is None else track.legs.get(e.symbol, 0),
            symbol=e.symbol,
            side=Side.BUY if e.is_buy else Side.SELL,
            qty=e.qty,
            px=e.px,
            fee=fee_of(e, fees),
        )
        for e in executions
    )


def fee_of(execution: ExecutionNews, fees: Mapping[str, Decimal]) -> Decimal:
    """Return what the execution cost; a correction whose own cost is not told costs what it cost before."""
    earlier = (f"{execution.prefix}.{number:02d}" for number in range(execution.version - 1, 0, -1))
    return next((fees[name] for name in (execution.exec_id, *earlier) if name in fees), Decimal(0))


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
        self._waiting: dict[str, _Waiting] = {}
        self._without: set[str] = set()  # executions that were told before their cost was known
        self._costs: dict[str, _Cost] = {}  # by version
        self._refuted: set[ExecutionNews] = set()

    def known(self, executions: Iterable[ExecutionNews]) -> None:
        """Take these as told: who asked for them has them, with their corrections."""
        for *_, execution in versions_of(executions):
            before = self._seen.get(execution.prefix)
            if before is None or execution.version >= before.version:
                self._seen[execution.prefix] = execution
                self._told[execution.prefix] = execution.exec_id

    def told_corrected(self, executions: Iterable[ExecutionNews]) -> None:
        """Take the corrections of what was told here as told: who asked for the books has them."""
        self.known(e for e in executions if e.prefix in self._told)

    def units(self, track: Track) -> int:
        """Return how many whole units of the order the executions heard so far make."""
        heard = [e for e in self._seen.values() if _names(e, track) and e.qty]
        return units_of(track, heard) or 0 if heard else 0

    def hear(self, execution: ExecutionNews, track: Track | None, now: datetime) -> list[ExecutionReport]:
        """Take an execution, and return what can be told now."""
        before = self._seen.get(execution.prefix)
        if before is not None and execution.version <= before.version:
            return self._contradicted(before, execution, track)
        self._seen[execution.prefix] = execution
        if (ref := self._told.get(execution.prefix)) is not None:
            self._told[execution.prefix] = execution.exec_id
            return [self._amended(execution, track, ref)]
        waiting = self._waiting.setdefault(_key_of(execution, track), _Waiting(track))
        waiting.executions = [e for e in waiting.executions if e.prefix != execution.prefix]
        if execution.qty:
            waiting.executions.append(execution)
        waiting.due_at = waiting.due_at or now + self._patience
        return self.ripe(now)

    def ripe(self, now: datetime) -> list[ExecutionReport]:
        """Return the fills that are whole, and those that have waited long enough."""
        reports: list[ExecutionReport] = []
        for key, waiting in list(self._waiting.items()):
            is_late = waiting.due_at is not None and waiting.due_at <= now
            if is_late or self._is_whole(waiting):
                reports += self._tell(waiting.track, waiting.executions)
                del self._waiting[key]
        return reports

    def was_told_without(self, exec_id: str) -> bool:
        """Return, once, whether the execution was told before its cost was known."""
        was_told = exec_id in self._without
        self._without.discard(exec_id)
        return was_told

    def charge(self, exec_id: str) -> list[ExecutionReport]:
        """Return the correction of what an execution cost, if it is not what was told with it."""
        told, fee = self._costs.get(exec_id), self._fees.get(exec_id)
        if told is None or fee is None or fee == told.leg.fee or self._told[told.prefix] != told.leg.exec_id:
            return []  # known, or a later version stands in its stead
        told.leg = replace(told.leg, fee=fee)
        return [charged(told.report, told.leg)]

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
                self._without |= {execution.exec_id} - self._fees.keys()
                self._told[execution.prefix] = execution.first_id
            if track is not None:
                track.cum += units or 0
            fills = legs_of(track, group, self._fees)
            report = self._say(ReportKind.FILL, track, group[0], fills=fills, combo_qty=units or 0)
            self._costs |= {e.exec_id: _Cost(e.prefix, report, leg) for e, leg in zip(group, fills, strict=True)}
            reports.append(report)
        return reports

    def _contradicted(
        self, before: ExecutionNews, execution: ExecutionNews, track: Track | None
    ) -> list[ExecutionReport]:
        """Tell what was told, if it is now said to be something else: it is not booked, and a person looks at it."""
        execution = replace(execution, names=before.names, at=before.at, asked=False)
        if execution.version < before.version or execution in self._refuted or _content(execution) == _content(before):
            return []
        self._refuted.add(execution)
        name = self._told.get(execution.prefix, execution.first_id)
        fills = legs_of(track, [execution], self._fees, is_correction=name != execution.first_id)
        return [self._say(ReportKind.FILL, track, execution, fills=fills, combo_qty=execution.qty)]

    def _amended(self, execution: ExecutionNews, track: Track | None, ref: str) -> ExecutionReport:
        if execution.qty == 0:
            return self._say(ReportKind.BUST, track, execution, ref_exec_id=ref)
        fills = legs_of(track, [execution], self._fees, is_correction=True)
        report = self._say(ReportKind.CORRECT, track, execution, fills=fills, combo_qty=execution.qty, ref_exec_id=ref)
        self._costs[execution.exec_id] = _Cost(execution.prefix, report, fills[0])
        return report


def _content(execution: ExecutionNews) -> tuple[object, ...]:
    return execution.account, execution.symbol, execution.is_buy, execution.qty, execution.px


def _key_of(execution: ExecutionNews, track: Track | None) -> str:
    """Return which order's executions these are; what is known by itself alone waits for its own."""
    if track is None:
        return execution.prefix
    return track.key if track.cl_ord_id else str(execution.names.perm_id)


def _names(execution: ExecutionNews, track: Track) -> bool:
    names = execution.names
    by_number = (names.client_id, names.order_id) == (track.client_id, track.order_id)
    return names.perm_id == track.perm_id if track.perm_id else by_number
