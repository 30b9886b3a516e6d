"""The market's points that a day's P&L is explained between: what is now, and what was kept."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from allcore.kernel.instruments import InstrumentKind
from allcore.kernel.quotes import Quote
from marketdata.domain.pricing import years_to_expiry
from trading.domain.books.valuation import Valued
from trading.domain.explain.day import Point
from trading.domain.greeks import OptionTerms, cross_greeks
from trading.models import GreekPoint

VALUES = ("spot", "iv", "rate", "delta", "gamma", "theta", "vega", "rho", "vanna", "volga")
POINTS = 100.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What moves marks at one moment of the exchange's clock: quotes by symbol, and the riskless rate."""

    at: datetime
    quotes: Mapping[str, Quote]
    rate: float | None


def point_of(position: Valued, moment: Moment) -> Point | None:
    """Return where the position's instrument stands, or None without a mark."""
    line, greeks = position.line, position.greeks
    if position.mark is None:
        return None
    if line.kind is not InstrumentKind.OPTION:
        return Point(moment.at, position.mark.px, spot=float(position.mark.px), delta=1.0)
    quote = moment.quotes.get(line.underlying)
    mid = None if quote is None else quote.mid
    spot = None if mid is None else float(mid)
    if greeks is None or spot is None:
        return Point(moment.at, position.mark.px, spot=spot)
    vanna, volga = _cross(position, spot, moment)
    return Point(
        at=moment.at,
        px=position.mark.px,
        spot=spot,
        iv=greeks.iv,
        rate=moment.rate,
        delta=greeks.delta,
        gamma=greeks.gamma,
        theta=greeks.theta,
        vega=greeks.vega,
        rho=greeks.rho,
        vanna=vanna,
        volga=volga,
    )


def _cross(position: Valued, spot: float, moment: Moment) -> tuple[float, float]:
    line, greeks = position.line, position.greeks
    if greeks is None or line.expiry is None or line.strike is None:
        return 0.0, 0.0
    years = years_to_expiry(moment.at, line.expiry)
    terms = OptionTerms(spot, float(line.strike), greeks.iv, years, moment.rate or 0.0)
    return cross_greeks(terms, vega=greeks.vega * POINTS)


def kept(instruments: Collection[int], today: date) -> dict[int, list[Point]]:
    """Return the points of each instrument, oldest first: the close before today, if kept, and today's trades."""
    closes = GreekPoint.objects.filter(instrument__in=instruments, kind=GreekPoint.Kind.CLOSE, day__lt=today)
    newest = closes.order_by("instrument_id", "-at").distinct("instrument_id")
    trades = GreekPoint.objects.filter(instrument__in=instruments, kind=GreekPoint.Kind.TRADE, day=today)
    found: dict[int, list[Point]] = {}
    for row in [*newest, *trades.order_by("at", "id")]:
        found.setdefault(row.instrument_id, []).append(_point(row))
    return found


def _point(row: GreekPoint) -> Point:
    known = (getattr(row, name) for name in VALUES)
    return Point(row.at, row.px, *(None if value is None else float(value) for value in known))
