"""The algorithms by which brokers work orders themselves: what each is called, what it takes, and what it works."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation

from allcore.kernel.orders import OrdType, TimeInForce
from allcore.kernel.tickets import OrderTicket
from brokers.terms import Algo

MOMENT = "%Y%m%d-%H:%M:%S"  # in UTC


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter in the broker's words: one of `words`, a number from `least` to `most`, or else a moment in UTC."""

    name: str
    words: tuple[str, ...] = ()
    least: Decimal | None = None
    most: Decimal | None = None
    is_needed: bool = False

    @property
    def allowed(self) -> str:
        """What it may be, as a person reads it."""
        if self.words:
            return f"one of {', '.join(self.words)}"
        if self.least is not None:
            return f"a number from {self.least} to {self.most}"
        return "a moment in UTC, such as 20260610-14:30:00"

    def fits(self, text: str) -> bool:
        """Return whether the broker takes the text as it is."""
        if self.words:
            return text in self.words
        if self.least is None or self.most is None:
            return _is_moment(text)
        try:
            return self.least <= Decimal(text) <= self.most
        except InvalidOperation:
            return False

    def as_row(self) -> dict[str, object]:
        """Return it as it travels."""
        return {
            "name": self.name,
            "words": list(self.words),
            "least": None if self.least is None else f"{self.least:f}",
            "most": None if self.most is None else f"{self.most:f}",
            "is_needed": self.is_needed,
            "allowed": self.allowed,
        }


@dataclass(frozen=True, slots=True)
class BrokerAlgo:
    """An algorithm of a broker's, and which orders it works; orders of several legs never."""

    name: str
    parameters: tuple[Parameter, ...]
    ord_types: frozenset[OrdType] = frozenset({OrdType.MARKET, OrdType.LIMIT})
    times_in_force: frozenset[TimeInForce] = frozenset({TimeInForce.DAY})

    def as_row(self) -> dict[str, object]:
        """Return it as it travels."""
        return {"name": self.name, "parameters": [one.as_row() for one in self.parameters]}


def algo_of(data: Mapping[str, object]) -> Algo:
    """Return what a caller's `{"name": ..., "params": {...}}` names; the order of the parameters says nothing."""
    params = data.get("params")
    given = params if isinstance(params, Mapping) else {}
    return Algo(str(data.get("name", "")), tuple(sorted((str(tag), str(value)) for tag, value in given.items())))


def refusal(algo: Algo, ticket: OrderTicket, offered: Sequence[BrokerAlgo]) -> str:
    """Return why the broker that offers these would not work the ticket so, naming what it takes; "": it does."""
    found = next((one for one in offered if one.name == algo.name), None)
    if not offered:
        return "It has no algorithms that the desk passes on."
    if found is None:
        return f"{algo.name!r} is none of {', '.join(one.name for one in offered)}."
    return next((why for broken, why in (*_of_ticket(found, ticket), *_of_parameters(found, algo)) if broken), "")


def _of_ticket(found: BrokerAlgo, ticket: OrderTicket) -> Iterator[tuple[bool, str]]:
    yield ticket.is_multi_leg, f"Combos are not worked by an algorithm, and the ticket has {len(ticket.legs)} legs."
    yield ticket.ord_type not in found.ord_types, f"{found.name} works {_named(found.ord_types)} orders."
    yield ticket.time_in_force not in found.times_in_force, f"{found.name} works {_named(found.times_in_force)} orders."


def _of_parameters(found: BrokerAlgo, algo: Algo) -> Iterator[tuple[bool, str]]:
    known = {one.name: one for one in found.parameters}
    given = dict(algo.params)
    needed = [one.name for one in found.parameters if one.is_needed]
    had = ", ".join(tag for tag, _ in algo.params) or "none"
    yield (
        bool(set(given) - set(known)) or len(given) != len(algo.params) or bool(set(needed) - set(given)),
        f"{found.name} has {', '.join(known)}, each once, and needs {', '.join(needed)}; had {had}.",
    )
    for tag, text in given.items():
        one = known.get(tag)
        yield one is not None and not one.fits(text), f"{tag} is {one.allowed if one else ''}, was {text!r}."


def _named(words: Iterable[OrdType | TimeInForce]) -> str:
    return " and ".join(sorted(str(word) for word in words))


def _is_moment(text: str) -> bool:
    """Return whether it is a time in UTC, written as every time that leaves for a broker is."""
    try:
        return f"{datetime.strptime(f'{text}+0000', f'{MOMENT}%z'):{MOMENT}}" == text
    except ValueError:
        return False
