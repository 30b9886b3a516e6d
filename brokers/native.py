"""What a broker does by itself with orders. Only some adapters have this; the capabilities say which.

Nothing here is held by the desk: once sent, a list lives at the broker, and works on while the desk is away.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from allcore.kernel.errors import InvalidInputError
from allcore.kernel.tickets import OrderTicket
from brokers.terms import PLAIN, NativeTerms

LEAST = 2  # orders of a list


class InvalidListError(InvalidInputError):
    """The list cannot be meant; nothing was sent."""

    code = "INVALID_NATIVE_LIST"


class Link(StrEnum):
    """What an execution of one order does to the others."""

    CANCEL = "CANCEL"
    REDUCE = "REDUCE"  # by as much as it traded; what is reduced to nothing is cancelled


@dataclass(frozen=True, slots=True)
class NativeOrder:
    """One order, and what the broker is to do with it beside working it."""

    cl_ord_id: str
    ticket: OrderTicket
    terms: NativeTerms = PLAIN


@dataclass(frozen=True, slots=True)
class NativeList:
    """Orders that are sent as one. The `entry`, if there is one, sets the others free when it has filled.

    `name` is used for no other list of the account. Without a `link` the others do nothing to one another.

    Raises:
        InvalidListError: it has fewer than two orders, two of one id, or nothing that makes them a list.
    """

    name: str
    others: tuple[NativeOrder, ...]
    link: Link | None = None
    entry: NativeOrder | None = None

    def __post_init__(self) -> None:
        """Refuse what is no list."""
        ids = [one.cl_ord_id for one in self.orders]
        for broken, message in (
            (not self.name, "A list has a name."),
            (len(ids) < LEAST, f"A list has {LEAST} orders at least, was {len(ids)}."),
            (len(set(ids)) != len(ids), "Each order of a list has an id of its own."),
            (self.entry is None and self.link is None, "A list has an entry, or a link between its orders."),
            (not self.others, "A list has orders beside its entry."),
        ):
            if broken:
                raise InvalidListError(f"{message} Nothing was sent.", name=self.name)

    @property
    def orders(self) -> tuple[NativeOrder, ...]:
        """All orders in the order in which they leave: the entry first."""
        return self.others if self.entry is None else (self.entry, *self.others)


@runtime_checkable
class NativeEntry(Protocol):
    """Orders out that the broker itself watches, works or links. Each is answered as any order is."""

    async def submit_native(self, broker_account: str, order: NativeOrder) -> None:
        """Send an order with its conditions or its algorithm, once."""

    async def submit_list(self, broker_account: str, orders: NativeList) -> None:
        """Send the list, once. Nothing of it works before all of it has arrived, if it has an entry."""
