"""The broker's books against ours, order by order, fill by fill, cent by cent. Zero everywhere is the only pass."""

from collections import Counter
from collections.abc import Collection, Mapping
from decimal import Decimal

from django.db.models import Count, Q, QuerySet

from allcore.audit.models import AuditEntry
from allcore.audit.selectors import verify_chain
from allcore.kernel.orders import CLOSED_STATUSES
from brokers.models import PaperAccount, PaperExecution, PaperOrder, PaperPosition
from risk.models import Reservation
from trading.models import Break, CashBalance, Execution, Order, OrderEvent, OrderRequest, Position, Quarantine

UNSETTLED = ("TO_SEND", "SENT", "IN_DOUBT", "WAITING")
NEVER_SENT = ("DENIED", "ABANDONED")
CENT = Decimal("0.01")


def violations(accepted: Mapping[str, str]) -> dict[str, int]:
    """Return how often each promise is broken; `accepted` are the ClOrdIDs that clients were told, by key."""
    ours = dict(_orders().exclude(status="DENIED").values_list("cl_ord_id", "status"))
    theirs = dict(_paper_orders().values_list("cl_ord_id", "status"))
    return {
        "lost": sum(name not in ours for name in accepted.values()) + _unknown_to_the_broker(ours, theirs),
        "not_ours": sum(name not in ours for name in theirs) + _orders().filter(origin="EXTERNAL").count(),
        "duplicates": _duplicates(ours, accepted),
        "statuses_differ": sum(ours.get(name) != status for name, status in theirs.items()),
        "quantities_differ": _difference(_quantities(), _paper_quantities()),
        "executions_differ": _difference(_executions(), _paper_executions()),
        "positions_differ": _difference(_positions(), _paper_positions()),
        "drift": _difference(_positions(), _summed()),
        "cash_differs": _cash_differs(),
        "stuck": _stuck(),
        "breaks": Break.objects.filter(resolved_at=None).count(),
        "quarantined": Quarantine.objects.filter(resolved_at=None).count(),
        "reservations_left": _reservations_left(),
        "unaudited": _unaudited(ours),
        "audit_faults": len(verify_chain().faults),
    }


def counts() -> dict[str, object]:
    """Return what happened, as the books tell it."""
    doubted = set(OrderEvent.objects.filter(event="send_timeout").values_list("order_id", flat=True))
    stuck = OrderRequest.objects.filter(state="IN_DOUBT").count()
    return {
        "orders": _orders().count(),
        "statuses": dict(sorted(Counter(_orders().values_list("status", flat=True)).items())),
        "executions": _live().count(),
        "in_doubt": len(doubted),
        "resolved": len(doubted) - stuck,
        "never_arrived": AuditEntry.objects.filter(action="order.not_found").count(),
        "denied_for": dict(Counter(_denied_for()).most_common(8)),
        "breaks_seen": Break.objects.count(),
        "audit_entries": verify_chain().count,
    }


def open_breaks() -> list[dict[str, object]]:
    """Return what the break desk shows, in full, and when the books were last held against the broker's."""
    told = ("id", "kind", "code", "subject", "ours", "theirs", "details")
    standing = Break.objects.filter(resolved_at=None).order_by("id").select_related("account__connection", "order")
    return [
        {
            **{name: getattr(row, name) for name in told},
            "account": row.account.code,
            "order_is": "" if row.order is None else row.order.status,
            "since": row.found_at.isoformat(),
            "last_looked_at": str(row.account.connection.reconciled_at),
        }
        for row in standing
    ]


def unsettled() -> list[dict[str, object]]:
    """Return the orders whose end is not known, with their requests and all that happened to them."""
    open_requests = OrderRequest.objects.filter(state__in=UNSETTLED).values("order_id")
    orders = _orders().filter(~Q(status__in=CLOSED_STATUSES) | Q(pk__in=open_requests)).order_by("created_at")
    return [
        {
            "cl_ord_id": order.cl_ord_id,
            "status": order.status,
            "requests": [f"{r.kind} {r.cl_ord_id} {r.state} {r.reason}" for r in order.requests.order_by("id")],
            "events": [f"{e.at:%X} {e.event} {e.status}" for e in order.events.order_by("id")],
        }
        for order in orders
    ]


def open_orders() -> dict[str, str]:
    """Return the accounts of the orders that may still trade, by id."""
    return {
        str(pk): code for pk, code in _orders().exclude(status__in=CLOSED_STATUSES).values_list("id", "account__code")
    }


def _orders() -> QuerySet[Order]:
    return Order.objects.filter(account__code__startswith="BENCH")


def _paper_orders() -> QuerySet[PaperOrder]:
    return PaperOrder.objects.filter(account__number__startswith="PAPER-BENCH")


def _live() -> QuerySet[Execution]:
    return Execution.objects.filter(account__code__startswith="BENCH", status="LIVE")


def _difference(ours: Collection[object], theirs: Collection[object]) -> int:
    return len(set(ours) ^ set(theirs))


def _unknown_to_the_broker(ours: Mapping[str, str], theirs: Mapping[str, str]) -> int:
    """Count the orders that traded or rest by our books, and that the broker never had."""
    return sum(name not in theirs for name, status in ours.items() if status not in (*NEVER_SENT, "REJECTED"))


def _duplicates(ours: Mapping[str, str], accepted: Mapping[str, str]) -> int:
    """Count orders beyond one a key, one a name, and fills beyond one an ExecID."""
    told = set(accepted.values())
    executions = _live().values("exec_id", "leg", "account").annotate(n=Count("id")).filter(n__gt=1).count()
    return len(set(ours) - told) + (len(accepted) - len(told)) + (_orders().count() - _distinct()) + executions


def _distinct() -> int:
    return _orders().values("cl_ord_id").distinct().count()


def _quantities() -> list[tuple[str, int]]:
    return list(_orders().filter(cum_qty__gt=0).values_list("cl_ord_id", "cum_qty"))


def _paper_quantities() -> list[tuple[str, int]]:
    return list(_paper_orders().filter(cum_qty__gt=0).values_list("cl_ord_id", "cum_qty"))


def _executions() -> list[tuple[object, ...]]:
    return list(_live().values_list("order__cl_ord_id", "exec_id", "leg", "side", "qty", "px", "fee"))


def _paper_executions() -> list[tuple[object, ...]]:
    rows = PaperExecution.objects.filter(order__account__number__startswith="PAPER-BENCH")
    return list(rows.values_list("order__cl_ord_id", "exec_id", "leg", "side", "qty", "px", "fee"))


def _positions() -> list[tuple[str, str, int]]:
    held = Position.objects.filter(account__code__startswith="BENCH").exclude(qty=0)
    return list(held.values_list("account__broker_account", "instrument__symbol", "qty"))


def _paper_positions() -> list[tuple[str, str, int]]:
    held = PaperPosition.objects.filter(account__number__startswith="PAPER-BENCH").exclude(qty=0)
    return list(held.values_list("account__number", "symbol", "qty"))


def _summed() -> list[tuple[str, str, int]]:
    """Return what the executions alone make of the positions."""
    sums: Counter[tuple[str, str]] = Counter()
    for account, symbol, side, qty in _live().values_list(
        "account__broker_account", "instrument__symbol", "side", "qty"
    ):
        sums[account, symbol] += qty if side == "BUY" else -qty
    return [(account, symbol, qty) for (account, symbol), qty in sums.items() if qty]


def _cash_differs() -> int:
    ours = dict(CashBalance.objects.values_list("account__broker_account", "cash"))
    theirs = dict(PaperAccount.objects.values_list("number", "cash"))
    return sum(abs(ours.get(number, Decimal(0)) - cash) >= CENT for number, cash in theirs.items())


def _stuck() -> int:
    """Count orders and requests whose end is not known."""
    requests = OrderRequest.objects.filter(state__in=UNSETTLED)
    return requests.count() + len(open_orders())


def _reservations_left() -> int:
    ended = _orders().filter(status__in=CLOSED_STATUSES).values("id")
    return Reservation.objects.filter(released_at=None, order_id__in=ended).count()


def _unaudited(ours: Mapping[str, str]) -> int:
    staged = AuditEntry.objects.filter(action="order.staged").values("subject").distinct().count()
    return abs(staged - len(ours))


def _denied_for() -> list[str]:
    return [reason[:50] for reason in _orders().filter(status="DENIED").values_list("reason", flat=True)]
