"""What a match leaves in the books: one record a leg, with its fee and the reason of the fill."""

from datetime import datetime
from decimal import Decimal

from allcore.kernel.clock import new_york_date
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from brokers.paper.contracts import CASH_SETTLED, option_named
from brokers.paper.fees import Fill, fee_of
from brokers.paper.market import Match
from brokers.paper.moment import Moment, Terms
from brokers.paper.records import FillRecord, OrderRecord


def fills_of(order: OrderRecord, found: Match, moment: Moment, terms: Terms) -> tuple[FillRecord, ...]:
    """Return the legs' fills of one execution; `order` is as it was before."""
    day = new_york_date(moment.exchange_now)
    why = {"profile": terms.model.name} | ({} if found.why is None else found.why.as_dict())
    return tuple(
        FillRecord(
            order_id=order.cl_ord_id,
            account=order.account,
            exec_id=f"{order.cl_ord_id}-{order.fill_count + 1}",
            leg=index,
            symbol=leg.symbol,
            side=leg.side,
            qty=found.units * leg.ratio,
            px=px,
            fee=fee_of(terms.tariff, charged(order.ticket, index, px, units=found.units, before=order.cum_qty), day),
            multiplier=leg.multiplier,
            transact_at=moment.exchange_now,
            quote_at=_quote_at(moment.quotes.get(leg.symbol), moment),
            units=found.units,
            why=why | {"quote": _shown(moment.quotes.get(leg.symbol))},
        )
        for index, (leg, px) in enumerate(zip(order.ticket.legs, found.prices, strict=True))
    )


def charged(ticket: OrderTicket, index: int, px: Decimal, *, units: int, before: int = 0) -> Fill:
    """Return one leg of `units` as the tariff sees it, after `before` of them."""
    leg = ticket.legs[index]
    option = option_named(leg.symbol)
    return Fill(
        is_option=option is not None,
        side=leg.side,
        px=px,
        before=before * leg.ratio,
        filled=units * leg.ratio,
        multiplier=leg.multiplier,
        effect=leg.position_effect,
        is_index=option is not None and option.root in CASH_SETTLED,
        legs=len(ticket.legs),
        root="" if option is None else option.root,
    )


def _quote_at(quote: Quote | None, moment: Moment) -> datetime:
    """Return which update of the quote was traded on; the closing auction needs none."""
    return moment.exchange_now if quote is None else quote.source_at


def _shown(quote: Quote | None) -> list[object]:
    if quote is None:
        return []
    return [
        None if quote.bid is None else str(quote.bid),
        None if quote.ask is None else str(quote.ask),
        quote.bid_size,
        quote.ask_size,
        quote.source_at.isoformat(),
    ]
