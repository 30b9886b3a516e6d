"""Market orders for options as they are sent."""

from collections.abc import Mapping

from allcore.kernel.instruments import TickRule
from allcore.kernel.tickets import OrderTicket
from marketdata.models import Instrument
from marketdata.selectors import quotes
from trading.domain.contingent import collar


def collared(ticket: OrderTicket) -> OrderTicket:
    """Return a market order for options as the limit order that it is sent as; any other ticket as it is.

    Raises:
        NoMarketError: the quote is too wide.
    """
    if not collar.needs_collar(ticket):
        return ticket
    symbols = [leg.symbol for leg in ticket.legs]
    rules: Mapping[str, str] = dict(Instrument.objects.filter(symbol__in=symbols).values_list("symbol", "tick_rule"))
    return collar.collared(ticket, quotes.latest(symbols), lambda symbol, price: TickRule(rules[symbol]).tick_at(price))
