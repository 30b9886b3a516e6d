"""What an order would do, asked without sending it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from allcore.kernel.money import ZERO
from allcore.kernel.quotes import Quality, Quote
from allcore.kernel.tickets import OrderTicket
from brokers.paper import entry
from brokers.paper.fees import fee_of
from brokers.paper.fills import charged
from brokers.paper.market import far_price
from brokers.paper.tariffs import Tariff
from brokers.ports import Preview


def previewed(ticket: OrderTicket, quotes: Mapping[str, Quote], tariff: Tariff, day: date, refused_by: str) -> Preview:
    """Return the whole order's fees, if its prices are known, and what speaks against it.

    Fees are counted at the single limit, else at the far sides, as if all of it traded at once.
    """
    warnings = [entry.TEXTS[refused_by]] if refused_by else []
    for leg in ticket.legs:
        quote = quotes.get(leg.symbol)
        if quote is not None and quote.quality is not Quality.GOOD:
            warnings.append(f"The quote of {leg.symbol} is {quote.quality}: nothing trades on it.")
    return Preview(_fees(ticket, quotes, tariff, day), margin_change=None, warnings=tuple(warnings))


def _fees(ticket: OrderTicket, quotes: Mapping[str, Quote], tariff: Tariff, day: date) -> Decimal | None:
    total = ZERO
    for index, leg in enumerate(ticket.legs):
        quote = quotes.get(leg.symbol)
        far = None if quote is None else far_price(leg, quote)
        px = far if ticket.is_multi_leg or ticket.limit_price is None else ticket.limit_price
        if px is None:
            return None
        total += fee_of(tariff, charged(ticket, index, px, units=ticket.quantity), day)
    return total
