"""Where the paper broker sees the market: a port, so that it knows no Redis."""

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Protocol

from allcore.kernel.clock import ExchangeClock
from allcore.kernel.quotes import Quote


class QuoteSource(Protocol):
    """The market as the feed publishes it."""

    def batches(self, watched: "Watched") -> AsyncIterator[Mapping[str, Quote] | None]:
        """Yield quotes of watched symbols as they change, for ever; None says that some may have been missed."""

    async def latest(self, symbols: Iterable[str]) -> dict[str, Quote]:
        """Return the quotes that stand now; a symbol never quoted is absent.

        Raises:
            UnavailableError: they cannot be read.
        """

    async def clock(self) -> ExchangeClock:
        """Return the exchange's clock.

        Raises:
            UnavailableError: no feed has set one, or it cannot be read.
        """

    async def close(self) -> None:
        """Let the connections go."""


class Watched(Protocol):
    """Says which symbols matter at this moment."""

    def __call__(self) -> set[str]:
        """Return them."""


class CloseBook(Protocol):
    """Official closes from somewhere else, for a session that was not there to see them."""

    def __call__(self, underlying: str, day: date) -> Decimal | None:
        """Return the close, or None if it is not known. May block."""
