"""Which algorithm a ticket gets in the market as it is, with its numbers; or why it gets none."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allcore.kernel.calendar import session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.errors import InvalidInputError
from allcore.kernel.instruments import TickRule
from allcore.kernel.orders import OrdType, TimeInForce
from allcore.kernel.quotes import Greeks, Quote
from allcore.kernel.tickets import OrderTicket
from trading.domain.algos import choice
from trading.domain.algos.events import Look
from trading.domain.algos.parameters import Algo, LeggingParameters, Parameters, read
from trading.domain.algos.sight import look, moment
from trading.services.algos.measures import Seen, condition, measured
from trading.services.algos.terms import package_of

MINUTES = 30
SHORTEST = timedelta(minutes=1)


class NotForAlgorithmsError(InvalidInputError):
    """The ticket, or the time, is not one that an algorithm can work."""

    code = "NOT_FOR_ALGORITHMS"


@dataclass(frozen=True, slots=True)
class Scene:
    """A ticket in the market that an algorithm is chosen in. `rule` is the ticket's grid of prices."""

    ticket: OrderTicket
    seen: Seen
    sight: Look
    rule: TickRule


@dataclass(frozen=True, slots=True)
class Times:
    """The system's and the exchange's clock at one moment."""

    now: datetime
    exchange: datetime


def scene(
    ticket: OrderTicket,
    quotes: Mapping[str, Quote],
    greeks: Mapping[str, Greeks],
    *,
    rule: TickRule,
    times: Times,
    minutes: int | None,
) -> Scene:
    """Return what there is to choose in.

    Raises:
        NotForAlgorithmsError: no limit order for the day, or no session that lasts long enough.
    """
    if ticket.ord_type is not OrdType.LIMIT or ticket.time_in_force is not TimeInForce.DAY:
        raise NotForAlgorithmsError("An algorithm works a limit order for the day. Nothing was started.")
    at = times.exchange
    seen = Seen(at, _end(at, minutes), quotes, greeks)
    when = moment(times.now, at, session_on(new_york_date(at)))
    return Scene(ticket, seen, look(package_of(ticket), quotes, when, legged=True), rule)


def _end(at: datetime, minutes: int | None) -> datetime:
    """Return when the run ends: in so many minutes, and no later than the session."""
    session = session_on(new_york_date(at))
    if session is None or session.closes_at - at < SHORTEST or at < session.opens_at:
        raise NotForAlgorithmsError("The exchange is not open, or about to close. Nothing was started.")
    return min(at + timedelta(minutes=minutes or MINUTES), session.closes_at)


def table_of(around: Scene) -> choice.Choice:
    """Return what the table of choices says.

    Raises:
        NoLookError: the market cannot be read.
    """
    return choice.choose(condition(around.ticket, around.sight, around.seen, around.rule))


def parameters_of(around: Scene, algo: Algo, given: Mapping[str, Any]) -> Parameters:
    """Return the algorithm's numbers: those given, the defaults, and what the desk measures.

    Raises:
        InvalidParametersError: a number is not the algorithm's.
        NotForAlgorithmsError: legging, of one leg or without its risk accepted.
        NoLookError, NoProfileError: what must be measured cannot be.
    """
    if algo is Algo.LEGGING and not around.ticket.is_multi_leg:
        raise NotForAlgorithmsError("There is nothing to leg: the order has one leg. Nothing was started.")
    read(algo, given)  # what cannot be meant is refused before anything is measured by it
    values = measured(algo, around.ticket, around.sight, around.seen, dict(given))
    parameters = read(algo, given, measured=values)
    if isinstance(parameters, LeggingParameters) and not parameters.accept_risk:
        raise NotForAlgorithmsError("Legging is off unless its risk is accepted (accept_risk). Nothing was started.")
    return parameters


def why(table: choice.Choice, *, by: str) -> dict[str, Any]:
    """Return who chose, and what the table says, whether it was asked or not."""
    return {
        "by": by,
        "row": table.row,
        "condition": table.condition,
        "suggests": None if table.algo is None else table.algo.said,
        "reason": table.reason,
    }
