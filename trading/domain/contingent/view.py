"""What an order that waits may look at, and only while it can be believed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from allcore.kernel.clock import new_york_date
from allcore.kernel.orders import Side, TriggerPrice
from allcore.kernel.quotes import Greeks, Quality, Quote

STALE_AFTER = 2.0  # seconds since the feed last vouched for a quote: what is older neither triggers nor moves anything


@dataclass(frozen=True, slots=True)
class Portfolio:
    """One account at the market's marks: dollars, and net Greeks of all its positions; None is not known.

    `seen_at` is when the newest of its quotes came, None without positions.
    """

    day_pnl: Decimal | None
    unrealised: Decimal | None
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class View:
    """One moment. `now` is the system's time, against which quotes age; `exchange_now` the time of events."""

    now: datetime
    exchange_now: datetime
    quotes: Mapping[str, Quote]
    greeks: Mapping[str, Greeks] = field(default_factory=dict)
    portfolios: Mapping[str, Portfolio] = field(default_factory=dict)  # by account code
    stale_after: float = STALE_AFTER

    def quote(self, symbol: str) -> Quote | None:
        """Return the symbol's quote if it is fresh, of today, two-sided and neither crossed, locked nor halted."""
        quote = self.quotes.get(symbol)
        if quote is None or quote.quality is not Quality.GOOD or quote.age(self.now) > self.stale_after:
            return None
        is_today = new_york_date(quote.source_at) == new_york_date(self.exchange_now)
        return quote if is_today else None


def price_of(quote: Quote, trigger: TriggerPrice, side: Side) -> Decimal | None:
    """Return the price that sets an order of the side off."""
    match trigger:
        case TriggerPrice.LAST | TriggerPrice.UNDERLYING_LAST:
            return quote.last
        case TriggerPrice.MID:
            return quote.mid
        case TriggerPrice.OPPOSITE:
            return quote.ask if side is Side.BUY else quote.bid
