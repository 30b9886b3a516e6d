"""Positions and cash in Schwab's JSON."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from allcore.kernel.reports import BalanceReport, PositionReport

PRICES = ("averagePrice", "averageLongPrice", "averageShortPrice")  # the first that is said


def positions_of(body: Mapping[str, Any], account: str) -> Sequence[PositionReport]:
    """Read the positions of an account asked for with them."""
    rows = body["securitiesAccount"].get("positions") or ()
    return [_position(row, account) for row in rows]


def _position(row: Mapping[str, Any], account: str) -> PositionReport:
    # Parts of a share, of reinvested dividends, are left out: the desk keeps whole shares and could not sell them.
    long, short = (Decimal(str(row.get(f"{side}Quantity") or 0)) for side in ("long", "short"))
    named = row["instrument"]
    return PositionReport(
        account=account,
        symbol=str(named.get("symbol") or named["cusip"]),  # a bond may have no other name
        qty=int(long - short),
        avg_px=Decimal(str([row[name] for name in PRICES if row.get(name) is not None][0])),  # noqa: RUF015 a LookupError
    )


def balance_of(body: Mapping[str, Any], account: str) -> BalanceReport:
    """Read the cash."""
    balances = body["securitiesAccount"]["currentBalances"]
    cash = balances.get("cashBalance")
    return BalanceReport(account, Decimal(str(balances["totalCash"] if cash is None else cash)))
