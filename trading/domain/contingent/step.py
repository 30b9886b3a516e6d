"""One look at an order that waits: its condition first, then its own trigger, then its time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from risk.domain.prices import natural, signed_limit
from trading.domain.contingent import conditions
from trading.domain.contingent.evaluate import Memory, evaluate
from trading.domain.contingent.view import View
from trading.domain.contingent.watches import Seen, Watch, level_of, look, watch_of
from trading.domain.contingent.words import watch_said


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order that waits, as it is kept.

    `is_in_turn`: another order of its list has the slot, so that even a plain limit order waits, until the market is at
    its limit.
    """

    ticket: OrderTicket
    condition: Mapping[str, Any] | None
    is_met: bool
    is_watched: bool
    is_in_turn: bool
    send_at: datetime | None
    memory: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of the look. `mark` and `level` are a trailing stop's; `why` says what set the order off, if it was."""

    memory: dict[str, Any]
    is_met: bool
    is_set_off: bool
    mark: Decimal | None = None
    level: Decimal | None = None
    why: str = ""


def look_at(waiting: Waiting, view: View) -> Looked:
    """Return how the order stands after this moment."""
    memory = dict(waiting.memory)
    is_met = waiting.is_met
    if not is_met and waiting.condition is not None:
        traces, is_met = evaluate(
            conditions.parse(waiting.condition), waiting.ticket, Memory.from_dict(memory.get("condition", {})), view
        )
        memory["condition"] = traces.as_dict()
        if not is_met:
            return Looked(memory, is_met=False, is_set_off=False)
    own = _by_its_type(replace(waiting, memory=memory), view)
    return replace(own, is_met=is_met, why=own.why or ("Its condition holds." if waiting.condition else ""))


def _by_its_type(waiting: Waiting, view: View) -> Looked:
    memory = dict(waiting.memory)
    watch = watch_of(waiting.ticket) if waiting.is_watched else None
    if watch is not None:
        return _watched(watch, memory, view)
    if waiting.send_at is not None:
        is_time = view.exchange_now >= waiting.send_at
        return Looked(memory, is_met=True, is_set_off=is_time, why="Its time has come." if is_time else "")
    if waiting.is_in_turn:
        is_there = is_at_limit(waiting.ticket, view)
        return Looked(memory, is_met=True, is_set_off=is_there, why="The market is at its limit." if is_there else "")
    return Looked(memory, is_met=True, is_set_off=True)


def _watched(watch: Watch, memory: dict[str, Any], view: View) -> Looked:
    before = Seen.from_dict(memory.get("watch", {}))
    seen, is_set_off = look(watch, before, view)
    memory["watch"] = seen.as_dict()
    level = level_of(watch, seen.mark)
    why = f"{watch_said(watch, seen.mark, verb='was')}." if is_set_off else ""
    return Looked(memory, is_met=True, is_set_off=is_set_off, mark=seen.mark, level=level, why=why)


def is_at_limit(ticket: OrderTicket, view: View) -> bool:
    """Return whether the order would trade at once; not if a quote of it cannot be believed."""
    quotes: dict[str, Quote] = {}
    for leg in ticket.legs:
        quote = view.quote(leg.symbol)
        if quote is None:
            return False
        quotes[leg.symbol] = quote
    limit = signed_limit(ticket)
    return limit is None or natural(ticket, quotes) <= limit


def symbols_of(waiting: Waiting) -> frozenset[str]:
    """Return every symbol that the order looks at."""
    ticket = waiting.ticket
    named: set[str] = {leg.symbol for leg in ticket.legs} | {ticket.underlying}
    if waiting.condition is not None:
        named |= {leaf.symbol for leaf in conditions.leaves(conditions.parse(waiting.condition).when) if leaf.symbol}
    return frozenset(named)


def accounts_of(waiting: Waiting) -> frozenset[str]:
    """Return the accounts whose portfolio the order's condition looks at."""
    if waiting.condition is None or waiting.is_met:
        return frozenset()
    found = conditions.leaves(conditions.parse(waiting.condition).when)
    return (
        frozenset({waiting.ticket.account})
        if any(leaf.what in conditions.OF_ACCOUNT for leaf in found)
        else frozenset()
    )
