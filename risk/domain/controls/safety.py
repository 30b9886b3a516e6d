"""Who and whether at all: identity, environment, kill switch, connection, clean books. A failure here ends the run."""

from allcore.kernel.calendar import Phase
from allcore.kernel.orders import TimeInForce
from risk.domain.controls.finding import Finding, blocked, passed, yes_or_no
from risk.domain.exposures import only_reduces
from risk.domain.request import GateRequest

PAUSE = 1
MODE_OF_ENVIRONMENT = {"PAPER": "paper", "LIVE": "live"}


def account(request: GateRequest) -> Finding:
    """The ticket is for the account whose book this is, and the account trades."""
    book, code = request.book, request.ticket.account
    if book.account != code:
        return blocked(f"The ticket is for {code} and the book is of {book.account}.")
    return yes_or_no(ok=book.is_enabled, good=f"{code} is enabled.", bad=f"{code} is disabled.")


def environment(request: GateRequest) -> Finding:
    """A live order leaves by a live connection on a desk in live mode with live prices; a paper order by paper."""
    mode, place = request.market.trading_mode, request.book.environment
    if MODE_OF_ENVIRONMENT.get(place) != mode:
        return blocked(f"The desk is in {mode} mode and the connection's environment is {place}.")
    if mode == "live" and request.market.feed_source != "LIVE":
        return blocked(f"The desk is in live mode and its prices are {request.market.feed_source}.")
    return passed(f"Desk and connection are both {mode}.")


def kill_switch(request: GateRequest) -> Finding:
    """From level 1 on, only what closes may go."""
    level = request.market.kill_level
    if level < PAUSE:
        return passed("The kill switch is not engaged.")
    if only_reduces(request):
        return passed(f"The kill switch is at level {level}; the order only closes.")
    return blocked(f"The kill switch is at level {level}; opening orders are blocked from level {PAUSE}.")


def connection(request: GateRequest) -> Finding:
    """Opening orders need a connection that is up, reconciled and not paused."""
    state, name = request.market.connection_state, request.book.connection
    if request.market.connection_paused:
        return blocked(f"The connection {name} is paused.")
    return yes_or_no(ok=state == "UP", good=f"{name} is up.", bad=f"The connection {name} is {state}, not UP.")


def reconciled(request: GateRequest) -> Finding:
    """What we hold of the underlying is what the broker holds."""
    name = request.ticket.underlying
    return yes_or_no(
        ok=name not in request.book.open_breaks,
        good=f"Positions in {name} agree with the broker's.",
        bad=f"Positions in {name} differ from the broker's; nothing is opened until a person has resolved it.",
    )


def market_hours(request: GateRequest) -> Finding:
    """The exchange is open; the second of the close is not. What is for the opening auction comes before."""
    market = request.market
    if request.ticket.time_in_force is TimeInForce.OPG:
        return passed("The order is for the opening auction.")
    is_open = market.phase is Phase.OPEN and (market.closes_at is None or market.exchange_now < market.closes_at)
    return yes_or_no(
        ok=is_open, good="The exchange is open.", bad=f"The exchange is not open; its phase is {market.phase}."
    )
