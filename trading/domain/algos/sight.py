"""What a run sees: quotes of its legs made into costs of its package, and what is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from allcore.kernel.calendar import Session
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
    """When a look is taken, the same for all runs. A quote vouched for before `oldest` (the system's clock) is old."""

    oldest: datetime
    at: datetime
    opened_for: float | None = None
    left: float | None = None


def moment(now: datetime, at: datetime, session: Session | None) -> Moment:
    """Return the moment that is `now` on the system's clock and `at` on the exchange's."""
    oldest = now - timedelta(seconds=FRESH_SECONDS)
    if session is None:
        return Moment(oldest, at)
    return Moment(oldest, at, seconds_between(session.opens_at, at), seconds_between(at, session.closes_at))


def look(
    package: Package, quotes: Mapping[str, Quote], when: Moment, *, usual: Decimal | None = None, legged: bool = False
) -> Look:
    """Return what the run sees now."""
    sides: list[tuple[int, Decimal, Decimal]] = []
    volume = None
    for symbol, ratio in package.legs:
        quote = quotes.get(symbol)
        fault = _fault(symbol, quote, ratio, when.oldest)
        if fault or quote is None or quote.bid is None or quote.ask is None:
            return _told(when, fault)
        sides.append((ratio, quote.bid, quote.ask))
        traded = quote.volume // abs(ratio)
        volume = traded if volume is None or traded < volume else volume
    bid, ask = net(sides)
    spot = quotes.get(package.underlying)
    return Look(
        at=when.at,
        bid=bid,
        ask=ask,
        opened_for=when.opened_for,
        left=when.left,
        usual=usual,
        volume=volume,
        spot=None if spot is None else spot.mid,
        legs=tuple(LegSight(low, high) for _, low, high in sides) if legged else (),
    )


def _told(when: Moment, fault: str) -> Look:
    return Look(at=when.at, bid=None, ask=None, fault=fault)


def _fault(symbol: str, quote: Quote | None, ratio: int, oldest: datetime) -> str:
    """Return what is wrong with a leg's quote, or nothing."""
    if quote is None:
        return f"There is no quote for {symbol}."
    if quote.received_at < oldest:
        return f"The quote of {symbol} is older than {FRESH_SECONDS:.0f} s."
    if quote.bid is None or quote.ask is None or quote.is_halted:
        return f"The quote of {symbol} is {quote.quality.replace('_', ' ').lower()}."
    if quote.bid >= quote.ask:
        return f"The quote of {symbol} is {quote.quality.lower()}."
    return "" if quote.bid or ratio > 0 else f"Nobody bids for {symbol}, which is to be sold."
