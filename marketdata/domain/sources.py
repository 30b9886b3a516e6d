"""What every source of market data is to the feed: listings, history, and quotes as its clock moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from allcore.kernel.instruments import InstrumentKind, OptionContract, TickRule
from allcore.kernel.quotes import Quote
from marketdata.domain.bars import DailyBar


class SourceKind(StrEnum):
    """What the quotes are; shown wherever a price is."""

    SIMULATED = "SIMULATED"
    REPLAY = "REPLAY"
    LIVE = "LIVE"


@dataclass(frozen=True, slots=True)
class Listing:
    """An instrument that the source quotes. `contract` is set for options, whose `underlying` is a symbol."""

    symbol: str
    kind: InstrumentKind
    name: str = ""
    underlying: str = ""
    contract: OptionContract | None = None
    tick_rule: TickRule = TickRule.CENT
    dividend_yield: float = 0.0


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment on both clocks."""

    exchange: datetime
    system: datetime

    @property
    def second(self) -> int:
        """The system's second: what is due once a second is due when it changes."""
        return int(self.system.timestamp())


class Source(Protocol):
    """A market. It moves only when it is told to, and only forward.

    `rate` is the riskless rate a year that its options are valued with.
    """

    kind: SourceKind
    rate: float
    starts_at: datetime

    @property
    def listed_on(self) -> date:
        """The New York day that `listings` holds for: when it changes, they are read anew."""
        ...

    def listings(self) -> Sequence[Listing]:
        """Return what is listed now."""
        ...

    def history(self) -> Sequence[DailyBar]:
        """Return the daily bars that are known at the start."""
        ...

    def official_bars(self, day: date) -> Sequence[DailyBar]:
        """Return the day's bars where the source has better than the feed's own minutes; asked after the close."""
        ...

    def advance(self, moment: Moment) -> Sequence[Quote]:
        """Move to the moment, and return the quotes that changed."""
        ...

    def open_interest(self) -> Mapping[str, int]:
        """Return the open contracts of each option, as the last session left them."""
        ...

    def reopens_after(self, at: datetime) -> datetime | None:
        """Return when quotes next begin after the moment, or None when the recording has no more."""
        ...

    def checkpoint(self) -> dict[str, object]:
        """Return what makes the same market again at the same moment."""
        ...


def cents(amount: int) -> Decimal:
    """Return whole cents as a price."""
    return Decimal(amount).scaleb(-2)
