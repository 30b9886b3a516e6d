"""Why and how long an order stays at the desk."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from allcore.kernel.calendar import Session, next_session, session_on
from allcore.kernel.clock import new_york_date
from allcore.kernel.orders import OrdType, TimeInForce
from allcore.kernel.tickets import OrderTicket, content_hash
from risk.domain.market import BrokerTakes
from risk.domain.native import is_timed, is_watched
from risk.domain.request import Awaits
from trading.domain.contingent import conditions

CLOSE_LEAD = timedelta(seconds=60)  # an order for the close that the desk keeps goes out this long before it


@dataclass(frozen=True, slots=True)
class Placed:
    """An order's place in a list; `role` is an OrderLink's."""

    list_id: UUID
    index: int
    role: str
    list_hash: str
    shares_slot: bool  # another order of the list would close the same position


@dataclass(frozen=True, slots=True)
class Wait:
    """What is to be known of an order that does not simply go out: what it waits for, and whose it is.

    `after` is the ticket of the entry whose fill is assumed when the order is judged beforehand.
    """

    is_held: bool = False
    condition: dict[str, Any] | None = None
    is_watched: bool = False
    send_at: datetime | None = None
    ends_at: datetime | None = None
    placed: Placed | None = None
    after: OrderTicket | None = None
    listed: dict[str, object] | None = None  # its place in a list that leaves as one: `native.Listed.as_dict()`
    native: dict[str, object] | None = None  # what the broker watches, or works it by: `NativeTerms.as_details()`

    @property
    def request_terms(self) -> dict[str, object]:
        """What is kept with the request that sends the order, beside its ticket."""
        kept = {"list": self.listed, "native": self.native}
        if self.native is not None:
            kept["condition"] = self.condition
        return {name: one for name, one in kept.items() if one is not None}

    @property
    def awaits(self) -> Awaits | None:
        """What the gate is told."""
        if self.after is not None:
            return Awaits.PARENT
        is_priced_later = self.condition is not None or self.is_watched
        return Awaits.TRIGGER if self.is_held and is_priced_later else None

    @property
    def group(self) -> UUID | None:
        """The list whose orders end one another, if the order is one of those."""
        return self.placed.list_id if self.placed is not None and self.placed.shares_slot else None


def goes_out(ticket: OrderTicket, takes: BrokerTakes) -> bool:
    """Return whether the broker can have the ticket as it is, at once."""
    return not is_watched(ticket, takes) and not is_timed(ticket, takes)


def wait_of(
    ticket: OrderTicket,
    takes: BrokerTakes,
    *,
    condition: dict[str, Any] | None = None,
    placed: Placed | None = None,
    after: OrderTicket | None = None,
    exchange_now: datetime,
) -> Wait | None:
    """Return what the order waits for, or None: it goes out as it is.

    Raises:
        InvalidConditionError: the condition cannot be read, or is over already.
    """
    read = None if condition is None else conditions.parse(condition)
    if read is not None and read.expire_at is not None and read.expire_at <= exchange_now:
        raise conditions.InvalidConditionError(
            f"The condition expired at {read.expire_at.isoformat()}. Nothing was sent.", expire_at=read.expire_at
        )
    watched = is_watched(ticket, takes) or (_is_set_off(ticket) and placed is not None and placed.shares_slot)
    timed = is_timed(ticket, takes)
    in_turn = placed is not None and (after is not None or placed.shares_slot)
    if not (read or watched or timed or in_turn):
        return None if placed is None else Wait(placed=placed)
    session = _session(exchange_now)
    return Wait(
        is_held=True,
        condition=condition,
        is_watched=watched,
        send_at=_send_at(ticket, session, exchange_now) if timed else None,
        ends_at=_earliest(_ends_at(ticket, takes, session, exchange_now), None if read is None else read.expire_at),
        placed=placed,
        after=after,
    )


def expiry_of(ticket: OrderTicket, takes: BrokerTakes | None, exchange_now: datetime) -> datetime | None:
    """Return when the order ends: its own date, or as long as the broker keeps a good-till-cancelled order."""
    if ticket.time_in_force is not TimeInForce.GTC or takes is None:
        return ticket.expire_at
    return exchange_now + takes.gtc_for


def approved_hash(ticket: OrderTicket, wait: Wait | None) -> str:
    """Return what an approval binds to: the ticket, the condition it waits for, and the list it is of.

    A plain ticket's hash is its own. With a condition, the yes is to "this order, if and when that holds": the same
    ticket under another condition, in another list, or worked by the broker otherwise, needs another yes.
    """
    content: dict[str, object] = ticket.as_dict()
    if wait is not None and wait.condition is not None:
        content["condition"] = wait.condition
    if wait is not None and wait.native is not None:
        content["native"] = wait.native
    if wait is not None and wait.placed is not None:
        content["list"] = wait.placed.list_hash
    return content_hash(content)


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((at for at in moments if at is not None), default=None)


def _is_set_off(ticket: OrderTicket) -> bool:
    return ticket.stop_price is not None or ticket.ord_type is OrdType.TRAILING_STOP


def _session(exchange_now: datetime) -> Session:
    """Return the session that runs or comes next."""
    today = session_on(new_york_date(exchange_now))
    if today is None or exchange_now >= today.closes_at:
        return next_session(new_york_date(exchange_now))
    return today


def _send_at(ticket: OrderTicket, session: Session, exchange_now: datetime) -> datetime | None:
    if ticket.time_in_force is TimeInForce.CLS:
        return session.closes_at - CLOSE_LEAD
    if ticket.time_in_force is not TimeInForce.OPG:
        return None
    return session.opens_at if exchange_now < session.opens_at else next_session(session.day).opens_at


def _ends_at(ticket: OrderTicket, takes: BrokerTakes, session: Session, exchange_now: datetime) -> datetime | None:
    if ticket.time_in_force is TimeInForce.OPG:
        return None if exchange_now >= session.opens_at else session.closes_at
    end = expiry_of(ticket, takes, exchange_now)
    return session.closes_at if end is None else end
