"""Positions and cash in Schwab's JSON."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from allcore.kernel.reports import BalanceReport, PositionReport


def positions_of(body: Mapping[str, Any], account: str) -> Sequence[PositionReport]:
    """Read the positions of an account asked for with them."""
    rows = body["securitiesAccount"].get("positions") or ()
    return [_position(row, account) for row in rows]


def _position(row: Mapping[str, Any], account: str) -> PositionReport:
    # Parts of a share, of reinvested dividends, are left out: the desk keeps whole shares and could not sell them.
    long, short = Decimal(str(row.get("longQuantity", 0))), Decimal(str(row.get("shortQuantity", 0)))
    return PositionReport(
        account=account,
        symbol=str(row["instrument"]["symbol"]),
        qty=int(long - short),
        avg_px=Decimal(str(row["averagePrice"])),
    )


def balance_of(body: Mapping[str, Any], account: str) -> BalanceReport:
    """Read the cash."""
    cash = body["securitiesAccount"]["currentBalances"]["cashBalance"]
    return BalanceReport(account, Decimal(str(cash)))
