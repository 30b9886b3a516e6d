"""What a card says of its execution: what the desk takes by its table, or what a person chose instead."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from allcore.kernel.errors import DeskError, InvalidInputError
from allcore.kernel.tickets import OrderTicket
from risk.services.gate import GateRequest
from trading.domain.algos import execution
from trading.domain.algos.choice import Choice
from trading.domain.algos.execution import BY_TABLE, PLAIN, Json, Worked
from trading.domain.algos.parameters import Algo, WalkParameters
from trading.domain.algos.walk import worst
from trading.domain.proposals import tickets
from trading.models import Proposal
from trading.services.algos.choosing import MINUTES, Scene, Times, parameters_of, scene, table_of
from trading.services.algos.terms import rule_of

DESK, TABLE, PERSON = "desk", "table", "person"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person wants instead: an algorithm, AUTO for what the table says, or PLAIN for one limit order."""

    algo: str
    parameters: Mapping[str, Any]
    minutes: int | None = None


def of_desk(request: GateRequest, strategy: str) -> Json:
    """Return the desk's own execution: a spread walks where the table says so, all else goes as one limit order.

    An offset undoes a fault at the price at which it trades now: there is nothing to wait for.
    """
    if strategy == Proposal.Strategy.OFFSET:
        return execution.plain(request.ticket, by=DESK, advice=None)
    try:
        around = scene_of(request, MINUTES)
        table = table_of(around)
    except DeskError as e:  # no session, or a market that cannot be read: the limit order waits as it always did
        return execution.plain(request.ticket, by=DESK, advice=_unread(e))
    if request.ticket.is_multi_leg and table.algo is Algo.LIMIT_WALK:
        return _worked(around, Algo.LIMIT_WALK, {}, MINUTES, by=TABLE, table=table)
    return execution.plain(request.ticket, by=DESK, advice=execution.advice_of(table))


def with_room(request: GateRequest, least: Decimal | None) -> OrderTicket:
    """Return the ticket with room to give way, where the table lets it walk: its limit is then where the walk ends.

    The room is the walk's own in the market as it is. `least` is what a share must bring in by the idea's rules; an
    idea that names none gives nothing away.
    """
    ticket = request.ticket
    if least is None or not ticket.is_multi_leg:
        return ticket
    try:
        around = scene_of(request, MINUTES)
        walks = table_of(around).algo is Algo.LIMIT_WALK
    except DeskError:
        return ticket
    bid, ask = around.sight.bid, around.sight.ask
    if not walks or bid is None or ask is None:
        return ticket
    return tickets.giving_way(ticket, worst=worst(WalkParameters(), bid, ask, around.rule), least=least)


def of_person(request: GateRequest, strategy: str, asked: Asked) -> Json:
    """Return the execution that a person chose.

    Raises:
        NotForAlgorithmsError, InvalidParametersError: it cannot be meant of this ticket, or not now.
        NoLookError, NoProfileError: what must be measured cannot be.
    """
    if asked.algo == PLAIN:
        return execution.plain(request.ticket, by=PERSON, advice=_advice(request))
    if strategy == Proposal.Strategy.OFFSET:
        raise InvalidInputError("An offset of a fault goes as one limit order. Nothing was changed.")
    around = scene_of(request, asked.minutes)
    table = table_of(around)
    by_table = asked.algo == BY_TABLE
    algo = table.algo if by_table else Algo(asked.algo)
    if algo is None:
        return execution.plain(request.ticket, by=TABLE, advice=execution.advice_of(table))
    by = TABLE if by_table else PERSON
    return _worked(around, algo, asked.parameters, asked.minutes or MINUTES, by=by, table=table)


def again(request: GateRequest, strategy: str, shown: Json | None) -> Json:
    """Return a changed card's execution where nobody named another: a person's choice stays, the desk's is anew."""
    if shown is None or shown["by"] != PERSON:
        return of_desk(request, strategy)
    return of_person(request, strategy, Asked(shown["algo"], shown["parameters"], shown["minutes"]))


def scene_of(request: GateRequest, minutes: int | None) -> Scene:
    """Return what the gate's question shows of the market, to choose in.

    Raises:
        NotForAlgorithmsError: no limit order for the day, or no session that lasts long enough.
    """
    market, ticket = request.market, request.ticket
    return scene(
        ticket,
        market.quotes,
        market.greeks,
        rule=rule_of(ticket, {symbol: listing.tick_rule for symbol, listing in market.listings.items()}),
        times=Times(market.now, market.exchange_now),
        minutes=minutes,
    )


def _worked(around: Scene, algo: Algo, given: Mapping[str, Any], minutes: int, *, by: str, table: Choice) -> Json:
    parameters = parameters_of(around, algo, given)
    how = Worked(algo, parameters, minutes, by)
    return execution.worked(around.ticket, how, around.sight, around.rule, advice=execution.advice_of(table))


def _advice(request: GateRequest) -> Json:
    try:
        return execution.advice_of(table_of(scene_of(request, MINUTES)))
    except DeskError as e:
        return _unread(e)


def _unread(error: DeskError) -> Json:
    """Return that the table could not be asked, and why."""
    said = error.message.removesuffix("Nothing was started.").strip()
    return {"algo": None, "suggests": None, "row": None, "condition": None, "reason": said}
