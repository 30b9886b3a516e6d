"""Portfolio risk as it travels: one row an account, and one for all that a person sees of an environment.

Dollars are text, rounded to cents where the models' floats end; ratios are of equity.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allcore.accounts.models import User
from allcore.kernel.clock import new_york_date
from risk.domain.measures import portfolio, stress
from risk.domain.measures.backtest import Backtest
from risk.domain.measures.history import LEAST, WINDOW
from risk.domain.measures.numbers import Floats
from risk.domain.measures.portfolio import CONFIDENCES, Risk
from trading.domain.books.valuation import Line, total
from trading.selectors import assignments, measures
from trading.selectors.assignments import Due
from trading.selectors.exposure_rows import beta_weighted, concentration, dollars, drawdown, share
from trading.selectors.measures import REFERENCE, Found
from trading.selectors.pnl import AccountPnl
from trading.selectors.rows import Row, iso


@dataclass(frozen=True, slots=True)
class Group:
    """The accounts that a row is of."""

    title: str
    environment: str
    accounts: tuple[AccountPnl, ...]
    is_household: bool = False

    @property
    def lines(self) -> list[Line]:
        """What they hold."""
        return [line for account in self.accounts for line in account.books.lines if line.qty]

    @property
    def equity(self) -> float | None:
        """Their equity together; None if one's is not known."""
        known = total(account.equity for account in self.accounts)
        return None if known is None else float(known)


def rows(user: User, now: datetime) -> Row:
    """Return the measures of the person's accounts, and of all of them together by environment.

    Raises:
        UnavailableError: no feed has run, or Redis is away.
    """
    found = measures.found(user, now)
    today = new_york_date(found.market.at)
    dividends = assignments.due(found.sheet.names, today, today + timedelta(days=found.sheet.horizon))
    return {
        "as_of": iso(found.market.at),
        "reference": REFERENCE,
        "needed": LEAST,
        "window": WINDOW,
        "horizon_days": found.sheet.horizon,
        "moves": list(stress.SPOT_MOVES),
        "points": list(stress.POINTS),
        "results": [_row(group, found, dividends) for group in _groups(found.accounts)],
    }


def _groups(accounts: Sequence[AccountPnl]) -> Iterable[Group]:
    environments = {account.books.account.pk: account.books.account.connection.environment for account in accounts}
    for environment in sorted(set(environments.values())):
        own = tuple(a for a in accounts if environments[a.books.account.pk] == environment)
        if len(own) > 1:
            yield Group("Household", environment, own, is_household=True)
        for account in own:
            yield Group(account.books.account.code, environment, (account,))


def _row(group: Group, found: Found, dividends: Mapping[str, Due]) -> Row:
    lines, equity = group.lines, group.equity
    missing = sorted({symbol for line in lines for symbol in found.market.lacks(line)})
    seen = {name for line in lines for name in (line.symbol, line.underlying)}
    row: Row = {
        "account": None if group.is_household else group.title,
        "title": group.title,
        "environment": group.environment,
        "accounts": [account.books.account.code for account in group.accounts],
        "equity": None if equity is None else dollars(equity),
        "positions": len(lines),
        "quotes": {"asked": len(seen), "doubtful": found.market.doubts(seen), "missing": missing},
        "concentration": concentration(group.accounts),
        "drawdown": drawdown(group.accounts, found),
        "assignments": assignments.rows(lines, found.market, dividends),
    }
    is_told = bool(lines) and not missing
    return row | (_valued(lines, equity, found) if is_told else dict.fromkeys(("greeks", "beta", "var", "stress")))


def _valued(lines: Sequence[Line], equity: float | None, found: Found) -> Row:
    sheet = found.sheet
    shares = sheet.shares(lines)
    net = portfolio.exposure(shares, sheet.each)
    stressed = portfolio.stressed(shares, sheet.book, sheet.gains, sheet.names)
    move, points = stressed.worst
    worst = float(stressed.grid[move, points])
    return {
        "greeks": {
            "delta": dollars(net.delta),
            "gamma_a_percent": dollars(net.gamma_a_percent),
            "vega_a_point": dollars(net.vega_a_point),
            "theta_a_day": dollars(net.theta_a_day),
            "vanna_a_point": dollars(net.vanna_a_point),
            "charm_a_day": dollars(net.charm_a_day),
            "vomma_a_point": dollars(net.vomma_a_point),
        },
        "beta": beta_weighted(shares, found),
        "var": _var(shares, equity, found),
        "stress": {
            "grid": [[dollars(cell) for cell in line] for line in stressed.grid.tolist()],
            "worst": {"move": move, "points": points, "pnl": dollars(worst), "of_equity": share(worst, equity)},
            "named": [
                {"name": day.name, "move": day.move, "points": day.points, "pnl": dollars(gain)}
                for day, gain in zip(stress.NAMED, stressed.named.tolist(), strict=True)
            ],
            "gap": None
            if stressed.gap is None
            else dict(zip(("underlying", "move", "pnl"), (*stressed.gap[:2], dollars(stressed.gap[2])), strict=True)),
        },
    }


def _var(shares: Floats, equity: float | None, found: Found) -> Row:
    sheet = found.sheet
    joint = sheet.history.joint
    by_greeks = portfolio.by_greeks(shares, sheet.book, sheet.each, sheet.names, joint)
    risk = portfolio.risk(shares, sheet.gains, sheet.history, by_greeks=by_greeks)
    held = {sheet.names[n] for n in sheet.book.owner[shares != 0].tolist()}
    row: Row = {
        "observations": min(len(joint.days), WINDOW),
        "without_history": sorted(held - set(joint.names)),
        "volatility": "HELD" if sheet.history.volatility is None else "INDEX",
    }
    if risk is None:
        return row | {"first": None, "last": None, "tails": [], "backtest": None}
    return row | {
        "first": risk.first.isoformat(),
        "last": risk.last.isoformat(),
        "tails": _tails(risk, equity),
        "backtest": None if risk.backtest is None else _backtest(risk.backtest),
    }


def _tails(risk: Risk, equity: float | None) -> list[Row]:
    return [
        {
            "confidence": level,
            "var": dollars(tail.var),
            "es": dollars(tail.es),
            "of_equity": share(tail.var, equity),
            "worst_days": tail.k,
            "by_greeks": dollars(by_greeks),
        }
        for level, tail, by_greeks in zip(CONFIDENCES, risk.tails, risk.parametric, strict=True)
    ]


def _backtest(done: Backtest) -> Row:
    return {
        "confidence": CONFIDENCES[0],
        "days": done.days,
        "exceptions": done.exceptions,
        "expected": round(done.expected, 2),
        "zone": str(done.zone),
        "is_rejected": done.kupiec.is_rejected,
    }
