"""Lists of orders that act on one another: what is to be done, given where each of them is.

`plan` looks at the whole list and names every step that is missing. It may be asked at any moment, any number of times:
what is done already is not named again, so that a crash between two steps costs nothing.

OCO: the first execution cancels the others. OUO: an execution takes as much from the others. OTO: an entry's fills
set the children free, pro rata and never beyond what filled. A bracket is an entry with two exits that are OUO: what a
target has filled in part stays protected by the stop for the rest.

Orders of a list that would close the same position share one slot: one of them works at the broker, the others wait
at the desk, since the broker would refuse to sell a position twice. When one that waits is set off, the one that works
is cancelled, and its cancellation confirmed, before the other leaves. So they cannot both fill.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from risk.domain.book import Claim


class Linkage(StrEnum):
    """What the orders beside the entry do to each other."""

    NONE = "NONE"
    OCO = "OCO"
    OUO = "OUO"


class Policy(StrEnum):
    """When children are set free: with each fill of the entry, or once it has filled whole (or ended)."""

    PARTIAL = "PARTIAL"
    FULL = "FULL"


class Place(StrEnum):
    """Where an order is. DORMANT waits for its entry, HELD for its trigger; OUT may fill; DONE cannot any more."""

    DORMANT = "DORMANT"
    HELD = "HELD"
    OUT = "OUT"
    DONE = "DONE"


@dataclass(frozen=True, slots=True)
class Member:
    """One order of a list. `planned` is what was ordered at first, `asked` the total it has, or was asked to have.

    `is_set_off`: what it waited for has come. `waits`: it has something to wait for. `is_free`: no cancel or replace of
    it is under way, and the broker has answered. `is_unsent`: it has not left the outbox. `is_refused`: the broker
    would not have it. `is_asked`: its cancellation was asked for. `is_gone`: the broker took it off the
    market without that. The last two are told of lists that the broker keeps.
    """

    index: int
    place: Place
    planned: int
    asked: int
    cum_qty: int
    claim: Claim | None = None
    is_entry: bool = False
    waits: bool = False
    is_set_off: bool = False
    is_free: bool = True
    is_unsent: bool = False
    is_refused: bool = False
    is_asked: bool = False
    is_gone: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it may yet fill."""
        return self.place is not Place.DONE


class StepKind(StrEnum):
    """What is to be done with an order."""

    ARM = "ARM"  # let it watch for its trigger, for `quantity` units
    RELEASE = "RELEASE"  # send it, for `quantity` units
    RESIZE = "RESIZE"  # to the total `quantity`
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do."""

    index: int
    kind: StepKind
    quantity: int = 0
    reason: str = ""


class Alarm(StrEnum):
    """What a person should hear of."""

    BOTH_FILLED = "LINKED_ORDERS_BOTH_FILLED"
    UNPROTECTED = "EXITS_GONE"
    REFUSED = "LIST_ORDER_REFUSED"
    GONE = "LIST_ORDER_GONE"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is missing, in the order in which to do it; and what is amiss."""

    steps: tuple[Step, ...] = ()
    alarms: tuple[Alarm, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkedOrders:
    """A list as it stands."""

    linkage: Linkage
    members: tuple[Member, ...]
    policy: Policy = Policy.PARTIAL

    @property
    def entry(self) -> Member | None:
        """The order whose fills set the others free."""
        return next((m for m in self.members if m.is_entry), None)

    @property
    def others(self) -> tuple[Member, ...]:
        """All but the entry."""
        return tuple(m for m in self.members if not m.is_entry)

    def allowed(self, member: Member) -> int:
        """Return how much of the member the entry's fills allow, in all.

        An entry may fill as much as it has at the broker until that has agreed to less: all of that is followed.
        """
        entry = self.entry
        if entry is None:
            return member.planned
        if self.policy is Policy.FULL and entry.is_open and entry.cum_qty < entry.asked:
            return 0
        return self.opened(member)

    def opened(self, member: Member) -> int:
        """Return the member's part of what the entry has opened by now; all of it without an entry."""
        entry = self.entry
        if entry is None:
            return member.planned
        return member.planned * min(entry.cum_qty, max(entry.planned, entry.asked)) // entry.planned


def plan(linked: LinkedOrders) -> Plan:
    """Return what is missing."""
    entry, others = linked.entry, linked.others
    if entry is not None and not entry.is_open and not entry.cum_qty:
        return Plan(tuple(_cancel(m, "the entry ended without a fill") for m in others if _can_cancel(m)))
    targets = {m.index: target(linked, m) for m in others}
    steps = [*_ended(linked, targets), *_entry_ended(linked, targets)]
    steps += _bare(linked, {step.index for step in steps})
    gone = {step.index for step in steps}
    for group in _slots(linked):
        steps += _slot_steps([m for m in group if m.index not in gone], targets)
    return Plan(tuple(steps), tuple(most_filled_alarms(linked)))


def target(linked: LinkedOrders, member: Member) -> int:
    """Return the total that the member should have; what it has filled already is part of it."""
    allowed = linked.allowed(member)
    if linked.linkage is Linkage.NONE:
        return allowed
    done_by_others = sum(m.cum_qty for m in linked.others if m.index != member.index)
    if linked.linkage is Linkage.OCO and done_by_others and not _is_first(linked, member):
        return member.cum_qty
    return max(allowed - done_by_others, member.cum_qty)


def _is_first(linked: LinkedOrders, member: Member) -> bool:
    """Return whether the member is the one of an OCO list that goes on: the first that has an execution."""
    executed = [m.index for m in linked.others if m.cum_qty]
    return bool(executed) and min(executed) == member.index


def _ended(linked: LinkedOrders, targets: dict[int, int]) -> Iterator[Step]:
    """Cancel what has nothing left to do because another one did it."""
    if linked.linkage is Linkage.NONE or not any(m.cum_qty for m in linked.others):
        return
    for member in linked.others:
        if targets[member.index] <= member.cum_qty and _can_cancel(member):
            yield _cancel(member, "a linked order was executed")


def _entry_ended(linked: LinkedOrders, targets: dict[int, int]) -> Iterator[Step]:
    """Cancel the rest of an entry whose exit has closed all that it had opened: the trade is over."""
    entry = linked.entry
    if entry is None or linked.linkage is Linkage.NONE or not _can_cancel(entry):
        return
    if any(m.cum_qty for m in linked.others) and all(targets[m.index] <= m.cum_qty for m in linked.others):
        yield _cancel(entry, "an exit closed what had filled")


def _bare(linked: LinkedOrders, gone: set[int]) -> Iterator[Step]:
    """Cancel what works and has nothing left to close: an execution of the entry that set it free was busted."""
    for member in linked.others:
        is_over = member.place is Place.OUT and linked.opened(member) <= member.cum_qty
        if is_over and member.index not in gone and _can_cancel(member):
            yield _cancel(member, "what it was to close is not there any more")


def _slots(linked: LinkedOrders) -> list[list[Member]]:
    """Return the orders that share a slot; one that opens something, or is linked to nothing, has its own."""
    groups: dict[object, list[Member]] = {}
    for member in linked.others:
        is_shared = linked.linkage is not Linkage.NONE and member.claim is not None
        groups.setdefault(member.claim if is_shared else member.index, []).append(member)
    return list(groups.values())


def _slot_steps(group: Sequence[Member], targets: dict[int, int]) -> Iterator[Step]:
    out = [m for m in group if m.place is Place.OUT]
    wanting = [m for m in group if m.place in (Place.HELD, Place.DORMANT) and targets[m.index] > m.cum_qty]
    next_one = _next(wanting)
    for member in out:
        yield from _kept(member, targets[member.index], next_one)
    for member in wanting:
        if not out and member is next_one:
            yield Step(member.index, StepKind.RELEASE, targets[member.index])
        elif member.place is Place.DORMANT:
            yield Step(member.index, StepKind.ARM, targets[member.index])
        elif member.asked != targets[member.index]:
            yield Step(member.index, StepKind.RESIZE, targets[member.index])


def _next(wanting: Sequence[Member]) -> Member | None:
    """Return who goes out next: one that was set off, else the first that waits for nothing."""
    ready = [m for m in wanting if m.is_set_off] or [m for m in wanting if not m.waits]
    return ready[0] if ready else None


def _kept(member: Member, target: int, next_one: Member | None) -> Iterator[Step]:
    if next_one is not None and next_one.is_set_off:
        if _can_cancel(member):
            yield _cancel(member, "a linked order was set off")
    elif member.is_free and target > member.cum_qty and member.asked != target:
        yield Step(member.index, StepKind.RESIZE, target)


def _can_cancel(member: Member) -> bool:
    """A cancel that is under way is not asked for again; one that waits at the desk is always free."""
    return member.is_open and (member.place is not Place.OUT or member.is_free)


def _cancel(member: Member, reason: str) -> Step:
    return Step(member.index, StepKind.CANCEL, reason=reason)


def most_filled_alarms(linked: LinkedOrders) -> Iterator[Alarm]:
    """Say whether more was closed than had filled, or less of it is protected than was meant."""
    if linked.linkage is Linkage.NONE:
        return
    done = sum(m.cum_qty for m in linked.others)
    most = max((linked.allowed(m) for m in linked.others), default=0)
    if sum(bool(m.cum_qty) for m in linked.others) > 1 and done > most:
        yield Alarm.BOTH_FILLED
    if linked.entry is not None and most > done and not any(m.is_open for m in linked.others):
        yield Alarm.UNPROTECTED
