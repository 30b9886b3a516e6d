"""What is booked on lots: fills, and what befalls positions, in the order in which it happened."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from allcore.kernel.money import ZERO, to_cents
from allcore.kernel.reports import CLOSINGS
from brokers.models import Account
from marketdata.models import Instrument
from trading.domain.books.ledger import Ledger
from trading.models import BookEvent, Execution

Pair = tuple[int, int]  # ids of account and instrument


@dataclass(frozen=True, slots=True)
class Carry:
    """Lots go on in another instrument, or in their own with another quantity: `to` for each `of`."""

    instrument: Instrument
    to: int
    of: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to book: signed quantity at a price per share, and the row that says so.

    `income` is dollars that come without a trade, `carry` what becomes of the lots; both with a quantity of zero.
    """

    account: Account
    instrument: Instrument
    qty: int
    px: Decimal
    fee: Decimal
    at: datetime
    execution: Execution | None = None
    event: BookEvent | None = None
    income: Decimal = ZERO
    carry: Carry | None = None

    @property
    def pair(self) -> Pair:
        """Whose, and what."""
        return self.account.pk, self.instrument.pk

    @property
    def against(self) -> Ledger:
        """The ledger that the cash is written against."""
        return Ledger.TRADES if self.event is None else Ledger.DELIVERY

    @property
    def key(self) -> str:
        """What orders entries of one moment: the broker's own ids, so that arrival makes no difference."""
        if self.execution is not None:
            return f"0{self.execution.exec_id}/{self.execution.leg:03d}"
        return "1" if self.event is None else f"1{self.event.event_id}"

    @property
    def when(self) -> tuple[datetime, str]:
        """The entry's place among all that happened to its pair."""
        return self.at, self.key


def entry_of(execution: Execution) -> Entry:
    """Return what an execution books; account and instrument should be loaded."""
    return Entry(
        account=execution.account,
        instrument=execution.instrument,
        qty=execution.qty if execution.side == "BUY" else -execution.qty,
        px=execution.px,
        fee=execution.fee,
        at=execution.transact_at,
        execution=execution,
    )


def entries_of(event: BookEvent) -> list[Entry]:
    """Return what an event books: an option gone and the shares that moved for it, lots carried over, or cash.

    A premium is realised and the shares stand at the strike: the trading convention.
    """
    is_closing = event.kind in CLOSINGS
    carry = None
    if event.to_instrument is not None and event.to_qty is not None:
        carry = Carry(event.to_instrument, event.to_qty, event.qty)
    first = Entry(
        account=event.account,
        instrument=event.instrument,
        qty=-event.qty if is_closing else 0,
        px=event.px if is_closing else ZERO,
        fee=event.fee,
        at=event.transact_at,
        event=event,
        income=event.income,
        carry=carry,
    )
    if event.deliverable is None or event.delivery_px is None or not event.shares:
        return [first]
    delivered = Entry(
        account=event.account,
        instrument=event.deliverable,
        qty=event.shares,
        # Cash moves in whole cents: the shares cost just that, or what was made would not be cash and market value.
        px=to_cents(event.shares * event.delivery_px) / event.shares,
        fee=ZERO,
        at=event.transact_at,
        event=event,
    )
    return [first, delivered]
