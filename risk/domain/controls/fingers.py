"""What fingers mistype: a quantity far from what is usual here, or the price in the field of the quantity."""

from collections.abc import Sequence
from decimal import Decimal
from statistics import median

from risk.domain.controls.finding import Finding, measured, passed
from risk.domain.lines import contract_of
from risk.domain.request import GateRequest
from risk.domain.verdict import Outcome

FEWEST = 5  # orders: of fewer nobody can say what is usual
SHORTEST = 10  # a quantity below it is too short a number to be taken for a price
CENTS = 100
ROUND_LOT = 100


def fat_finger(request: GateRequest) -> Finding:
    """A quantity by hand is within some multiple of the median of the account's last orders, and is not its price."""
    ticket = request.ticket
    if not request.is_manual:
        return passed("The desk sized the order, and a person saw its size.")
    price = ticket.limit_price
    if price is not None and ticket.quantity >= SHORTEST and ticket.quantity == price * CENTS:
        return Finding(
            Outcome.SOFT_BLOCK,
            f"The quantity {ticket.quantity} is the digits of the price {price}: one may stand in the other's field.",
        )
    usual = _usual(request.sizes)
    if usual is None:
        return passed(f"Fewer than {FEWEST} orders are known, so that no quantity is unusual yet.")
    lot = 1 if contract_of(ticket.legs[0].symbol) else ROUND_LOT
    times = Decimal(ticket.quantity) / lot / usual
    return measured(
        f"Beside the usual {usual.normalize():f} (contracts, or hundreds of shares), the quantity is times",
        times,
        request.limits["fat_finger"],
    )


def _usual(sizes: Sequence[Decimal]) -> Decimal | None:
    """Return the median of what was ordered, a hundred shares counted as one; None of too few."""
    return median(sizes) if len(sizes) >= FEWEST else None
