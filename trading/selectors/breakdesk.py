"""The break desk: where the broker's books and ours differ, what lies aside, what is in doubt, what is not ours."""

from django.db.models import QuerySet

from allcore.accounts.models import User
from allcore.kernel.orders import CLOSED_STATUSES
from brokers.models import Account
from risk.selectors.permissions import visible_accounts
from trading.models import Break, ExternalOrder, OrderRequest, Quarantine
from trading.selectors.rows import Row, iso, order_row

CLOSED = [str(status) for status in CLOSED_STATUSES]
RESOLVED_SHOWN = 20


def desk(user: User) -> Row:
    """Return everything that waits for somebody, as the person may see it, and what was resolved last."""
    accounts = visible_accounts(user)
    mine = Break.objects.filter(account__in=accounts).select_related("account", "order", "resolved_by")
    return {
        "breaks": [break_row(row) for row in mine.filter(resolved_at=None).order_by("-found_at", "-id")],
        "resolved": [
            break_row(row)
            for row in mine.filter(resolved_at__isnull=False).order_by("-resolved_at", "-id")[:RESOLVED_SHOWN]
        ],
        "quarantine": [quarantine_row(row) for row in _quarantine(accounts)],
        "in_doubt": [doubt_row(request) for request in _in_doubt(accounts)],
        "external": [external_row(row) for row in _external(accounts)],
    }


def break_row(row: Break) -> Row:
    """Return a break's row; account, order and resolver should be loaded."""
    return {
        "id": row.pk,
        "account": row.account.code,
        "kind": row.kind,
        "code": row.code,
        "subject": row.subject,
        "ours": row.ours,
        "theirs": row.theirs,
        "details": row.details,
        "halted": row.underlying,
        "order_id": None if row.order_id is None else str(row.order_id),
        "proposal_id": None if row.proposal_id is None else str(row.proposal_id),
        "found_at": iso(row.found_at),
        "resolved_at": iso(row.resolved_at),
        "resolution": row.resolution,
        "resolved_by": None if row.resolved_by is None else row.resolved_by.username,
    }


def quarantine_row(row: Quarantine) -> Row:
    """Return a quarantined report's row; its connection should be loaded."""
    return {
        "id": row.pk,
        "connection": row.connection.name,
        "account": str(row.report.get("account", "")),
        "code": row.code,
        "message": row.message,
        "report": row.report,
        "received_at": iso(row.received_at),
        "resolved_at": iso(row.resolved_at),
        "resolution": row.resolution,
    }


def doubt_row(request: OrderRequest) -> Row:
    """Return the row of a request nobody has answered; its order and account should be loaded."""
    return {
        "id": request.pk,
        "order": order_row(request.order),
        "kind": request.kind,
        "cl_ord_id": request.cl_ord_id,
        "reason": request.reason,
        "queries": request.queries,
        "sent_at": iso(request.sent_at),
        "last_query_at": iso(request.last_query_at),
    }


def external_row(row: ExternalOrder) -> Row:
    """Return the row of an order that is not from this desk; its order and account should be loaded."""
    return {
        "order": order_row(row.order),
        "symbols": [leg.instrument.symbol for leg in row.order.legs.all()],
        "theirs": row.theirs,
        "state": row.state,
        "reason": row.reason,
        "decided_at": iso(row.decided_at),
    }


def _quarantine(accounts: QuerySet[Account]) -> list[Quarantine]:
    """Return the reports that lie aside for the accounts, and those of an account that nobody knows."""
    seen = list(accounts.values_list("connection__name", "broker_account", "code"))
    numbers = {(name, number) for name, broker, code in seen for number in (broker, code)}
    connections = {name for name, _, _ in seen}
    known = set(Account.objects.values_list("connection__name", "broker_account"))
    rows = Quarantine.objects.filter(resolved_at=None, connection__name__in=connections).select_related("connection")
    return [row for row in rows.order_by("-received_at", "-id") if _is_shown(row, numbers, known)]


def _is_shown(row: Quarantine, numbers: set[tuple[str, str]], known: set[tuple[str, str]]) -> bool:
    key = (row.connection.name, str(row.report.get("account", "")))
    return key in numbers or key not in known


def _in_doubt(accounts: QuerySet[Account]) -> QuerySet[OrderRequest]:
    rows = OrderRequest.objects.filter(state=OrderRequest.State.IN_DOUBT, order__account__in=accounts)
    return rows.select_related("order__account").order_by("sent_at", "id")


def _external(accounts: QuerySet[Account]) -> QuerySet[ExternalOrder]:
    rows = ExternalOrder.objects.filter(order__account__in=accounts).exclude(order__status__in=CLOSED)
    return (
        rows.select_related("order__account").prefetch_related("order__legs__instrument").order_by("order__created_at")
    )
