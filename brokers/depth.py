"""How deep the market is: the book of one instrument, level by level. Only some feeds have this."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Level:
    """One price, and how much is bid or offered at it; `maker` is who does, where the broker says so."""

    price: Decimal
    size: int
    maker: str = ""


@dataclass(frozen=True, slots=True)
class Depth:
    """A book as it stands, best prices first. One that is `lost` is empty, and says why: it follows nothing more."""

    symbol: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    received_at: datetime
    lost: str = ""


class DepthFeed(Protocol):
    """Books in."""

    async def subscribe(self, symbol: str, *, rows: int = 5) -> None:
        """Ask for the instrument's book as well."""

    async def unsubscribe(self, symbol: str) -> None:
        """Stop asking."""

    def depths(self) -> AsyncIterator[Depth]:
        """Yield a book whenever it changes."""
