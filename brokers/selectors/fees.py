"""What a broker is expected to charge for an order."""

from datetime import date
from decimal import Decimal

from allcore.kernel.instruments import OCC_LENGTH
from allcore.kernel.tickets import OrderTicket
from brokers.models import Connection
from brokers.paper.fees import Fill, fee_of
from brokers.paper.tariffs import FLAT, TARIFFS


def expected_fee(connection: Connection, ticket: OrderTicket, price: Decimal, day: date) -> Decimal:
    """Return the dollars for the whole order at about `price`, by the tariff that the connection's `fees` name.

    A combo's legs are each reckoned at the net price: only levies on sold value depend on it, and they are pennies.
    """
    named = connection.settings.get("fees")
    tariff = TARIFFS.get(named if isinstance(named, str) else connection.broker, FLAT)
    fills = (
        Fill(
            is_option=len(leg.symbol) == OCC_LENGTH,
            side=leg.side,
            px=price,
            before=0,
            filled=leg.ratio * ticket.quantity,
            multiplier=leg.multiplier,
            effect=leg.position_effect,
            legs=len(ticket.legs),
        )
        for leg in ticket.legs
    )
    return sum((fee_of(tariff, fill, day) for fill in fills), Decimal(0))
