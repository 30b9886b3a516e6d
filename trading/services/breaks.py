"""Differences between the broker's positions and cash and ours. They are written down, never adjusted away."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from allcore.audit.services import record
from allcore.kernel.instruments import InvalidSymbolError, OptionContract
from allcore.kernel.money import to_cents
from allcore.kernel.reports import MassStatus
from allcore.live import publish_on_commit
from brokers.models import Account
from trading.models import Break, CashBalance, Execution, Position

ACTOR = "desk:reconcile"
CASH_TOLERANCE = Decimal("0.05")


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
        ours = dict(Position.objects.filter(account=account).exclude(qty=0).values_list("instrument__symbol", "qty"))
        theirs = {report.symbol: report.qty for report in status.positions if report.account == number and report.qty}
        _settle_kind(account, Break.Kind.POSITION, _differences(ours, theirs), now)
        _settle_kind(account, Break.Kind.CASH, _cash_difference(account, number, status), now)


def _differences(ours: Mapping[str, int], theirs: Mapping[str, int]) -> dict[str, tuple[str, str]]:
    symbols = sorted(set(ours) | set(theirs))
    return {s: (str(ours.get(s, 0)), str(theirs.get(s, 0))) for s in symbols if ours.get(s, 0) != theirs.get(s, 0)}


def _cash_difference(account: Account, number: str, status: MassStatus) -> dict[str, tuple[str, str]]:
    ours = CashBalance.objects.filter(account=account).values_list("cash", flat=True)
    held = to_cents(next(iter(ours), Decimal(0)))
    theirs = next((balance.cash for balance in status.balances if balance.account == number), None)
    if theirs is None or abs(theirs - held) <= CASH_TOLERANCE:
        return {}
    return {"USD": (str(held), str(to_cents(theirs)))}


def _settle_kind(account: Account, kind: Break.Kind, found: Mapping[str, tuple[str, str]], now: datetime) -> None:
    standing = {b.subject: b for b in Break.objects.filter(account=account, kind=kind, resolved_at=None)}
    for subject, row in standing.items():
        if subject not in found:
            row.resolved_at, row.resolution = now, "The books agree again."
            row.save(update_fields=["resolved_at", "resolution"])
            _tell(row, "closed", now)
    for subject, (ours, theirs) in found.items():
        if subject in standing:
            standing[subject].ours, standing[subject].theirs = ours, theirs
            standing[subject].save(update_fields=["ours", "theirs"])
        else:
            _tell(_open(account, kind, subject, (ours, theirs), now), "opened", now)


def _open(account: Account, kind: Break.Kind, subject: str, sides: tuple[str, str], now: datetime) -> Break:
    return Break.objects.create(
        account=account,
        kind=kind,
        subject=subject,
        underlying=_underlying(subject) if kind is Break.Kind.POSITION else "",
        ours=sides[0],
        theirs=sides[1],
        found_at=now,
    )


def _underlying(symbol: str) -> str:
    try:
        return OptionContract.parse(symbol).root
    except InvalidSymbolError:
        return symbol


def _tell(row: Break, what: str, now: datetime) -> None:
    seen = {"kind": row.kind, "subject": row.subject, "ours": row.ours, "theirs": row.theirs}
    record(f"break.{what}", f"break:{row.pk}", seen, actor=ACTOR, at=now, account=row.account.code)
    publish_on_commit("alerts", f"break_{what}", seen, account=row.account.code)
