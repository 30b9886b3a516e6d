"""What a ticket is, read from its legs: nobody's word is taken for it."""

from enum import StrEnum

from allcore.kernel.instruments import Right
from allcore.kernel.orders import PositionEffect, Side
from allcore.kernel.tickets import OrderTicket, TicketLeg
from risk.domain.lines import contract_of


class Structure(StrEnum):
    """The kinds of trade that rules speak of. CLOSING has no opening leg; ROLL moves a short option elsewhere."""

    CASH_SECURED_PUT = "CASH_SECURED_PUT"
    COVERED_CALL = "COVERED_CALL"
    ROLL = "ROLL"
    CLOSING = "CLOSING"
    LONG_OPTION = "LONG_OPTION"
    LONG_STOCK = "LONG_STOCK"
    SHORT_STOCK = "SHORT_STOCK"
    COMBO = "COMBO"


def structure_of(ticket: OrderTicket) -> Structure:
    """Return what the ticket is."""
    if not ticket.is_opening:
        return Structure.CLOSING
    if len(ticket.legs) == 1:
        return _single(ticket.legs[0])
    return Structure.ROLL if _is_roll(ticket.legs) else Structure.COMBO


def opening_shorts(ticket: OrderTicket) -> tuple[TicketLeg, ...]:
    """Return the legs that sell options to open."""
    return tuple(
        leg
        for leg in ticket.legs
        if leg.side is Side.SELL and leg.position_effect is PositionEffect.OPEN and contract_of(leg.symbol) is not None
    )


def _single(leg: TicketLeg) -> Structure:
    contract = contract_of(leg.symbol)
    if contract is None:
        return Structure.LONG_STOCK if leg.side is Side.BUY else Structure.SHORT_STOCK
    if leg.side is Side.BUY:
        return Structure.LONG_OPTION
    return Structure.CASH_SECURED_PUT if contract.right is Right.PUT else Structure.COVERED_CALL


def _is_roll(legs: tuple[TicketLeg, ...]) -> bool:
    """Whether a short option is bought back and as many of the same right are sold elsewhere."""
    by_effect = {leg.position_effect: leg for leg in legs}
    closing, opening = by_effect.get(PositionEffect.CLOSE), by_effect.get(PositionEffect.OPEN)
    if len(legs) != len(by_effect) or closing is None or opening is None:
        return False
    old, new = contract_of(closing.symbol), contract_of(opening.symbol)
    if old is None or new is None:
        return False
    sides = (closing.side, opening.side) == (Side.BUY, Side.SELL)
    return sides and old.right is new.right and closing.ratio == opening.ratio
