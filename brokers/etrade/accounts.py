"""Accounts, positions and cash in E*TRADE's JSON."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from allcore.kernel.reports import BalanceReport, PositionReport
from brokers.etrade.lists import many, needed, part
from brokers.etrade.products import symbol_of

CLOSED = "CLOSED"


def keys_of(body: Mapping[str, Any] | None) -> dict[str, str]:
    """Return under which key each open account goes in paths, by its number."""
    rows = [] if body is None else many(part(needed(body["AccountListResponse"], "Accounts"), "Account"))
    return {str(row["accountId"]): str(row["accountIdKey"]) for row in rows if row.get("accountStatus") != CLOSED}


def positions_of(body: Mapping[str, Any] | None, account: str) -> tuple[Sequence[PositionReport], int]:
    """Read a page of positions, and the number of the next (0: there is none)."""
    found, following = [], 0
    for portfolio in [] if body is None else many(part(body["PortfolioResponse"], "AccountPortfolio")):
        found += [_position(row, account) for row in many(part(portfolio, "Position"))]
        following = int(portfolio.get("nextPageNo") or 0)
    return found, following


def _position(row: Mapping[str, Any], account: str) -> PositionReport:
    qty = abs(int(Decimal(str(row["quantity"]))))  # whole shares: the desk could not sell a part of one
    return PositionReport(
        account=account,
        symbol=symbol_of(row),
        qty={"LONG": qty, "SHORT": -qty}[row["positionType"]],
        avg_px=Decimal(str(row["pricePaid"])),
    )


def balance_of(body: Mapping[str, Any], account: str) -> BalanceReport:
    """Read the cash."""
    computed = needed(body["BalanceResponse"], "Computed")
    return BalanceReport(account, Decimal(str(computed["cashBalance"])))
