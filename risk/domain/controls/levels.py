"""The level of option trading that the broker has approved the account for.

The scale is Interactive Brokers': 1 covered calls; 2 long options, debit spreads of one expiry and collars as well; 3
all whose loss is bounded, short puts among them; 4 all. Another broker's level is entered as what it comes to.
Source: Interactive Brokers, options trading levels (knowledge base 4860).
"""

from decimal import Decimal

from allcore.kernel.instruments import OptionContract, Right
from allcore.kernel.orders import PositionEffect, PriceEffect, Side
from allcore.kernel.tickets import OrderTicket, TicketLeg
from risk.domain.controls.finding import Finding, measured, passed
from risk.domain.exposures import worst_change
from risk.domain.lines import contract_of
from risk.domain.request import GateRequest

COVERED, LONG, BOUNDED, ALL = 1, 2, 3, 4
Opened = tuple[TicketLeg, OptionContract]


def option_level(request: GateRequest) -> Finding:
    """What the order opens needs no higher level than the account has."""
    opened = _opened(request.ticket)
    if not opened:
        return passed("The order opens no option.")
    needed = ALL if worst_change(request).naked_calls > 0 else _needed(opened, request.ticket.price_effect)
    return measured("The order needs the option level", Decimal(needed), request.limits["option_level"])


def _opened(ticket: OrderTicket) -> list[Opened]:
    opening = [leg for leg in ticket.legs if leg.position_effect is PositionEffect.OPEN]
    return [(leg, contract) for leg in opening if (contract := contract_of(leg.symbol)) is not None]


def _needed(opened: list[Opened], effect: PriceEffect) -> int:
    """Return the level; that no call is left uncovered was seen before."""
    longs = [(leg, contract) for leg, contract in opened if leg.side is Side.BUY]
    shorts = [(leg, contract) for leg, contract in opened if leg.side is Side.SELL]
    if not shorts:
        return LONG
    if all(contract.right is Right.CALL for _, contract in shorts):
        if not longs:
            return COVERED
        if all(contract.right is Right.PUT for _, contract in longs):
            return LONG  # a collar
    return LONG if _is_debit_spread(longs, shorts, effect) else BOUNDED


def _is_debit_spread(longs: list[Opened], shorts: list[Opened], effect: PriceEffect) -> bool:
    if (len(longs), len(shorts)) != (1, 1) or effect is not PriceEffect.DEBIT:
        return False
    (bought, long), (sold, short) = longs[0], shorts[0]
    return bought.ratio == sold.ratio and (long.right, long.expiry) == (short.right, short.expiry)
