"""What was made since the beginning, by strategy, week type, account and broker, as the lots and the marks have it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from allcore.accounts.models import User
from allcore.kernel.calendar import monday_of
from brokers.models import Account
from risk.selectors.permissions import visible_accounts
from trading.domain.books.attribution import Part, by
from trading.models import Execution, Lot, LotClose, Position, WeekLabel
from trading.selectors import snapshots
from trading.selectors.rows import Row, text
from trading.selectors.strategies import strategy_of

DIMENSIONS = ("strategy", "week_type", "account", "broker")
BY_HAND = "By hand"
UNLABELLED = "No label"
OF_LOTS = ("lot__account", strategy_of("lot__execution__order__"), "lot__execution__order__underlying")
OF_OPEN = ("account", strategy_of("execution__order__"), "execution__order__underlying", "execution__trade_date")
OF_FILLS = ("account", strategy_of("order__"), "order__underlying")


@dataclass(frozen=True, slots=True)
class _Names:
    """What a part's keys are made from."""

    accounts: dict[int, Account]
    labels: dict[tuple[int, str, date], str]

    def part(
        self, account: int, strategy: str | None, underlying: str | None, day: date | None, amount: Decimal
    ) -> Part:
        """Return the amount with its keys."""
        own = self.accounts[account]
        week = None if day is None or underlying is None else self.labels.get((account, underlying, monday_of(day)))
        keys = {"strategy": strategy or BY_HAND, "week_type": week or UNLABELLED}
        return Part(keys | {"account": own.code, "broker": own.connection.broker}, amount)


def rows(user: User) -> Row:
    """Return what was made in each dimension at the monitor's last marks; each sums to the total to the cent.

    `unmarked` counts the positions that have no mark: what they gained or lost is in none of the sums.
    """
    accounts = list(visible_accounts(user).select_related("connection"))
    marks = {
        (str(row["account"]), str(row["symbol"])): Decimal(str(row["mark"]))
        for row in snapshots.snapshot("positions", user)
        if row["mark"] is not None
    }
    found = parts(accounts) + open_parts(accounts, marks)
    total = sum(by(found, "account").values(), Decimal(0))
    tables: Row = {
        name: [{"name": key, "amount": text(amount)} for key, amount in by(found, name).items()] for name in DIMENSIONS
    }
    return tables | {"total": text(total), "unmarked": _unmarked(accounts, marks)}


def open_parts(accounts: Sequence[Account], marks: Mapping[tuple[str, str], Decimal]) -> list[Part]:
    """Return what open lots have gained, by the order that opened them; `marks` by account and symbol, a share."""
    names = _names(accounts)
    lots = Lot.objects.filter(account__in=accounts).exclude(open_qty=0).order_by()
    found = lots.values_list(*OF_OPEN, "instrument__symbol", "instrument__multiplier", "open_qty", "cost")
    return [
        names.part(account, strategy, underlying, day, (qty * mark - cost) * multiplier)
        for account, strategy, underlying, day, symbol, multiplier, qty, cost in found
        if (mark := marks.get((names.accounts[account].code, symbol))) is not None
    ]


def _unmarked(accounts: Sequence[Account], marks: Mapping[tuple[str, str], Decimal]) -> int:
    held = Position.objects.filter(account__in=accounts).exclude(qty=0).order_by()
    return sum(pair not in marks for pair in held.values_list("account__code", "instrument__symbol"))


def _names(accounts: Sequence[Account]) -> _Names:
    labels = WeekLabel.objects.filter(account__in=accounts).values_list("account", "underlying", "monday", "week_type")
    return _Names({account.pk: account for account in accounts}, {(a, u, m): week for a, u, m, week in labels})


def parts(accounts: Sequence[Account]) -> list[Part]:
    """Return what lots realised, by the order that opened them, all fees by theirs, and income."""
    names = _names(accounts)
    closes = (
        LotClose.objects.filter(lot__account__in=accounts)
        .order_by()
        .values_list(*OF_LOTS, "lot__execution__trade_date")
    )
    fills = Execution.objects.filter(account__in=accounts, status=Execution.Status.LIVE)
    fees = fills.order_by().values_list(*OF_FILLS, "trade_date")
    income = Position.objects.filter(account__in=accounts).order_by().values_list("account")
    held_fees = dict(income.annotate(Sum("fees")))
    found = [names.part(*row) for row in closes.annotate(Sum("realised"))]
    spent = [
        names.part(account, strategy, underlying, day, -fee)
        for account, strategy, underlying, day, fee in fees.annotate(Sum("fee"))
    ]
    found += spent
    for account, amount in income.annotate(Sum("income")):
        found.append(names.part(account, None, None, None, amount))
    for account, amount in held_fees.items():  # events have fees of their own, and no order
        known = sum((part.amount for part in spent if part.keys["account"] == names.accounts[account].code), Decimal(0))
        found.append(names.part(account, None, None, None, -amount - known))
    return found
