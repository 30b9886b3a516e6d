"""What a broker must be able to do to feed the desk with quotes: a line of its own, apart from the one for orders."""

from datetime import date
from typing import Protocol

from allcore.kernel.instruments import OptionContract
from brokers.ports import Health, QuoteFeed


class MarketLine(QuoteFeed, Protocol):
    """The quotes of one login. It ends, by an error from `quotes`, rather than tell what may be old."""

    async def connect(self) -> None:
        """Sign in."""

    async def options(self, underlying: str, until: date) -> tuple[OptionContract, ...]:
        """Return the options that expire by the day; the broker may not list every one of them."""

    async def health(self) -> Health:
        """Say how the line is; `heard_at` is when it last gave a sign of life, asked for every few seconds."""

    async def close(self) -> None:
        """Sign out."""
