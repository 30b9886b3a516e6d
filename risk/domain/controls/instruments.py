"""The instruments are known, alive, standard, and traded the way the position allows."""

from allcore.kernel.calendar import Phase
from allcore.kernel.clock import new_york_date
from allcore.kernel.instruments import InstrumentKind
from allcore.kernel.orders import PositionEffect
from allcore.kernel.tickets import TicketLeg
from risk.domain.controls.finding import Finding, blocked, passed
from risk.domain.exposures import room_to_close
from risk.domain.lines import contract_of, signed
from risk.domain.market import Listing
from risk.domain.request import GateRequest

STANDARD_MULTIPLIER = 100


def listed(request: GateRequest) -> Finding:
    """Each leg is a tradable instrument of the ticket's underlying, with the multiplier that it is listed with."""
    for leg in request.ticket.legs:
        listing = request.market.listings.get(leg.symbol)
        if listing is None:
            return blocked(f"{leg.symbol} is not a known instrument.")
        if fault := _mismatch(leg, listing, request.ticket.underlying):
            return blocked(fault)
    return passed("Every instrument is known.")


def _mismatch(leg: TicketLeg, listing: Listing, underlying: str) -> str | None:
    faults = (
        (listing.kind is InstrumentKind.INDEX, f"{leg.symbol} is an index; it is watched, not traded."),
        (listing.underlying != underlying, f"{leg.symbol} is of {listing.underlying}, the ticket of {underlying}."),
        (
            listing.multiplier != leg.multiplier,
            f"{leg.symbol} has multiplier {listing.multiplier}, the ticket says {leg.multiplier}.",
        ),
        (
            (listing.kind is InstrumentKind.OPTION) != (contract_of(leg.symbol) is not None),
            f"{leg.symbol} is listed as {listing.kind}, which its name contradicts.",
        ),
    )
    return next((sentence for broken, sentence in faults if broken), None)


def alive(request: GateRequest) -> Finding:
    """No leg has expired: an option trades until its last day's close."""
    market = request.market
    today = new_york_date(market.exchange_now)
    for leg in request.ticket.legs:
        contract = contract_of(leg.symbol)
        if contract is None:
            continue
        if contract.expiry < today or (contract.expiry == today and market.phase is Phase.AFTER_CLOSE):
            return blocked(f"{contract} expired on {contract.expiry:%d %b %Y}.")
    return passed("No contract has expired.")


def standard(request: GateRequest) -> Finding:
    """Nothing is opened in a delisted instrument or an adjusted contract, whose deliverable is not 100 shares."""
    for leg in request.ticket.legs:
        listing = request.market.listings.get(leg.symbol)
        if listing is None or not listing.is_active:
            return blocked(f"{leg.symbol} is not listed any more.")
        if listing.kind is InstrumentKind.OPTION and listing.multiplier != STANDARD_MULTIPLIER:
            return blocked(f"{leg.symbol} is adjusted: its multiplier is {listing.multiplier}.")
    return passed("Every instrument is standard.")


def position_effect(request: GateRequest) -> Finding:
    """A leg that closes has as much to close; a leg that opens opens: it does not eat a position of the other sign."""
    for leg in request.ticket.legs:
        qty = signed(leg, request.quantity)
        held = request.book.qty(leg.symbol)
        if leg.position_effect is PositionEffect.OPEN:
            if held * qty < 0:
                return blocked(f"The order opens {leg.symbol}, of which {held} are held: that would close.")
            continue
        room = room_to_close(request, leg.symbol, 1 if qty > 0 else -1)
        if abs(qty) > room:
            seen = f"{held} are held, {room} of them not yet being closed"
            return blocked(f"The order closes {abs(qty)} of {leg.symbol}; {seen}.")
    return passed("What closes has a position to close.")
