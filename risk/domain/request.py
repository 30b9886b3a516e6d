"""The question that is put to the gate."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from allcore.kernel.tickets import OrderTicket
from risk.domain.book import Book, Pending, claim_of
from risk.domain.circumstances import Circumstances
from risk.domain.cover import Requirement
from risk.domain.limits import Limits
from risk.domain.market import MarketView
from risk.domain.protocol import ProtocolTerms
from risk.domain.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Recent:
    """A message that the account sent or staged to send (new or replace), `at` the system's time."""

    ticket: OrderTicket
    at: datetime
    order_id: UUID | None = None


class Messages(NamedTuple):
    """How many messages but cancels the account sent within the last minute, and within the last second of it."""

    minute: int = 0
    second: int = 0


class Awaits(StrEnum):
    """What an order held at the desk waits for. All that the market decides is asked again when it is released."""

    TRIGGER = "TRIGGER"
    PARENT = "PARENT"  # the fill of another order


@dataclass(frozen=True, slots=True)
class GateRequest:
    """May this ticket go, given all this?

    A replace names its order in `exclude_order_id`, carries the new terms as the ticket, and says in `filled` how many
    units are done already. `group` names the list whose orders end one another: those that would close the same
    position as this one do not count beside it. `recent` holds the account's messages of the last minute that may be
    this one's twins (same name and quantity); `messages` counts all of them; `sizes` are the quantities of its last
    orders, a hundred shares as one. `around` is what else is known of the account and the name.
    """

    account_id: int  # the Account's key
    ticket: OrderTicket
    book: Book
    market: MarketView
    terms: ProtocolTerms
    limits: Limits
    recent: tuple[Recent, ...] = ()
    messages: Messages = field(default_factory=Messages)
    sizes: tuple[Decimal, ...] = ()
    exclude_order_id: UUID | None = None
    filled: int = 0
    is_manual: bool = False
    is_sliced: bool = False  # the whole of an algorithm, whose slices meet the market one by one
    awaits: Awaits | None = None  # None: it goes out at once
    group: UUID | None = None
    around: Circumstances = field(default_factory=Circumstances)
    sheet: Sheet | None = None  # None: nobody has prepared one, and nothing opens
    # What the order adds at worst: half a dozen controls ask for it, and it is long to find. replace() starts it anew.
    worst: list[Requirement] = field(init=False, default_factory=list, compare=False, repr=False)
    # What else several controls ask for, by name: the account under all scenarios, the household in the name.
    kept: dict[str, Any] = field(init=False, default_factory=dict, compare=False, repr=False)

    @property
    def quantity(self) -> int:
        """The units that may yet fill."""
        return max(self.ticket.quantity - self.filled, 0)

    @property
    def pending(self) -> tuple[Pending, ...]:
        """The other orders that may still fill."""
        others = self.book.without(self.exclude_order_id)
        if self.group is None:
            return others
        own = claim_of(self.ticket)
        return tuple(p for p in others if p.group != self.group or own is None or claim_of(p.ticket) != own)
