"""What makes a list of orders a bracket, an OCO, an OTO: its roles, and how its tickets fit together."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from allcore.kernel.errors import InvalidInputError
from allcore.kernel.orders import TimeInForce
from allcore.kernel.tickets import OrderTicket
from risk.domain.book import claim_of
from trading.domain.contingent.lists import Linkage

MOST = 6
NOW_OR_NEVER = frozenset({TimeInForce.IOC, TimeInForce.FOK})


class ListKind(StrEnum):
    """ContingencyType(1385), and its two usual compositions."""

    OCO = "OCO"
    OUO = "OUO"
    OTO = "OTO"
    OTOCO = "OTOCO"
    BRACKET = "BRACKET"


class Role(StrEnum):
    """What an order is in its list."""

    ENTRY = "ENTRY"
    TARGET = "TARGET"
    STOP = "STOP"
    MEMBER = "MEMBER"


LINKAGE = {
    ListKind.OCO: Linkage.OCO,
    ListKind.OUO: Linkage.OUO,
    ListKind.OTO: Linkage.NONE,
    ListKind.OTOCO: Linkage.OCO,
    ListKind.BRACKET: Linkage.OUO,
}
WITH_ENTRY = frozenset({ListKind.OTO, ListKind.OTOCO, ListKind.BRACKET})


class InvalidListError(InvalidInputError):
    """The orders do not make the list that they are said to be."""

    code = "INVALID_ORDER_LIST"


@dataclass(frozen=True, slots=True)
class Part:
    """One order of a list."""

    role: Role
    ticket: OrderTicket


def check(kind: ListKind, parts: Sequence[Part]) -> None:
    """Pass if the parts make the list.

    Raises:
        InvalidListError: they do not.
    """
    for broken, message in (*_shape(kind, parts), *_fit(kind, parts)):
        if broken:
            raise InvalidListError(f"{message} Nothing was sent.", kind=str(kind))


def _shape(kind: ListKind, parts: Sequence[Part]) -> tuple[tuple[bool, str], ...]:
    roles = [part.role for part in parts]
    entries = roles.count(Role.ENTRY)
    return (
        (not 2 <= len(parts) <= MOST, f"A list has 2 to {MOST} orders, was {len(parts)}."),
        (len({p.ticket.account for p in parts}) != 1, "A list is of one account."),
        (
            entries != (1 if kind in WITH_ENTRY else 0) or (entries == 1 and roles[0] is not Role.ENTRY),
            f"A list of kind {kind} has {'one entry, named first' if kind in WITH_ENTRY else 'no entry'}.",
        ),
        (
            kind is ListKind.BRACKET and sorted(roles) != [Role.ENTRY, Role.STOP, Role.TARGET],
            "A bracket is an entry, a target and a stop.",
        ),
        (
            kind is not ListKind.BRACKET and bool({Role.TARGET, Role.STOP} & set(roles)),
            "Targets and stops are of brackets.",
        ),
        (kind is ListKind.OTOCO and len(parts) < 3, "An OTOCO has an entry and at least two orders after it."),
        (
            any(part.ticket.time_in_force in NOW_OR_NEVER for part in parts if part.role is not Role.ENTRY),
            "What waits for another order cannot be immediate-or-cancel or fill-or-kill.",
        ),
    )


def _fit(kind: ListKind, parts: Sequence[Part]) -> tuple[tuple[bool, str], ...]:
    if kind is not ListKind.BRACKET:
        return ()
    entry, *exits = (part.ticket for part in parts)
    closing = frozenset((leg.symbol, leg.side.opposite, leg.ratio) for leg in entry.legs)
    return (
        (any(claim_of(ticket) != closing for ticket in exits), "A bracket's exits close just what its entry opens."),
        (any(ticket.quantity != entry.quantity for ticket in exits), "A bracket's exits are for as much as its entry."),
    )


def shares_slot(parts: Sequence[Part], index: int, linkage: Linkage) -> bool:
    """Return whether another order of the list would close the same position as the one at the index."""
    claim = claim_of(parts[index].ticket)
    others = (p for n, p in enumerate(parts) if n != index and p.role is not Role.ENTRY)
    is_other = parts[index].role is not Role.ENTRY
    return (
        linkage is not Linkage.NONE
        and is_other
        and claim is not None
        and any(claim_of(p.ticket) == claim for p in others)
    )
