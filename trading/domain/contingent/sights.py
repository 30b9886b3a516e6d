"""What an order that waits sees at the moment, told to a person: each value with its age, and how far the count is.

The trigger engine decides; this only shows. A value that the engine would not believe is shown too, and said to be old.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from allcore.kernel.orders import TriggerPrice
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from trading.domain.contingent import conditions, words
from trading.domain.contingent.conditions import Condition, Either, Every, Leaf, Node, Not, What
from trading.domain.contingent.evaluate import ROOT, Memory, Trace, read
from trading.domain.contingent.step import Waiting
from trading.domain.contingent.view import View, price_of
from trading.domain.contingent.watches import Seen, watch_of


@dataclass(frozen=True, slots=True)
class Sight:
    """One thing looked at. `age` in seconds, None of what has none; `is_believed`: it is good enough to act on."""

    says: str
    wanted: str
    seen: str | None = None
    age: float | None = None
    is_believed: bool = True
    count: int = 0
    needed: int = 1
    holds: bool = False


@dataclass(frozen=True, slots=True)
class _Anything(View):
    """The same moment for eyes alone: whatever was shown last."""

    def quote(self, symbol: str) -> Quote | None:
        return self.quotes.get(symbol)


def sights(waiting: Waiting, view: View) -> tuple[Sight, ...]:
    """Return what it looks at now: its condition until that is met, then the price of its own type."""
    if waiting.condition is not None and not waiting.is_met:
        return tuple(_of_condition(conditions.parse(waiting.condition), waiting, view))
    return tuple(_of_type(waiting, view))


def _anything(view: View) -> View:
    return _Anything(view.now, view.exchange_now, view.quotes, view.greeks, view.portfolios, view.stale_after)


def _of_condition(condition: Condition, waiting: Waiting, view: View) -> Iterator[Sight]:
    traces = Memory.from_dict(waiting.memory.get("condition", {})).traces
    for path, leaf in _paths(condition.when, "0"):
        yield of_leaf(leaf, traces.get(path, Trace()), waiting.ticket, view)
    if condition.confirm > 1:
        whole = traces.get(ROOT, Trace())
        yield Sight("all of it", "in a row", count=whole.count, needed=condition.confirm, holds=whole.holds)


def of_leaf(leaf: Leaf, trace: Trace, ticket: OrderTicket, view: View) -> Sight:
    """Return what one comparison of a condition sees."""
    seen = read(leaf, ticket, _anything(view)).value
    believed = read(leaf, ticket, view).value
    looked_at = [leg.symbol for leg in ticket.legs] if leaf.what is What.NET else [leaf.symbol]
    return Sight(
        says=words.subject(leaf),
        wanted=words.wanted(leaf),
        seen=None if seen is None else words.value(seen),
        age=None if leaf.what is What.DTE else _age(looked_at, view),
        is_believed=believed is not None,
        count=trace.count,
        needed=leaf.confirm,
        holds=trace.holds,
    )


def _of_type(waiting: Waiting, view: View) -> Iterator[Sight]:
    ticket, watch = waiting.ticket, watch_of(waiting.ticket) if waiting.is_watched else None
    if watch is not None:
        seen = Seen.from_dict(waiting.memory.get("watch", {}))
        quote, good = view.quotes.get(watch.symbol), view.quote(watch.symbol)
        price = None if quote is None else price_of(quote, watch.trigger, watch.side)
        yield Sight(
            says=words.looked_at(watch),
            wanted=words.setting_off(watch, seen.mark),
            seen=None if price is None else words.value(price),
            age=_age([watch.symbol], view),
            is_believed=good is not None and price is not None,
            count=seen.count,
            needed=watch.needed,
        )
    elif waiting.is_in_turn and ticket.limit_price is not None and not ticket.is_multi_leg:
        symbol = ticket.legs[0].symbol
        quote = view.quotes.get(symbol)
        price = None if quote is None else price_of(quote, TriggerPrice.OPPOSITE, ticket.side)
        yield Sight(
            says="the market",
            wanted=f"its limit, {words.value(ticket.limit_price)}",
            seen=None if price is None else words.value(price),
            age=_age([symbol], view),
            is_believed=view.quote(symbol) is not None,
        )


def _age(symbols: Iterable[str], view: View) -> float | None:
    """Return the age of the oldest quote, or None if there is none to have an age."""
    ages = [quote.age(view.now) for symbol in symbols if (quote := view.quotes.get(symbol)) is not None]
    return max(0.0, round(max(ages), 1)) if ages else None  # a quote may be vouched for while we look


def _paths(node: Node, path: str) -> Iterator[tuple[str, Leaf]]:
    """Name each comparison as the evaluation does."""
    match node:
        case Leaf():
            yield path, node
        case Not(of):
            yield from _paths(of, f"{path}.0")
        case Every(nodes) | Either(nodes):
            for n, one in enumerate(nodes):
                yield from _paths(one, f"{path}.{n}")


def as_row(sight: Sight) -> Mapping[str, Any]:
    """Return it as JSON values."""
    return {name: getattr(sight, name) for name in Sight.__slots__}
