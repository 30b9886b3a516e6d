"""What a filled order changes: position, cash, what is bound, Greeks; each before and after.

Units: RATIO of equity, USD, CONTRACTS, SHARES; Greeks are the account's, in shares, dollars a day and dollars a point.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from allcore.kernel.money import ZERO, from_float
from allcore.kernel.quotes import Greeks
from risk.domain.cover import requirement
from risk.domain.exposures import committed, secured
from risk.domain.lines import Line, held, merged, traded
from risk.domain.prices import signed_limit, unit_multiplier
from risk.domain.request import GateRequest
from risk.domain.verdict import Assessment
from trading.domain.proposals.sentences import instrument

GREEKS = ("delta", "gamma", "theta", "vega")
GREEK_UNITS = {"delta": "SHARES", "gamma": "SHARES", "theta": "USD", "vega": "USD"}


@dataclass(frozen=True, slots=True)
class Change:
    """One measure before the order and after it has filled; None is not known."""

    name: str
    unit: str
    before: Decimal | None
    after: Decimal | None

    def as_row(self) -> dict[str, object]:
        """Return the change as JSON values."""
        return {"name": self.name, "unit": self.unit, "before": _text(self.before), "after": _text(self.after)}


def cash_flow(request: GateRequest, fees: Decimal) -> Decimal:
    """Return what a fill at the limit brings in dollars, fees paid; below zero it costs."""
    cost = signed_limit(request.ticket) or ZERO
    return -cost * unit_multiplier(request.ticket) * request.quantity - fees


def changes(request: GateRequest, assessment: Assessment, fees: Decimal) -> list[Change]:
    """Return the measures of a proposal's card."""
    return [*_positions(request), *_money(request, assessment, fees), *_greeks(request)]


def lines_after(request: GateRequest) -> tuple[Line, ...]:
    """Return the account's lines once the order has filled."""
    return merged((*held(request.book.holdings), *traded(request.ticket, request.quantity)))


def _positions(request: GateRequest) -> Iterable[Change]:
    for line in traded(request.ticket, request.quantity):
        before = request.book.qty(line.symbol)
        unit = "SHARES" if line.contract is None else "CONTRACTS"
        yield Change(instrument(line.symbol), unit, Decimal(before), Decimal(before + line.qty))


def _money(request: GateRequest, assessment: Assessment, fees: Decimal) -> Iterable[Change]:
    book = request.book
    yield Change("Cash", "USD", book.cash, book.cash + cash_flow(request, fees))
    bound = secured(book.holdings)
    yield Change("Cash secured", "USD", bound, bound + _secured_change(request))
    if book.equity is not None and book.equity > 0:
        used = committed(book.holdings, request.pending)
        after = (
            used + max(_secured_change(request), -used) if assessment.is_closing else used + assessment.cash_required
        )
        yield Change("Deployed", "RATIO", used / book.equity, after / book.equity)


def _secured_change(request: GateRequest) -> Decimal:
    name = request.ticket.underlying
    before = held(h for h in request.book.holdings if h.underlying == name)
    after = before + traded(request.ticket, request.quantity)
    return requirement(after).cash - requirement(before).cash


def _greeks(request: GateRequest) -> Iterable[Change]:
    values = request.market.greeks
    before, after = merged(held(request.book.holdings)), lines_after(request)
    for name in GREEKS:
        yield Change(name.capitalize(), GREEK_UNITS[name], _sum(before, name, values), _sum(after, name, values))


def _sum(lines: Iterable[Line], name: str, values: Mapping[str, Greeks]) -> Decimal | None:
    """Return the lines' Greek, or None if one of them has none: a sum that leaves something out would mislead."""
    total = 0.0
    for line in lines:
        if line.contract is None:
            total += line.qty if name == "delta" else 0.0
        elif line.symbol in values:
            total += line.qty * line.multiplier * getattr(values[line.symbol], name)
        else:
            return None
    return from_float(total)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.quantize(Decimal('0.0001')).normalize():f}"
