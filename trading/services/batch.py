"""One batch of a broker's reports: what they speak of, read at once, and what they change, written at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self
from uuid import UUID

from allcore.accounts.actors import desk_name
from allcore.audit.models import AuditEntry
from allcore.audit.services import entry
from allcore.kernel.reports import BookReport, ExecutionReport, ReportKind
from brokers.models import Account
from marketdata.models import Instrument
from trading.models import BookEvent, Execution, Order, OrderEvent, OrderLeg, OrderRequest
from trading.services.advance import prepared
from trading.services.alerts import tell
from trading.services.cash import Movement
from trading.services.entries import Entry, Pair
from trading.services.spoken import executions, legs_of, not_ours, requests_named

ACTOR = desk_name("settle")
Data = Mapping[str, object]
Report = ExecutionReport | BookReport
TRADES = frozenset({ReportKind.FILL, ReportKind.BUST, ReportKind.CORRECT})
UNANSWERED = (OrderRequest.State.SENT, OrderRequest.State.IN_DOUBT)


@dataclass(slots=True)
class Batch:
    """What the reports speak of, and what came of them so far.

    The orders are locked, in the order of their ids; requests change under their order's lock alone.
    """

    connection: str
    now: datetime
    requests: dict[str, OrderRequest]  # by ClOrdID
    legs: dict[UUID, list[OrderLeg]]
    known: dict[tuple[int, str, int], Execution]  # by account, ExecID and leg
    known_events: dict[tuple[int, str], BookEvent]
    accounts: dict[str, Account]  # by our code and by the broker's number; only if a report needs it
    instruments: dict[str, Instrument]
    executions: list[Execution] = field(default_factory=list)
    events: list[BookEvent] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    corrections: list[Movement] = field(default_factory=list)
    stale: set[Pair] = field(default_factory=set)
    answers: dict[tuple[str, str], list[int]] = field(default_factory=dict)  # state and reason: requests
    happened: list[OrderEvent] = field(default_factory=list)
    audited: list[AuditEntry] = field(default_factory=list)
    moved: dict[UUID, Order] = field(default_factory=dict)  # orders to write
    taken_back: list[Execution] = field(default_factory=list)
    touched: dict[UUID, Order] = field(default_factory=dict)  # orders whose reservation may have to change
    unchanged: list[OrderRequest] = field(default_factory=list)  # changes that the broker refused
    apart: dict[UUID, Order] = field(default_factory=dict)  # orders whose legs came apart, or together again
    applied: list[tuple[Order, ExecutionReport]] = field(default_factory=list)  # what others may act on afterwards

    @classmethod
    def read(cls, connection: str, reports: Sequence[Report], now: datetime) -> Self:
        """Lock and read what the reports speak of."""
        about_orders = [report for report in reports if isinstance(report, ExecutionReport)]
        about_books = [report for report in reports if isinstance(report, BookReport)]
        requests = requests_named(connection, {report.cl_ord_id for report in about_orders})
        trades = [report for report in about_orders if report.kind in TRADES]
        strange = [report for report in about_orders if report.cl_ord_id not in requests]
        if strange:
            requests |= not_ours(connection, {report.cl_ord_id for report in strange} - {""})
            strange = [report for report in strange if report.cl_ord_id not in requests]
        legs = legs_of({requests[r.cl_ord_id].order.pk for r in trades if r.cl_ord_id in requests})
        symbols = {f.symbol for r in strange for f in r.fills} | {r.symbol for r in about_books}
        return cls(
            connection=connection,
            now=now,
            requests=requests,
            legs=legs,
            known=executions(connection, trades),
            known_events=_events(connection, about_books),
            accounts=_accounts(connection) if strange or about_books else {},
            instruments=_instruments(
                symbols | {n for r in about_books for n in (r.underlying, r.to_symbol) if n}, legs
            ),
        )

    def advance(self, order: Order, event: str, data: Data, report: ExecutionReport) -> None:
        """Apply an event to a locked order, to be written with the rest of the batch, and tell what it alerts to.

        Raises:
            IllegalTransitionError: the order's status cannot take the event; nothing of it remains.
        """
        broker, raw = OrderEvent.Source.BROKER, report.raw or None
        applied, happened = prepared(order, event, now=self.now, source=broker, actor=ACTOR, data=data, raw=raw)
        self.happened.append(happened)
        self.moved[order.pk] = order
        tell(order, applied.alerts, now=self.now)

    def audit(self, order: Order, action: str, payload: Data) -> None:
        """Put down an entry about an order for the audit trail."""
        seen = {"cl_ord_id": order.cl_ord_id, "status": order.status, **payload}
        whose = {"account": order.account.code, "trace_id": order.trace_id}
        self.audited.append(entry(action, f"order:{order.pk}", seen, actor=ACTOR, at=self.now, **whose))

    def answer(self, request: OrderRequest, state: OrderRequest.State, reason: str = "") -> None:
        """Note that the request was answered; one that was answered before keeps its first answer."""
        if request.state in UNANSWERED:
            request.state = state
            self.answers.setdefault((state, reason[:300]), []).append(request.pk)


def _events(connection: str, reports: Sequence[BookReport]) -> dict[tuple[int, str], BookEvent]:
    if not reports:
        return {}
    rows = BookEvent.objects.filter(connection__name=connection, event_id__in={r.event_id for r in reports})
    return {
        (row.account_id, row.event_id): row for row in rows.select_related("instrument", "deliverable", "to_instrument")
    }


def _accounts(connection: str) -> dict[str, Account]:
    rows = list(Account.objects.select_related("connection").filter(connection__name=connection))
    return {row.code: row for row in rows} | {row.broker_account: row for row in rows}


def _instruments(symbols: set[str], legs: dict[UUID, list[OrderLeg]]) -> dict[str, Instrument]:
    found = {leg.instrument.symbol: leg.instrument for own in legs.values() for leg in own}
    if missing := symbols - set(found):
        found |= {row.symbol: row for row in Instrument.objects.select_related("underlying").filter(symbol__in=missing)}
    return found
