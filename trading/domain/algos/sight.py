"""What a run sees: quotes of its legs made into costs of its package, and what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from allcore.kernel.clock import seconds_between
from allcore.kernel.quotes import Quote
from trading.domain.algos.events import LegSight, Look
from trading.domain.algos.prices import net

FRESH_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Package:
    """The legs to look at: symbol and signed ratio, bought above zero; and the underlying."""

    legs: tuple[tuple[str, int], ...]
    underlying: str


@dataclass(frozen=True, slots=True)
class Moment:
    """When the look is taken: `now` is the system's clock, against which quotes age; the rest is the exchange's."""

    now: datetime
    at: datetime
    opens_at: datetime | None = None
    closes_at: datetime | None = None


def look(
    package: Package, quotes: Mapping[str, Quote], moment: Moment, *, usual: Decimal | None = None, legged: bool = False
) -> Look:
    """Return what the run sees now."""
    sides: list[tuple[int, Decimal, Decimal]] = []
    volume = None
    for symbol, ratio in package.legs:
        quote = quotes.get(symbol)
        fault = _fault(symbol, quote, ratio, moment.now)
        if fault or quote is None or quote.bid is None or quote.ask is None:
            return _told(moment, fault)
        sides.append((ratio, quote.bid, quote.ask))
        traded = quote.volume // abs(ratio)
        volume = traded if volume is None or traded < volume else volume
    bid, ask = net(sides)
    spot = quotes.get(package.underlying)
    return Look(
        at=moment.at,
        bid=bid,
        ask=ask,
        opened_for=None if moment.opens_at is None else seconds_between(moment.opens_at, moment.at),
        left=None if moment.closes_at is None else seconds_between(moment.at, moment.closes_at),
        usual=usual,
        volume=volume,
        spot=None if spot is None else spot.mid,
        legs=tuple(LegSight(low, high) for _, low, high in sides) if legged else (),
    )


def _told(moment: Moment, fault: str) -> Look:
    return Look(at=moment.at, bid=None, ask=None, fault=fault)


def _fault(symbol: str, quote: Quote | None, ratio: int, now: datetime) -> str:
    """Return what is wrong with a leg's quote, or nothing."""
    if quote is None:
        return f"There is no quote for {symbol}."
    if seconds_between(quote.received_at, now) > FRESH_SECONDS:
        return f"The quote of {symbol} is older than {FRESH_SECONDS:.0f} s."
    if quote.bid is None or quote.ask is None or quote.is_halted:
        return f"The quote of {symbol} is {quote.quality.replace('_', ' ').lower()}."
    if quote.bid >= quote.ask:
        return f"The quote of {symbol} is {quote.quality.lower()}."
    return "" if quote.bid or ratio > 0 else f"Nobody bids for {symbol}, which is to be sold."
