"""Positions and accounts' P&L as they travel: the same row in REST answers, snapshots and live messages."""

from datetime import datetime
from decimal import Decimal

from allcore.kernel.instruments import InstrumentKind, OptionContract
from allcore.kernel.money import to_cents
from trading.domain.books.valuation import Line, Valued
from trading.selectors.pnl import AccountPnl
from trading.selectors.rows import Row, iso, text

GREEK_PLACES = 4


def position_row(position: Valued) -> Row:
    """Return a position's row; Greeks are of the whole position."""
    line, greeks = position.line, position.greeks
    return {
        "id": f"{line.account}:{line.symbol}",
        "account": line.account,
        "symbol": line.symbol,
        "description": describe(line),
        "underlying": line.underlying,
        "kind": str(line.kind),
        "qty": line.qty,
        "avg_px": text(line.avg_px),
        "mark": None if position.mark is None else text(position.mark.px),
        "is_stale": position.mark is not None and position.mark.is_stale,
        "market_value": _dollars(position.market_value),
        "unrealised": _dollars(position.unrealised),
        "realised": _dollars(line.realised),
        "fees": _dollars(line.fees),
        "income": _dollars(line.income),
        "day_pnl": _dollars(position.day_pnl),
        "delta": _greek(position.shares, None if greeks is None else greeks.delta),
        "gamma": _greek(position.shares, None if greeks is None else greeks.gamma),
        "theta": _greek(position.shares, None if greeks is None else greeks.theta),
        "vega": _greek(position.shares, None if greeks is None else greeks.vega),
    }


def pnl_row(pnl: AccountPnl, at: datetime) -> Row:
    """Return an account's row; `at` is the exchange's time."""
    own, net = pnl.books, pnl.net
    return {
        "account": own.account.code,
        "equity": _dollars(pnl.equity),
        "cash": _dollars(own.cash),
        "realised": _dollars(own.realised),
        "unrealised": _dollars(pnl.unrealised),
        "fees": _dollars(own.fees),
        "income": _dollars(own.income),
        "day_pnl": _dollars(pnl.day_pnl),
        "net_delta": None if net is None else round(net.delta, GREEK_PLACES),
        "net_gamma": None if net is None else round(net.gamma, GREEK_PLACES),
        "net_theta": None if net is None else round(net.theta, GREEK_PLACES),
        "net_vega": None if net is None else round(net.vega, GREEK_PLACES),
        "deployed": _dollars(pnl.deployed),
        "deployed_ratio": text(pnl.deployed_ratio),
        "drawdown": text(pnl.drawdown),
        "breaches": pnl.breaches,
        "at": iso(at),
    }


def describe(line: Line) -> str:
    """Return the instrument as a trader says it."""
    return str(OptionContract.parse(line.symbol)) if line.kind is InstrumentKind.OPTION else line.symbol


def _dollars(amount: Decimal | None) -> str | None:
    return None if amount is None else text(to_cents(amount))


def _greek(shares: int, of_a_share: float | None) -> float | None:
    if not shares:
        return 0.0
    return None if of_a_share is None else round(shares * of_a_share, GREEK_PLACES)
