"""A book kept from the gateway's rows: each inserts, changes or deletes one position. Pure."""

from dataclasses import dataclass, field
from decimal import Decimal

from brokers.depth import Level

INSERT, UPDATE, DELETE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it was told."""

    position: int
    maker: str
    operation: int
    is_bid: bool
    price: Decimal | None
    size: int


@dataclass(slots=True)
class Book:
    """One instrument's levels, `rows` a side at most."""

    symbol: str
    rows: int
    bids: list[Level] = field(default_factory=list)
    asks: list[Level] = field(default_factory=list)

    def take(self, row: Row) -> bool:
        """Apply a row; return False if it does not fit what came before: then the book cannot be trusted."""
        side = self.bids if row.is_bid else self.asks
        if row.operation == DELETE:
            if not 0 <= row.position < len(side):
                return False
            del side[row.position]
            return True
        if row.price is None or row.operation not in (INSERT, UPDATE) or not 0 <= row.position <= len(side):
            return False
        level = Level(row.price, row.size, row.maker)
        if row.operation == UPDATE and row.position < len(side):
            side[row.position] = level
        else:
            side.insert(row.position, level)
            del side[self.rows :]
        return True

    def clear(self) -> None:
        """Forget all levels: the gateway begins anew."""
        self.bids.clear()
        self.asks.clear()
