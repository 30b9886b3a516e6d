"""An option chain as a person reads it: strikes down, calls left, puts right."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.quotes import Greeks, Quote


@dataclass(frozen=True, slots=True)
class ChainCell:
    """One option of the chain; None where the feed has said nothing."""

    symbol: str
    quote: Quote | None
    greeks: Greeks | None
    open_interest: int | None


@dataclass(frozen=True, slots=True)
class ChainRow:
    """Both options of one strike, where both are listed."""

    strike: Decimal
    call: ChainCell | None
    put: ChainCell | None


@dataclass(frozen=True, slots=True)
class Chain:
    """The options of one underlying that expire on one date; `expiries` are all that are listed, nearest first."""

    underlying: str
    spot: Quote | None
    expiry: date | None
    expiries: tuple[date, ...]
    rows: tuple[ChainRow, ...]

    @property
    def cells(self) -> tuple[ChainCell, ...]:
        """Every option, strike by strike, the call before the put."""
        return tuple(cell for row in self.rows for cell in (row.call, row.put) if cell is not None)


def rows_of(
    contracts: Iterable[OptionContract],
    *,
    quotes: Mapping[str, Quote],
    greeks: Mapping[str, Greeks],
    interest: Mapping[str, int],
) -> tuple[ChainRow, ...]:
    """Return one row a strike, lowest first."""
    cells: dict[Decimal, dict[Right, ChainCell]] = {}
    for contract in contracts:
        symbol = contract.symbol
        cell = ChainCell(symbol, quotes.get(symbol), greeks.get(symbol), interest.get(symbol))
        cells.setdefault(contract.strike, {})[contract.right] = cell
    return tuple(ChainRow(k, both.get(Right.CALL), both.get(Right.PUT)) for k, both in sorted(cells.items()))
