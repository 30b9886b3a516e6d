"""What was made since the beginning, by strategy, week type, account and broker, as the lots have it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from allcore.accounts.models import User
from allcore.kernel.calendar import monday_of
from brokers.models import Account
from risk.selectors.permissions import visible_accounts
from trading.domain.books.attribution import Part, by
from trading.models import Execution, LotClose, Position, WeekLabel
from trading.selectors.rows import Row, text

DIMENSIONS = ("strategy", "week_type", "account", "broker")
BY_HAND = "By hand"
UNLABELLED = "No label"
OF_LOTS = ("lot__account", "lot__execution__order__proposal__strategy", "lot__execution__order__underlying")
OF_FILLS = ("account", "order__proposal__strategy", "order__underlying")


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
    """Return what was realised, with income and less fees, in each dimension; each sums to the total to the cent."""
    found = parts(list(visible_accounts(user).select_related("connection")))
    total = sum(by(found, "account").values(), Decimal(0))
    tables: Row = {
        name: [{"name": key, "amount": text(amount)} for key, amount in by(found, name).items()] for name in DIMENSIONS
    }
    return tables | {"total": text(total)}


def parts(accounts: Sequence[Account]) -> list[Part]:
    """Return what lots realised, by the order that opened them, all fees by theirs, and income."""
    labels = WeekLabel.objects.filter(account__in=accounts).values_list("account", "underlying", "monday", "week_type")
    names = _Names({account.pk: account for account in accounts}, {(a, u, m): week for a, u, m, week in labels})
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
