"""Whether a card that waits still says what the strategy would say now."""

from decimal import Decimal

from allcore.kernel.orders import PositionEffect
from allcore.kernel.tickets import OrderTicket
from trading.domain.approval.drift import combo_mid, has_drifted, tolerance
from trading.domain.proposals.view import Idea, SleeveView


def is_stale(view: SleeveView, idea: Idea, shown: OrderTicket, mid_shown: str) -> str | None:
    """Return why the card is taken back, or None.

    A neighbouring strike that has become a little better is no reason: the card would flicker. One whose size no longer
    fits, whose option has left the delta range or is not listed, or whose market has moved past the tolerance is.
    """
    quotes = {o.contract.symbol: o.quote for o in view.options if o.quote is not None}
    mid = combo_mid(shown.legs, quotes, shown.price_effect)
    if mid is None:
        return "An option of it has no quote any more."
    was = Decimal(mid_shown)
    if has_drifted(was, mid):
        return f"The market moved: the mid was {was} and is {mid}; {tolerance(was)} is the most."
    if shown.quantity > idea.ticket.quantity:
        return f"{shown.quantity} contracts no longer fit; {idea.ticket.quantity} do."
    return _out_of_range(view, idea, shown)


def _out_of_range(view: SleeveView, idea: Idea, shown: OrderTicket) -> str | None:
    if shown.legs == idea.ticket.legs or idea.delta_range is None:
        return None if shown.legs == idea.ticket.legs else "Another trade fits better by now."
    low, high = idea.delta_range
    opened = [view.option(leg.symbol) for leg in shown.legs if leg.position_effect is PositionEffect.OPEN]
    for option in opened:
        if option is None or option.points is None or not low <= option.points <= high:
            return "The delta of its option has left the range."
    return None
