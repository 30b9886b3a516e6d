"""What a replace asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from allcore.kernel.tickets import OrderTicket

PRICES = ("limit_price", "stop_price", "trail_amount", "trail_percent")


class Keep(Enum):
    """That a condition stays as it is: None would take it away."""

    AS_IT_IS = "AS_IT_IS"


@dataclass(frozen=True, slots=True)
class NewTerms:
    """New terms of an order; empty is as before. `quantity` is the total. The last three are of held orders alone."""

    quantity: int | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_amount: Decimal | None = None
    trail_percent: Decimal | None = None
    condition: Mapping[str, Any] | Keep | None = Keep.AS_IT_IS

    @property
    def trails(self) -> bool:
        """Whether the distance of a trailing stop is asked for."""
        return self.trail_amount is not None or self.trail_percent is not None

    @property
    def is_of_held(self) -> bool:
        """Whether something is asked for that the desk alone keeps."""
        return self.trails or self.condition is not Keep.AS_IT_IS


def changed(ticket: OrderTicket, terms: NewTerms) -> OrderTicket:
    """Return the ticket with the new terms.

    Raises:
        InvalidTicketError: its type has no such term.
    """
    data = ticket.as_dict()
    if terms.quantity is not None:
        data["quantity"] = terms.quantity
    if terms.trails:  # it has one of the two: the new one takes the old one's place
        data |= {"trail_amount": None, "trail_percent": None}
    for name in PRICES:
        value = getattr(terms, name)
        if value is not None:
            data[name] = f"{value:f}"
    return OrderTicket.from_dict(data)
