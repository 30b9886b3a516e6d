"""Which option to sell: the most out-of-the-money one whose delta lies in the range and that can be traded."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from allcore.kernel.instruments import OptionContract, Right, TickRule
from allcore.kernel.money import floor_to_tick
from allcore.kernel.quotes import Greeks, Quality, Quote
from trading.domain.protocol.parameter_groups import Liquidity

POINTS = 100  # delta of 0.40 is 40 points
CENTS = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One listed option as it stands. What is not known is None, and then it is not chosen."""

    contract: OptionContract
    multiplier: int
    tick_rule: TickRule
    quote: Quote | None
    greeks: Greeks | None
    open_interest: int | None
    volume: int | None

    @property
    def points(self) -> float | None:
        """Unsigned delta in points."""
        return None if self.greeks is None else abs(self.greeks.delta) * POINTS

    @property
    def mid(self) -> Decimal | None:
        """The middle of the market."""
        return None if self.quote is None else self.quote.mid

    @property
    def limit(self) -> Decimal | None:
        """The price to sell at: the mid, on the tick grid, not above it."""
        mid = self.mid
        return None if mid is None else floor_to_tick(mid, self.tick_rule.tick_at(mid))


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and why each other candidate in reach was not."""

    candidate: Candidate | None
    rejected: tuple[tuple[Candidate, str], ...]


def choose(
    candidates: Iterable[Candidate], delta_range: tuple[float, float], liquidity: Liquidity, *, now: datetime
) -> Choice:
    """Return the most out-of-the-money candidate inside the range, both ends included, that passes the gates."""
    rejected: list[tuple[Candidate, str]] = []
    for candidate in sorted(candidates, key=_outermost_first):
        fault = outside(candidate, delta_range) or illiquidity(candidate, liquidity, now=now)
        if fault is None:
            return Choice(candidate, tuple(rejected))
        rejected.append((candidate, fault))
    return Choice(None, tuple(rejected))


def outside(candidate: Candidate, delta_range: tuple[float, float]) -> str | None:
    """Return why the candidate's delta does not do, or None."""
    low, high = delta_range
    points = candidate.points
    if points is None:
        return "its delta is not known"
    if not low <= points <= high:
        return f"its delta is {points:.1f}, outside {low:.0f} to {high:.0f}"
    return None


def illiquidity(candidate: Candidate, liquidity: Liquidity, *, now: datetime) -> str | None:
    """Return why the candidate cannot be traded well, or None. Borders pass."""
    return quote_fault(candidate.quote, liquidity, now=now) or (
        _too_few(candidate.open_interest, liquidity.open_interest, "open interest")
        or _too_few(candidate.volume, liquidity.volume, "volume")
    )


def quote_fault(quote: Quote | None, liquidity: Liquidity, *, now: datetime) -> str | None:
    """Return why the quote may not be decided on, or None; `now` is the system's time."""
    if quote is None or quote.quality is not Quality.GOOD:
        return "it has no quote" if quote is None else f"its quote is {quote.quality.lower().replace('_', ' ')}"
    if quote.age(now) > liquidity.age_seconds:
        return f"its quote is {quote.age(now):.0f} s old, more than {liquidity.age_seconds:.0f}"
    mid, width = quote.mid, quote.width
    if mid is None or width is None or mid <= 0:
        return "it has no price"
    if width > max(mid * liquidity.width, liquidity.width_usd):
        return f"its market is {width} wide on a mid of {mid.quantize(CENTS)}"
    return None


def _outermost_first(candidate: Candidate) -> tuple[Decimal, str]:
    contract = candidate.contract
    return (contract.strike if contract.right is Right.PUT else -contract.strike, contract.symbol)


def _too_few(seen: int | None, least: int, what: str) -> str | None:
    if least == 0:
        return None
    if seen is None:
        return f"its {what} is not known"
    return f"its {what} is {seen}, less than {least}" if seen < least else None
