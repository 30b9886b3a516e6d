"""Positions reduced to what a payoff needs: a symbol, a signed quantity, a multiplier."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from allcore.kernel.instruments import OCC_LENGTH, OptionContract
from allcore.kernel.tickets import OrderTicket, TicketLeg
from risk.domain.book import Holding


@dataclass(frozen=True, slots=True)
class Line:
    """`qty` contracts or shares, long above zero; `contract` is None for shares."""

    symbol: str
    qty: int
    multiplier: int
    contract: OptionContract | None


@lru_cache(maxsize=8192)
def contract_of(symbol: str) -> OptionContract | None:
    """Return the option that an OCC symbol names, or None for a share.

    Raises:
        InvalidSymbolError: it has an option symbol's length and is none.
    """
    return OptionContract.parse(symbol) if len(symbol) == OCC_LENGTH else None


def held(holdings: Iterable[Holding]) -> tuple[Line, ...]:
    """Return the lines of positions."""
    return tuple(Line(h.symbol, h.qty, h.multiplier, contract_of(h.symbol)) for h in holdings if h.qty)


def traded(ticket: OrderTicket, units: int) -> tuple[Line, ...]:
    """Return the lines that `units` of the ticket add when they fill."""
    return tuple(Line(leg.symbol, signed(leg, units), leg.multiplier, contract_of(leg.symbol)) for leg in ticket.legs)


def signed(leg: TicketLeg, units: int) -> int:
    """Return what `units` of the order do to the position in the leg's symbol."""
    return leg.side.sign * leg.ratio * units


def merged(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Return one line a symbol, flat ones left out."""
    total: dict[str, Line] = {}
    for line in lines:
        known = total.get(line.symbol)
        qty = line.qty + (known.qty if known else 0)
        total[line.symbol] = Line(line.symbol, qty, line.multiplier, line.contract)
    return tuple(line for line in total.values() if line.qty)
