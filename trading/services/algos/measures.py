"""What the desk measures when a run starts, and which algorithm the market asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from math import sqrt
from typing import Any

from allcore.kernel import calendar
from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import UnavailableError
from allcore.kernel.instruments import TickRule
from allcore.kernel.orders import Side
from allcore.kernel.quotes import Greeks, Quote
from allcore.kernel.tickets import OrderTicket
from marketdata.selectors import history
from trading.domain.algos import choice
from trading.domain.algos.events import Look
from trading.domain.algos.legging import order_of
from trading.domain.algos.parameters import Algo, SliceParameters
from trading.domain.algos.prices import tick_at
from trading.domain.algos.values import Leg

PROFILE_DAYS = 20
LEAST_DAYS = 5
YEAR_SECONDS = 252 * 6.5 * 3600  # of trading
MINUTE_SECONDS = 60
SMALL = Decimal("0.01")
PART = Decimal("0.0001")


class NoProfileError(UnavailableError):
    """There are too few days of minutes to know when the name trades."""

    code = "NO_VOLUME_PROFILE"


class NoLookError(UnavailableError):
    """The market cannot be read well enough to choose or to measure by."""

    code = "NO_MARKET"


def profile(underlying: str, *, starts_at: datetime, ends_at: datetime, slices: int) -> tuple[Decimal, ...]:
    """Return which part of the volume between the two times is usually done by the end of each slice.

    The underlying's minutes of the last twenty sessions are used: an option's own are too few.

    Raises:
        NoProfileError: fewer than five of these sessions have minutes.
    """
    sums, days, session = [0] * slices, 0, calendar.session_on(new_york_date(starts_at))
    if session is None:
        raise NoProfileError("The exchange has no session today. Nothing was started.", underlying=underlying)
    length = ends_at - starts_at
    for _ in range(PROFILE_DAYS):
        before = calendar.previous_session(session.day)
        starts_at += before.opens_at - session.opens_at  # the same time of the day, counted from the open
        session = before
        bars = history.minute_bars(underlying, starts_at, starts_at + length)
        days += bool(bars)
        for bar in bars:
            sums[int((bar.start_at - starts_at) * slices / length)] += bar.volume
    total = sum(sums)
    if days < LEAST_DAYS or total == 0:
        raise NoProfileError(
            f"Of the last {PROFILE_DAYS} sessions {days} have minutes of {underlying}; {LEAST_DAYS} are needed. "
            "Nothing was started.",
            underlying=underlying,
        )
    cumulative = [(Decimal(done) / total).quantize(PART) for done in accumulate(sums)]
    return (*cumulative[:-1], Decimal(1))


def measured(algo: Algo, ticket: OrderTicket, sight: Look, seen: "Seen", given: dict[str, Any]) -> dict[str, Any]:
    """Return what the algorithm needs that nobody sends."""
    if algo is Algo.VWAP:
        slices = int(given.get("slices", SliceParameters().slices))
        return {"profile": profile(ticket.underlying, starts_at=seen.at, ends_at=seen.ends_at, slices=slices)}
    if algo is Algo.ADAPTIVE:
        return _risk_and_impact(ticket, sight, seen)
    if algo is Algo.LEGGING:
        return {"order": order_of(tuple(Leg(leg.side, leg.ratio) for leg in ticket.legs), sight.legs)}
    return {}


@dataclass(frozen=True, slots=True)
class Seen:
    """The market that a run starts in. `ends_at` is the run's, on the exchange's clock like `at`."""

    at: datetime
    ends_at: datetime
    quotes: Mapping[str, Quote]
    greeks: Mapping[str, Greeks]


def _risk_and_impact(ticket: OrderTicket, sight: Look, seen: Seen) -> dict[str, float]:
    """Return sigma, dollars a root second, and eta, dollars a unit a second.

    Sigma is the package's by its delta; trading what is shown within a minute is reckoned to cost half the spread.

    Raises:
        NoLookError: the underlying's price, a delta or a size is missing.
    """
    volatility, shown = _volatility(ticket, seen.greeks), _displayed(ticket, seen.quotes)
    if sight.spot is None or sight.bid is None or sight.ask is None or volatility is None or not shown:
        raise NoLookError("Volatility, delta or displayed size is not known. Nothing was started.")
    delta = sum(
        leg.side.sign * leg.ratio * (1.0 if leg.symbol == ticket.underlying else seen.greeks[leg.symbol].delta)
        for leg in ticket.legs
    )
    sigma = abs(delta) * float(sight.spot) * volatility / sqrt(YEAR_SECONDS)
    half_spread = max(float(sight.ask - sight.bid) / 2, float(SMALL) / 2)
    return {"sigma": sigma, "eta": half_spread * MINUTE_SECONDS / shown}


def _volatility(ticket: OrderTicket, greeks: Mapping[str, Greeks]) -> float | None:
    """Return the mean implied volatility of the option legs; None where one is missing or there is none."""
    values = [greeks.get(leg.symbol) for leg in ticket.legs if leg.symbol != ticket.underlying]
    known = [value.iv for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def _displayed(ticket: OrderTicket, quotes: Mapping[str, Quote]) -> int:
    """Return how many units are shown on the side that would be taken."""
    sizes = []
    for leg in ticket.legs:
        quote = quotes.get(leg.symbol)
        size = 0 if quote is None else quote.ask_size if leg.side is Side.BUY else quote.bid_size
        sizes.append(size // leg.ratio)
    return min(sizes)


def condition(ticket: OrderTicket, sight: Look, seen: Seen, rule: TickRule) -> choice.Condition:
    """Return the market and the order as the table of choices asks for them.

    Raises:
        NoLookError: the market cannot be read.
    """
    if sight.fault or sight.bid is None or sight.ask is None or sight.left is None:
        raise NoLookError(f"The market cannot be read: {sight.fault or 'there is no session'} Nothing was started.")
    mid, width = (sight.bid + sight.ask) / 2, sight.ask - sight.bid
    shown = _displayed(ticket, seen.quotes)
    return choice.Condition(
        legs=len(ticket.legs),
        width_share=width / max(abs(mid), SMALL),
        ticks_wide=int(width / tick_at(rule, mid)),
        of_displayed=Decimal(ticket.quantity) / max(shown, 1),
        minutes_left=min(sight.left / 60, (seen.ends_at - seen.at) / timedelta(minutes=1)),
        volatility=_volatility(ticket, seen.greeks),
    )
