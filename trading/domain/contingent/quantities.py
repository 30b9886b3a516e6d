"""Another quantity for a list: its orders keep their proportion, and nothing shrinks below what has filled."""

from collections.abc import Mapping
from dataclasses import replace

from allcore.kernel.errors import InvalidInputError
from trading.domain.contingent.lists import LinkedOrders, Member, Place, target


class ListQuantityError(InvalidInputError):
    """A list cannot be for so much."""

    code = "QUANTITY_OF_A_LIST"


def wanted(linked: LinkedOrders, index: int, quantity: int) -> Mapping[int, int]:
    """Return how much of each order is to be planned once the one at the index is for `quantity` in all.

    Raises:
        ListQuantityError: the order follows its entry; too much has filled; or another would be for a fraction.
    """
    named = next(m for m in linked.members if m.index == index)
    if linked.entry is not None and not named.is_entry:
        raise ListQuantityError(
            "It is for as much as its entry fills: change the entry's quantity, or cancel the list and place another. "
            "Its quantity was not changed.",
            entry=linked.entry.index,
        )
    found = {m.index: _scaled(m, named, quantity) for m in linked.members}
    filled = named.cum_qty if named.is_entry else sum(m.cum_qty for m in linked.members)
    least = min(found[m.index] for m in linked.members if not m.is_entry) if linked.entry is None else quantity
    if least <= filled:
        raise ListQuantityError(
            f"{filled} filled already, so it is for more than that in all, was {least}. "
            "To end what is left, cancel it. Its quantity was not changed.",
            filled=filled,
            quantity=quantity,
        )
    return found


def totals(linked: LinkedOrders, planned: Mapping[int, int]) -> Mapping[int, int]:
    """Return the totals to be given now. What an entry's fills have set free already goes on by its fills."""
    members = tuple(replace(m, planned=planned[m.index]) for m in linked.members)
    after = replace(linked, members=members)
    if after.entry is not None:
        follow = (m for m in after.others if m.place is Place.DORMANT)
        return {m.index: m.planned for m in (after.entry, *follow)}
    return {m.index: target(after, m) for m in members if m.is_open}


def _scaled(member: Member, named: Member, quantity: int) -> int:
    whole, rest = divmod(member.planned * quantity, named.planned)
    if rest:
        raise ListQuantityError(
            f"The list's orders keep their proportion, {named.planned} to {member.planned}: for {quantity} the other "
            f"would be for {member.planned * quantity / named.planned:.2f}. Its quantity was not changed.",
            quantity=quantity,
        )
    return whole
