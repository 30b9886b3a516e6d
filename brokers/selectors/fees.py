"""What a broker is expected to charge for an order."""

from datetime import date
from decimal import Decimal

from allcore.kernel.tickets import OrderTicket
from brokers.models import Connection
from brokers.paper.fees import fee_of
from brokers.paper.fills import charged
from brokers.paper.tariffs import FLAT, OF_BROKERS, TARIFFS


def expected_fee(connection: Connection, ticket: OrderTicket, price: Decimal, day: date) -> Decimal:
    """Return the dollars for the whole order at about `price`, by the tariff that the connection's `fees` name.

    One that names none has its broker's own.
    A combo's legs are each reckoned at the net price: only levies on sold value depend on it, and they are pennies.
    """
    named = connection.settings.get("fees")
    tariff = TARIFFS.get(named) if isinstance(named, str) else OF_BROKERS.get(connection.broker)
    fills = (charged(ticket, index, price, units=ticket.quantity) for index in range(len(ticket.legs)))
    return sum((fee_of(tariff or FLAT, fill, day) for fill in fills), Decimal(0))
