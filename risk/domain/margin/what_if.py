"""An account's margin in one underlying, before an order and after it has filled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import InstrumentKind, Right
from allcore.kernel.quotes import Greeks
from risk.domain.lines import Line, held, merged, traded
from risk.domain.margin import portfolio
from risk.domain.margin.portfolio import Rates, Stress
from risk.domain.margin.strategy_based import requirement
from risk.domain.margin.terms import Kind, MarginLeg, Underlying, UnderlyingClass
from risk.domain.request import GateRequest

NINE_MONTHS = timedelta(days=274)
CLASSES = {InstrumentKind.INDEX: UnderlyingClass.BROAD_INDEX}  # the rest moves like a share


@dataclass(frozen=True, slots=True)
class Estimate:
    """Dollars, None where a price is missing. `strategy` is net of what is sold; `portfolio` the worst of ten moves."""

    strategy_before: Decimal | None
    strategy_after: Decimal | None
    portfolio_before: Decimal | None
    portfolio_after: Decimal | None

    def as_dict(self) -> dict[str, object]:
        """Return the figures as JSON values."""
        return {name: None if value is None else f"{value:.2f}" for name, value in self._figures()}

    def _figures(self) -> Iterable[tuple[str, Decimal | None]]:
        return ((name, getattr(self, name)) for name in self.__dataclass_fields__)


def estimate(request: GateRequest, *, dividend: float, rate: float) -> Estimate:
    """Return what a margin account would be asked for in the ticket's underlying, by either set of rules."""
    name, market = request.ticket.underlying, request.market
    spot = market.spots.get(name)
    if spot is None or spot.mid is None:
        return Estimate(None, None, None, None)
    listing = market.listings.get(name)
    klass = UnderlyingClass.EQUITY if listing is None else CLASSES.get(listing.kind, UnderlyingClass.EQUITY)
    underlying, rates = Underlying(spot.mid, klass), Rates(rate, dividend)
    marks = {h.symbol: h.mark for h in request.book.holdings} | {
        symbol: quote.mid for symbol, quote in market.quotes.items()
    }
    before = merged(held(h for h in request.book.holdings if h.underlying == name))
    after = merged((*before, *traded(request.ticket, request.quantity)))
    today = new_york_date(market.exchange_now)
    found = [_stresses(lines, marks, market.greeks, request, today) for lines in (before, after)]
    strategy = [None if rows is None else requirement((row.leg for row in rows), underlying).net for rows in found]
    worst = [None if rows is None else portfolio.requirement(rows, underlying, rates) for rows in found]
    return Estimate(strategy[0], strategy[1], worst[0], worst[1])


def _stresses(
    lines: Iterable[Line],
    marks: Mapping[str, Decimal | None],
    greeks: Mapping[str, Greeks],
    request: GateRequest,
    today: date,
) -> list[Stress] | None:
    rows = []
    for line in lines:
        price = marks.get(line.symbol)
        if price is None:
            return None
        contract = line.contract
        if contract is None:
            rows.append(Stress(MarginLeg(Kind.STOCK, line.qty, price, multiplier=line.multiplier)))
            continue
        leg = MarginLeg(
            Kind.CALL if contract.right is Right.CALL else Kind.PUT,
            line.qty,
            price,
            contract.strike,
            contract.expiry,
            line.multiplier,
            is_long_dated=contract.expiry > today + NINE_MONTHS,
        )
        values = greeks.get(line.symbol)
        years = portfolio.years_to(contract.expiry, request.market.exchange_now)
        rows.append(Stress(leg, years, None if values is None else values.iv))
    return rows
