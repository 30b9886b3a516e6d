"""Whether a condition holds: true, false, or not known. What is not known triggers nothing, and is not false either."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from allcore.kernel.clock import new_york_date
from allcore.kernel.tickets import OrderTicket
from risk.domain.lines import contract_of
from trading.domain.approval.drift import combo_mid
from trading.domain.contingent.conditions import (
    OF_ACCOUNT,
    Comparison,
    Condition,
    Either,
    Every,
    Leaf,
    Node,
    Not,
    Source,
    Value,
    What,
)
from trading.domain.contingent.view import Portfolio, View

COMPARE: dict[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.ABOVE: operator.gt,
    Comparison.AT_LEAST: operator.ge,
    Comparison.BELOW: operator.lt,
    Comparison.AT_MOST: operator.le,
    Comparison.EQUAL: operator.eq,
}
ROOT = "root"


@dataclass(frozen=True, slots=True)
class Trace:
    """What one comparison, or the whole, has come to: how often in a row it held, as of when, and whether it stands."""

    count: int = 0
    at: datetime | None = None
    holds: bool = False


@dataclass(frozen=True, slots=True)
class Memory:
    """What the evaluation must remember from one moment to the next, by the comparison's place in the tree."""

    traces: Mapping[str, Trace] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {p: [t.count, None if t.at is None else t.at.isoformat(), t.holds] for p, t in self.traces.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Memory":
        """Read what `as_dict` wrote."""
        return cls(
            {
                p: Trace(c, None if at is None else datetime.fromisoformat(at), holds)
                for p, (c, at, holds) in data.items()
            }
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """A value and the time of the event that it is from; None is not known.

    A clock's reading is no event: a quote looked at again beside it would confirm itself.
    """

    value: Value | None
    at: datetime | None


UNKNOWN = Reading(None, None)


def evaluate(condition: Condition, ticket: OrderTicket, memory: Memory, view: View) -> tuple[Memory, bool]:
    """Return the memory after this moment, and whether the condition fires."""
    if condition.arm_after is not None and view.exchange_now < condition.arm_after:
        return Memory(), False
    if condition.expire_at is not None and view.exchange_now >= condition.expire_at:
        return memory, False
    traces = dict(memory.traces)
    truth, at = _truth(condition.when, "0", _Look(ticket, view, traces))
    root = _confirmed(traces.get(ROOT, Trace()), truth, at, condition.confirm)
    traces[ROOT] = root
    return Memory(traces), truth is True and root.holds


def truth_now(node: Node, ticket: OrderTicket, view: View) -> bool | None:
    """Return whether the part is true at this moment by itself, however often it is to hold in a row."""
    return _truth(_once(node), "0", _Look(ticket, view, {}))[0]


def _once(node: Node) -> Node:
    match node:
        case Leaf():
            return replace(node, confirm=1)
        case Not(of):
            return Not(_once(of))
        case Every(nodes):
            return Every(tuple(map(_once, nodes)))
        case Either(nodes):
            return Either(tuple(map(_once, nodes)))


@dataclass(frozen=True, slots=True)
class _Look:
    ticket: OrderTicket
    view: View
    traces: dict[str, Trace]


def _truth(node: Node, path: str, look: _Look) -> tuple[bool | None, datetime | None]:
    match node:
        case Leaf():
            return _leaf(node, path, look)
        case Not(of):
            truth, at = _truth(of, f"{path}.0", look)
            return (None if truth is None else not truth), at
        case Every(nodes):
            return _joined(nodes, path, look, decides=False)
        case Either(nodes):
            return _joined(nodes, path, look, decides=True)


def _joined(nodes: tuple[Node, ...], path: str, look: _Look, *, decides: bool) -> tuple[bool | None, datetime | None]:
    """Join the parts, each of which is looked at: one that `decides` settles it, an unknown one leaves it open."""
    found = [_truth(node, f"{path}.{n}", look) for n, node in enumerate(nodes)]
    at = max((moment for _, moment in found if moment is not None), default=None)
    truths = [truth for truth, _ in found]
    if decides in truths:
        return decides, at
    return (None if None in truths else not decides), at


def _leaf(leaf: Leaf, path: str, look: _Look) -> tuple[bool | None, datetime | None]:
    reading = read(leaf, look.ticket, look.view)
    before = look.traces.get(path, Trace())
    if reading.value is None:
        return None, None
    limit = leaf.reset if before.holds and leaf.reset is not None else leaf.value
    trace = _confirmed(before, COMPARE[leaf.comparison](reading.value, limit), reading.at, leaf.confirm)
    look.traces[path] = trace
    # True but not confirmed yet is not false either: the contrary of it would go on one print.
    return (None if trace.count and not trace.holds else trace.holds), reading.at


def _confirmed(before: Trace, truth: bool | None, at: datetime | None, needed: int) -> Trace:  # noqa: FBT001 it is the value
    """Count one event once; a false one starts anew, one that is not known changes nothing."""
    if truth is None:
        return before
    if not truth:
        return Trace(0, at, holds=False)
    if before.at is not None and at is not None and at <= before.at:
        return before
    count = min(before.count + 1, needed)
    return Trace(count, at, holds=count >= needed)


def read(leaf: Leaf, ticket: OrderTicket, view: View) -> Reading:
    """Return what the comparison sees at the moment."""
    if leaf.what is What.TIME:
        return Reading(view.exchange_now, None)
    if leaf.what in OF_ACCOUNT:
        seen = view.portfolios.get(ticket.account)
        return Reading(_of_account(leaf.what, seen), None if seen is None else seen.seen_at)
    if leaf.what is What.NET:
        return _net(ticket, view)
    return _of_symbol(leaf, view)


def _net(ticket: OrderTicket, view: View) -> Reading:
    quotes = {leg.symbol: quote for leg in ticket.legs if (quote := view.quote(leg.symbol)) is not None}
    mid = combo_mid(ticket.legs, quotes, ticket.price_effect)
    return UNKNOWN if mid is None else Reading(mid, max(quote.received_at for quote in quotes.values()))


def _of_account(what: What, portfolio: Portfolio | None) -> Decimal | None:
    if portfolio is None:
        return None
    return {
        What.DAY_PNL: portfolio.day_pnl,
        What.UNREALISED: portfolio.unrealised,
        What.NET_DELTA: _number(portfolio.delta),
        What.NET_GAMMA: _number(portfolio.gamma),
        What.NET_THETA: _number(portfolio.theta),
        What.NET_VEGA: _number(portfolio.vega),
    }[what]


def _of_symbol(leaf: Leaf, view: View) -> Reading:
    contract = contract_of(leaf.symbol)
    if leaf.what is What.DTE:
        days = None if contract is None else (contract.expiry - new_york_date(view.exchange_now)).days
        return Reading(None if days is None else Decimal(days), None)
    quote = view.quote(leaf.symbol)
    if quote is None:
        return UNKNOWN
    if leaf.what is What.VOLUME:
        return Reading(Decimal(quote.volume), quote.received_at)
    if leaf.what is What.PRICE:
        prices = {Source.BID: quote.bid, Source.ASK: quote.ask, Source.MID: quote.mid, Source.LAST: quote.last}
        return Reading(prices[leaf.source], quote.received_at)
    greeks = view.greeks.get(leaf.symbol)  # they are of the quote: without a fresh one they are not believed
    value = None if greeks is None else _number(getattr(greeks, leaf.what.value.lower()))
    return Reading(value, quote.received_at)


def _number(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value))
