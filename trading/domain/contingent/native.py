"""Lists that the broker keeps: which may be left to it, how one travels, and what is still the desk's to do then.

A list goes to the broker only if that does just what the desk would have done. It sets exits free once its entry has
filled whole, and takes them back if the entry ends before: so an entry that may fill in part stays the desk's affair,
or what had filled would stand without its stop.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from allcore.kernel.orders import OrdType, Side, TimeInForce
from allcore.kernel.tickets import OrderTicket
from risk.domain.book import claim_of
from risk.domain.market import BrokerTakes
from trading.domain.contingent.compose import WITH_ENTRY, ListKind, Part
from trading.domain.contingent.lists import (
    Alarm,
    LinkedOrders,
    Member,
    Place,
    Plan,
    Step,
    StepKind,
    most_filled_alarms,
)
from trading.domain.contingent.waits import goes_out

LINKS = {ListKind.OCO: "CANCEL", ListKind.OTOCO: "CANCEL", ListKind.OUO: "REDUCE", ListKind.BRACKET: "REDUCE"}


@dataclass(frozen=True, slots=True)
class Listed:
    """An order's place in a list that leaves as one, as its request keeps it; `link` is a `brokers.native.Link`."""

    list_id: str
    index: int
    of: int
    link: str | None
    is_entry: bool

    def as_dict(self) -> dict[str, object]:
        """Return it as JSON values."""
        return {
            "id": self.list_id,
            "index": self.index,
            "of": self.of,
            "link": self.link,
            "is_entry": self.is_entry,
        }

    @classmethod
    def read(cls, terms: Mapping[str, object]) -> Self | None:
        """Read it from a request's terms; None: the order leaves by itself."""
        data: Any = terms.get("list")
        if data is None:
            return None
        return cls(str(data["id"]), int(data["index"]), int(data["of"]), data["link"], bool(data["is_entry"]))


def why_held(kind: ListKind, parts: Sequence[Part], *, is_conditional: bool, takes: BrokerTakes, title: str) -> str:
    """Return why the desk itself must hold the list, in a person's words, or "": the broker keeps it."""
    if not takes.native_lists:
        return f"{title} keeps no lists of orders."
    if is_conditional:
        return "An order of it waits for a condition, which the desk watches."
    reasons = (*_alone(parts, takes, title), *_entry(kind, parts, title), *_linked(kind, parts))
    return next((why for broken, why in reasons if broken), "")


def _alone(parts: Sequence[Part], takes: BrokerTakes, title: str) -> Iterator[tuple[bool, str]]:
    tickets = [part.ticket for part in parts]
    yield any(not goes_out(t, takes) for t in tickets), f"{title} has not the type, price or time of one of its orders."
    yield any(t.is_multi_leg for t in tickets), "It has combos; the desk holds the lists of those."
    yield any(t.ord_type is OrdType.MARKET for t in tickets), "It has a market order, which the desk collars."


def _entry(kind: ListKind, parts: Sequence[Part], title: str) -> Iterator[tuple[bool, str]]:
    exits = [part.ticket for part in (parts[1:] if kind in WITH_ENTRY else parts)]
    yield (
        any(t.is_opening for t in exits),
        "An order after its first opens something, and is checked again before it goes.",
    )
    if kind not in WITH_ENTRY:
        return
    entry = parts[0].ticket
    yield (
        entry.quantity > 1 and entry.time_in_force is not TimeInForce.FOK,
        f"{title} sets exits free only once the whole entry has filled; the desk protects each part of it.",
    )
    yield entry.limit_price is None, "Its entry names no price that its exits could be held against."
    yield any(_is_met(entry, t) for t in exits), "An exit would be met as soon as the entry has filled."


def _is_met(entry: OrderTicket, out: OrderTicket) -> bool:
    """Return whether an exit would trade at once where the entry filled at its limit."""
    if entry.limit_price is None:
        return False
    up = 1 if out.side is Side.SELL else -1  # a seller's target lies above, the stop below
    is_stop = out.ord_type in (OrdType.STOP, OrdType.STOP_LIMIT)
    price = out.stop_price if out.stop_price is not None else out.limit_price
    return price is not None and up * (price - entry.limit_price) * (-1 if is_stop else 1) <= 0


def _linked(kind: ListKind, parts: Sequence[Part]) -> Iterator[tuple[bool, str]]:
    if kind not in LINKS:
        return
    beside = [part.ticket for part in (parts[1:] if kind in WITH_ENTRY else parts)]
    yield len({claim_of(t) for t in beside}) > 1, "Its linked orders do not close the same position."
    is_reducing = LINKS[kind] == "REDUCE"
    yield is_reducing and len({t.quantity for t in beside}) > 1, "Its linked orders are not for the same quantity."


def places(list_id: str, kind: ListKind, parts: Sequence[Part]) -> tuple[Listed, ...]:
    """Return each order's place in the list as it leaves."""
    link = LINKS.get(kind)
    return tuple(
        Listed(list_id, index, len(parts), link, is_entry=kind in WITH_ENTRY and index == 0)
        for index in range(len(parts))
    )


def plan(linked: LinkedOrders) -> Plan:
    """Return what is left to the desk of a list that the broker keeps: whole it leaves, or not at all.

    What one order does to the others there is the broker's doing, and nothing of it is asked for from here. An entry
    whose exit was refused is taken back while nothing of it has filled: it was approved with its protection.
    """
    steps = [_cancel(m, "another order of its list did not leave") for m in linked.members if _stays(linked, m)]
    entry = linked.entry
    if entry is not None and _is_bare(linked, entry):
        steps.append(_cancel(entry, "the broker refused an order that was to close it"))
    return Plan(tuple(steps), tuple(_alarms(linked)))


def _stays(linked: LinkedOrders, member: Member) -> bool:
    return member.is_unsent and any(m.place is Place.DONE for m in linked.members)


def _is_bare(linked: LinkedOrders, entry: Member) -> bool:
    is_there = entry.place is Place.OUT and not entry.is_unsent and not entry.is_asked
    return is_there and not entry.cum_qty and any(m.is_refused for m in linked.others)


def _alarms(linked: LinkedOrders) -> Iterator[Alarm]:
    if any(m.is_refused for m in linked.members) and any(m.is_open or m.cum_qty for m in linked.members):
        yield Alarm.REFUSED
    if any(m.is_gone and not _is_explained(linked, m) for m in linked.others):
        yield Alarm.GONE
    yield from most_filled_alarms(linked)


def _is_explained(linked: LinkedOrders, member: Member) -> bool:
    """Return whether another order of the list has done what makes the broker end this one."""
    entry = linked.entry
    beside = [m for m in linked.others if m.index != member.index]
    is_over = entry is not None and not entry.is_open and not entry.cum_qty
    return is_over or any(m.cum_qty or (not m.is_open and not m.is_gone) for m in beside)


def _cancel(member: Member, reason: str) -> Step:
    return Step(member.index, StepKind.CANCEL, reason=reason)
