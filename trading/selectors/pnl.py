"""Profit and loss to read: accounts as their books stand, and as the market values them now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Max, Sum

from allcore.kernel.clock import new_york_date
from allcore.kernel.quotes import Greeks, Quote
from brokers.models import Account
from risk.domain.book import Holding
from risk.domain.exposures import committed
from risk.domain.limits import Limits, MissingNumberError
from risk.models import Reservation
from risk.selectors.limits import in_force_for
from trading.domain.books.marks import Mark
from trading.domain.books.valuation import Line, Valued, drawdown, ratio, total, value
from trading.domain.greeks import NetGreeks, net_greeks
from trading.models import CashBalance, EquityPoint, LedgerEntry, Position
from trading.selectors import books, capital

ZERO = Decimal(0)
NO_SUMS = [ZERO, ZERO, ZERO]  # realised, fees, income
STALE_AFTER = 60.0  # seconds since the source last vouched for a quote


@dataclass(frozen=True, slots=True)
class AccountBooks:
    """One account as its books stand. `capital` is all that was put in; `opened_with` what the day counts from."""

    account: Account
    cash: Decimal
    reserved: Decimal
    realised: Decimal
    fees: Decimal
    income: Decimal
    opened_with: Decimal
    capital: Decimal
    limits: Limits
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class AccountPnl:
    """One account at the market's marks. Money in dollars; None where something that counts is not known."""

    books: AccountBooks
    positions: Sequence[Valued]
    equity: Decimal | None
    unrealised: Decimal | None
    day_pnl: Decimal | None
    net: NetGreeks | None
    deployed: Decimal | None
    drawdown: Decimal | None

    @property
    def deployed_ratio(self) -> Decimal | None:
        """What is at work, of equity."""
        return ratio(self.deployed, self.equity)

    @property
    def pnl(self) -> Decimal | None:
        """Equity less all that was put in."""
        return None if self.equity is None else self.equity - self.books.capital

    @property
    def breaches(self) -> int:
        """How many of the account's own limits are beyond their hard value; one that cannot be measured counts."""
        lost = None if self.day_pnl is None else max(-self.day_pnl, ZERO)
        measured = {"deployment": self.deployed_ratio, "day_loss": ratio(lost, self.books.opened_with)}
        if not self.books.lines and not self.books.capital:
            return 0  # an account that was never funded
        return sum(_is_beyond(self.books.limits, code, seen) for code, seen in measured.items())


def _is_beyond(limits: Limits, code: str, seen: Decimal | None) -> bool:
    try:
        hard = limits[code].hard
    except MissingNumberError:
        return True
    return hard is not None and (seen is None or seen > hard)


def read(exchange_now: datetime, accounts: Sequence[Account] | None = None) -> list[AccountBooks]:
    """Return the books of the accounts, of all if none are named."""
    chosen = list(Account.objects.order_by("position_order", "id") if accounts is None else accounts)
    lines = books.lines(chosen, new_york_date(exchange_now))
    balances = dict(CashBalance.objects.filter(account__in=chosen).values_list("account", "cash"))
    open_reservations = Reservation.objects.filter(account__in=chosen, released_at=None)
    reserved = dict(open_reservations.order_by().values_list("account").annotate(Sum("cash")))
    totals = Position.objects.filter(account__in=chosen).order_by().values_list("account")
    sums = {account: own for account, *own in totals.annotate(Sum("realised"), Sum("fees"), Sum("income"))}
    limits = in_force_for(chosen)
    bases = capital.bases(exchange_now)
    return [
        AccountBooks(
            account=account,
            cash=balances.get(account.pk, ZERO),
            reserved=reserved.get(account.pk, ZERO),
            realised=sums.get(account.pk, NO_SUMS)[0],
            fees=sums.get(account.pk, NO_SUMS)[1],
            income=sums.get(account.pk, NO_SUMS)[2],
            opened_with=bases[account.pk].opened_with,
            capital=bases[account.pk].capital,
            limits=limits[account.pk],
            lines=tuple(line for line in lines if line.account == account.code),
        )
        for account in chosen
    ]


def peak_pnl(account: Account) -> Decimal:
    """Return the best equity less what had been put in by then; at least nothing, which is where it began."""
    flows = LedgerEntry.objects.filter(account=account, ledger=LedgerEntry.Ledger.CAPITAL).order_by("at", "id")
    moments = list(flows.values_list("at", "amount"))
    best = put_in = ZERO
    for n, (at, amount) in enumerate(moments):
        put_in -= amount
        points = EquityPoint.objects.filter(account=account, at__gte=at)
        if n + 1 < len(moments):
            points = points.filter(at__lt=moments[n + 1][0])
        highest = points.aggregate(max=Max("equity"))["max"]
        best = best if highest is None else max(best, highest - put_in)
    return best


def valued(
    own: AccountBooks,
    *,
    quotes: Mapping[str, Quote],
    greeks: Mapping[str, Greeks],
    last: Mapping[str, Decimal],
    peak: Decimal,
    now: datetime,
) -> AccountPnl:
    """Return the account at the market's marks; `last` holds the last good ones by symbol, `now` is the system's."""
    positions = tuple(
        value(
            line,
            quotes.get(line.symbol),
            greeks.get(line.symbol),
            last=last.get(line.symbol),
            is_old=line.symbol not in quotes or quotes[line.symbol].age(now) > STALE_AFTER,
        )
        for line in own.lines
    )
    worth = total(p.market_value for p in positions)
    equity = None if worth is None else own.cash + worth
    return AccountPnl(
        books=own,
        positions=positions,
        equity=equity,
        unrealised=total(p.unrealised for p in positions),
        day_pnl=None if equity is None else equity - own.opened_with,
        net=net_greeks([(p.shares, p.greeks) for p in positions if p.line.qty]),
        deployed=_deployed(own, positions),
        drawdown=drawdown(None if equity is None else equity - own.capital, peak_pnl=peak, capital=own.capital),
    )


def _deployed(own: AccountBooks, positions: Sequence[Valued]) -> Decimal | None:
    """What positions and open orders have at work, as the gate counts it."""
    try:
        return committed([holding_of(p.line, p.mark, p.greeks) for p in positions if p.line.qty], ()) + own.reserved
    except MissingNumberError:
        return None


def holding_of(line: Line, mark: Mark | None = None, greeks: Greeks | None = None) -> Holding:
    """Return the position as the risk rules see it."""
    return Holding(
        symbol=line.symbol,
        underlying=line.underlying,
        kind=line.kind,
        right=line.right,
        strike=line.strike,
        expiry=line.expiry,
        qty=line.qty,
        avg_px=line.avg_px,
        multiplier=line.multiplier,
        mark=None if mark is None else mark.px,
        delta=None if greeks is None else greeks.delta,
    )
