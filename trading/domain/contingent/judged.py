"""The question to the gate about an order that waits: what it will be asked again, and what it may assume."""

from collections.abc import Mapping
from dataclasses import replace

from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from risk.domain.book import Book, Holding
from risk.domain.lines import signed
from risk.domain.market import Listing
from risk.domain.request import GateRequest
from trading.domain.contingent.waits import Wait


def judged(request: GateRequest, wait: Wait | None) -> GateRequest:
    """Return the question with what is known of the wait.

    A child is judged as if its entry had filled: it has a position to close then. It is judged again when it is
    released, against what really filled.
    """
    if wait is None:
        return request
    market = request.market
    book = request.book if wait.after is None else _after(request.book, wait.after, market.listings, market.quotes)
    return replace(request, awaits=wait.awaits, group=wait.group, book=book)


def _after(book: Book, entry: OrderTicket, listings: Mapping[str, Listing], quotes: Mapping[str, Quote]) -> Book:
    moved = {leg.symbol: signed(leg, entry.quantity) for leg in entry.legs}
    kept = [replace(h, qty=h.qty + moved.pop(h.symbol, 0)) for h in book.holdings]
    new = [_holding(listings[symbol], qty, quotes.get(symbol)) for symbol, qty in moved.items() if symbol in listings]
    return replace(
        book,
        holdings=tuple(h for h in (*kept, *new) if h.qty),
        pending=tuple(p for p in book.pending if p.ticket != entry),
    )


def _holding(listing: Listing, qty: int, quote: Quote | None) -> Holding:
    mark = None if quote is None else quote.mid
    return Holding(
        symbol=listing.symbol,
        underlying=listing.underlying,
        kind=listing.kind,
        right=listing.right,
        strike=listing.strike,
        expiry=listing.expiry,
        qty=qty,
        avg_px=mark,
        multiplier=listing.multiplier,
        mark=mark,
    )
