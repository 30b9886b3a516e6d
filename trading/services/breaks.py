"""Differences between the broker's books and ours. They are written down, never adjusted away."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Exists, OuterRef, Sum

from allcore.accounts.actors import desk_name
from allcore.audit.services import record
from allcore.kernel.instruments import InvalidSymbolError, OptionContract
from allcore.kernel.money import to_cents
from allcore.kernel.orders import CLOSED_STATUSES
from allcore.kernel.reports import MassStatus, PositionReport
from allcore.live import publish_on_commit
from brokers.models import Account
from trading.domain.books.lots import LotMethod
from trading.domain.orders.events import Alert
from trading.models import Break, CashBalance, Execution, Order, OrderRequest, Position
from trading.services.replay import families, replayed

ACTOR = desk_name("reconcile")
CASH_TOLERANCE = Decimal("0.05")
PRICE_TOLERANCE = Decimal("0.0001")  # of our average price
FEES_IN_FLIGHT = timedelta(minutes=10)  # a broker may charge an execution's fees that much later than it tells of it
AGREED = "The books agree again."
IN_DOUBT_UNRESOLVED = "IN_DOUBT_UNRESOLVED"


@dataclass(frozen=True, slots=True)
class Difference:
    """What each side says, and what a person needs beside it."""

    ours: str
    theirs: str
    details: dict[str, object] = field(default_factory=dict)


def compare(status: MassStatus, *, now: datetime) -> None:
    """Open a break for each difference, close those gone. Accounts that traded after the snapshot wait for the next."""
    accounts = {a.broker_account: a for a in Account.objects.filter(connection__name=status.connection)}
    moved = set(
        Execution.objects.filter(connection__name=status.connection, received_at__gte=status.taken_at).values_list(
            "account__broker_account", flat=True
        )
    )
    for number, account in accounts.items():
        if number in moved:
            continue
        held = Position.objects.filter(account=account).exclude(qty=0)
        ours = {symbol: (qty, px) for symbol, qty, px in held.values_list("instrument__symbol", "qty", "avg_px")}
        theirs = {report.symbol: report for report in status.positions if report.account == number and report.qty}
        _settle_kind(account, Break.Kind.POSITION, _positions(ours, theirs), now)
        _settle_kind(account, Break.Kind.PRICE, _prices(account, ours, theirs, now), now)
        _settle_kind(account, Break.Kind.CASH, _cash(account, number, status), now)


Held = Mapping[str, tuple[int, Decimal | None]]


def _positions(ours: Held, theirs: Mapping[str, PositionReport]) -> dict[str, Difference]:
    found = {}
    for symbol in sorted(set(ours) | set(theirs)):
        mine, report = ours.get(symbol, (0, None)), theirs.get(symbol)
        qty = 0 if report is None else report.qty
        if mine[0] != qty:
            price = None if report is None else str(report.avg_px)
            found[symbol] = Difference(str(mine[0]), str(qty), {"avg_px": price})
    return found


def _prices(account: Account, ours: Held, theirs: Mapping[str, PositionReport], now: datetime) -> dict[str, Difference]:
    """An average price that differs by more than a hundredth of a percent, where the quantities agree.

    Brokers say the average cost, which a partial close leaves as it was; lots taken in their order leave another
    average. Only what differs from both is a difference.
    """
    differing = {
        symbol: (px, report.avg_px)
        for symbol, report in sorted(theirs.items())
        for qty, px in [ours.get(symbol, (0, None))]
        if qty == report.qty and not _is_near(report.avg_px, px)
    }
    costs = _average_costs(account, differing, now) if differing else {}
    return {
        symbol: Difference(f"{px.normalize():f}", f"{said.normalize():f}")
        for symbol, (px, said) in differing.items()
        if px is not None and not _is_near(said, costs.get(symbol))
    }


def _is_near(said: Decimal, px: Decimal | None) -> bool:
    return px is not None and (px <= 0 or abs(said - px) <= px * PRICE_TOLERANCE)


def _average_costs(account: Account, symbols: Iterable[str], now: datetime) -> dict[str, Decimal | None]:
    """Return what the positions cost on average, made from what happened alone."""
    held = Position.objects.filter(account=account, instrument__symbol__in=symbols)
    wanted = [(account.pk, pk) for pk in held.values_list("instrument", flat=True)]
    shelves = [
        shelf
        for _, instruments in families(wanted)
        for shelf in replayed(account, instruments, now=now, method=LotMethod.AVERAGE).values()
    ]
    return {shelf.position.instrument.symbol: shelf.position.avg_px for shelf in shelves}


def _cash(account: Account, number: str, status: MassStatus) -> dict[str, Difference]:
    ours = CashBalance.objects.filter(account=account).values_list("cash", flat=True)
    held = to_cents(next(iter(ours), Decimal(0)))
    theirs = next((balance.cash for balance in status.balances if balance.account == number), None)
    if theirs is None or abs(theirs - held) <= CASH_TOLERANCE + _fees_in_flight(account, status.taken_at):
        return {}
    return {"USD": Difference(str(held), str(to_cents(theirs)))}


def _fees_in_flight(account: Account, at: datetime) -> Decimal:
    lately = Execution.objects.filter(account=account, status="LIVE", received_at__gte=at - FEES_IN_FLIGHT)
    total: Decimal | None = lately.aggregate(total=Sum("fee"))["total"]
    return total or Decimal(0)


def _settle_kind(account: Account, kind: Break.Kind, found: Mapping[str, Difference], now: datetime) -> None:
    standing = {b.subject: b for b in Break.objects.filter(account=account, kind=kind, resolved_at=None)}
    for subject, row in standing.items():
        if subject not in found:
            close(row, AGREED, now=now)
    for subject, said in found.items():
        if subject not in standing:
            _open(account, kind, subject, said, now)
        elif (standing[subject].ours, standing[subject].theirs) != (said.ours, said.theirs):
            row = standing[subject]
            row.ours, row.theirs, row.details = said.ours, said.theirs, said.details
            row.save(update_fields=["ours", "theirs", "details"])
            tell(row, "changed", now)


def _open(account: Account, kind: Break.Kind, subject: str, said: Difference, now: datetime) -> None:
    row = Break.objects.create(
        account=account,
        kind=kind,
        subject=subject,
        # Only a position that differs holds trading up: the risk of what is held is not known then.
        underlying=underlying_of(subject) if kind is Break.Kind.POSITION else "",
        ours=said.ours,
        theirs=said.theirs,
        details=said.details,
        found_at=now,
    )
    tell(row, "opened", now)


def open_for_order(order: Order, code: str, sides: tuple[str, str], *, halts: bool, now: datetime) -> None:
    """Put an order's trouble on the break desk, once; if it halts, nothing is opened in its name on the account."""
    row, is_new = Break.objects.get_or_create(
        account=order.account,
        kind=Break.Kind.ORDER,
        code=code,
        subject=order.cl_ord_id,
        resolved_at=None,
        defaults={
            "underlying": order.underlying if halts else "",
            "ours": sides[0][:60],
            "theirs": sides[1][:60],
            "order": order,
            "found_at": now,
        },
    )
    if is_new:
        tell(row, "opened", now)


def close(row: Break, resolution: str, *, now: datetime) -> None:
    """Close a break whose cause is gone."""
    row.resolved_at, row.resolution = now, resolution
    row.save(update_fields=["resolved_at", "resolution"])
    tell(row, "closed", now)


def close_for_order(order: Order, code: str, resolution: str, *, now: datetime) -> None:
    """Close an order's break of that code, if it is open."""
    for row in Break.objects.select_related("account").filter(order=order, code=code, resolved_at=None).order_by("id"):
        close(row, resolution, now=now)


def close_settled(connection: str, *, now: datetime) -> None:
    """Close what was put before a person about orders of the connection and has settled itself since."""
    rows = Break.objects.select_for_update(of=("self",)).select_related("account").order_by("id")
    standing = rows.filter(order__connection__name=connection, resolved_at=None)
    for row in standing.filter(code=Alert.CANCEL_REJECTED_AGAIN, order__status__in=CLOSED_STATUSES):
        close(row, "The order has ended.", now=now)
    in_doubt = OrderRequest.objects.filter(order=OuterRef("order"), state=OrderRequest.State.IN_DOUBT)
    for row in standing.filter(~Exists(in_doubt), code=IN_DOUBT_UNRESOLVED):
        close(row, "It is known what became of it.", now=now)


def underlying_of(symbol: str) -> str:
    """Return the underlying of an option's symbol; any other symbol is its own."""
    try:
        return OptionContract.parse(symbol).root
    except InvalidSymbolError:
        return symbol


def tell(row: Break, what: str, now: datetime, *, actor: str = ACTOR) -> None:
    """Put a break's change on record, and tell the browsers."""
    seen = {"kind": row.kind, "code": row.code, "subject": row.subject, "ours": row.ours, "theirs": row.theirs}
    account = row.account.code
    record(
        f"break.{what}", f"break:{row.pk}", {**seen, "resolution": row.resolution}, actor=actor, at=now, account=account
    )
    if what == "opened":
        message = f"{row.get_kind_display()} {row.subject}: we say {row.ours}, the broker {row.theirs}."
        publish_on_commit(
            "alerts",
            "break_opened",
            {**seen, "code": "BREAK", "message": message, "severity": "CRITICAL"},
            account=account,
        )
    publish_on_commit("breaks", f"break_{what}", {"what": "break", "id": row.pk}, account=account)
