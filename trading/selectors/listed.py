"""A list of orders as it would leave: who keeps it, each order's ticket as it is sent, and what it waits for.

Looking at a list and placing it ask the same here, so that what was shown is what is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from allcore.kernel.tickets import OrderTicket, content_hash
from brokers.models import Account
from brokers.selectors.capabilities import title_of
from marketdata.selectors import clock
from trading.domain import tickets
from trading.domain.contingent import native
from trading.domain.contingent.compose import LINKAGE, WITH_ENTRY, ListKind, Part, Role, check, shares_slot
from trading.domain.contingent.lists import Policy
from trading.domain.contingent.waits import Placed, Wait, wait_of
from trading.selectors import conditions, exposures
from trading.selectors.collars import collared


@dataclass(frozen=True, slots=True)
class Draft:
    """A list as it is asked for: its orders, each with its role and the condition it waits for."""

    kind: ListKind
    policy: Policy
    parts: tuple[Part, ...]
    conditions: tuple[dict[str, Any] | None, ...]

    @property
    def content_hash(self) -> str:
        """What each order's approval binds to, beside its own ticket."""
        orders = [
            {"role": str(part.role), "ticket": part.ticket.as_dict(), "condition": condition}
            for part, condition in zip(self.parts, self.conditions, strict=True)
        ]
        return content_hash({"kind": str(self.kind), "policy": str(self.policy), "orders": orders})


@dataclass(frozen=True, slots=True)
class Leaving:
    """One order of a list as it is to be judged and staged; `wait` has its place."""

    part: Part
    ticket: OrderTicket
    wait: Wait | None


def read(data: Mapping[str, Any], multipliers: Mapping[str, int]) -> Draft:
    """Return the list that the data asks for.

    Raises:
        InvalidListError, InvalidTicketError: it is none.
    """
    kind = ListKind(data["kind"])
    parts = tuple(
        Part(Role(order["role"]), tickets.complete({**order, "account": data["account"]}, multipliers))
        for order in data["orders"]
    )
    check(kind, parts)
    return Draft(kind, Policy(data["policy"]), parts, tuple(order.get("condition") for order in data["orders"]))


def why_held(draft: Draft, broker: str) -> str:
    """Return why the desk itself must hold the list, in a person's words, or "": the broker keeps it."""
    return native.why_held(
        draft.kind,
        draft.parts,
        is_conditional=any(condition is not None for condition in draft.conditions),
        takes=exposures.takes(broker),
        title=title_of(broker),
    )


def leaving(draft: Draft, account: Account, *, list_id: UUID, is_native: bool, now: datetime) -> list[Leaving]:
    """Return each order as it is to be judged and staged: a market order for options collared, an exit after its entry.

    Raises:
        InvalidConditionError: a condition cannot be read, or looks at what the desk does not know.
        NoMarketError: a market order for options finds too wide a quote.
    """
    found: list[Leaving] = []
    for index, part in enumerate(draft.parts):
        after = found[0].ticket if draft.kind in WITH_ENTRY and index else None
        wait = _wait(draft, index, account, Listing(list_id, is_native, after), now)
        ticket = part.ticket if wait is not None and wait.is_held else collared(part.ticket)
        found.append(Leaving(part, ticket, wait))
    return found


@dataclass(frozen=True, slots=True)
class Listing:
    """The list that an order is in, and the entry that it comes after."""

    list_id: UUID
    is_native: bool
    after: OrderTicket | None


def _wait(draft: Draft, index: int, account: Account, listing: Listing, now: datetime) -> Wait | None:
    parts = draft.parts
    placed = Placed(
        list_id=listing.list_id,
        index=index,
        role=parts[index].role,
        list_hash=draft.content_hash,
        shares_slot=shares_slot(parts, index, LINKAGE[draft.kind]),
    )
    if listing.is_native:
        listed = native.places(listing.list_id.hex, draft.kind, parts)[index]
        return Wait(placed=placed, after=listing.after, listed=listed.as_dict())
    conditions.must_be_known(draft.conditions[index])
    return wait_of(
        parts[index].ticket,
        exposures.takes(account.connection.broker),
        condition=draft.conditions[index],
        placed=placed,
        after=listing.after,
        exchange_now=clock.exchange_now(now),
    )
