"""Where the paper broker keeps its books: a port, so that it knows no database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from allcore.kernel.errors import ConflictError, RefusedError
from brokers.paper.books import AccountBook
from brokers.paper.market import Shelf, Taken
from brokers.paper.records import BookingRecord, Change, FillRecord, InstructionRecord, OrderRecord, RequestRecord


class DuplicateClOrdIdError(RefusedError):
    """The id has named a message before; ids are burned for ever."""

    code = "DUPLICATE_CL_ORD_ID"


class StaleWriterError(ConflictError):
    """Somebody else has written these books since: this session is not the one that works the orders any more."""

    code = "STALE_WRITER"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a session needs to go on where the last one stopped."""

    accounts: Mapping[str, AccountBook]
    orders: tuple[OrderRecord, ...]
    requests: tuple[RequestRecord, ...]
    taken: Mapping[Shelf, Taken]
    ids: Mapping[str, str]  # every id of an open order: the order's first
    instructions: tuple[InstructionRecord, ...] = ()  # that are still to act


@dataclass(frozen=True, slots=True)
class History:
    """The books, with what was open or has changed since a time."""

    accounts: Mapping[str, AccountBook]
    orders: tuple[OrderRecord, ...]
    fills: tuple[FillRecord, ...]
    bookings: tuple[BookingRecord, ...]


class Store(Protocol):
    """Blocking; called from one thread. A batch is kept whole or not at all."""

    def load(self) -> Snapshot:
        """Return open orders, unanswered requests, and the accounts."""

    def account(self, number: str) -> AccountBook | None:
        """Return the account if it is one of this connection's."""

    def order_of(self, account: str, any_id: str) -> str | None:
        """Return the first id of the order that the account ever knew by `any_id`."""

    def instructions(self, ids: Sequence[str]) -> tuple[InstructionRecord, ...]:
        """Return those of this connection's instructions that have the ids."""

    def write(self, batch: Sequence[Change]) -> None:
        """Keep the changes.

        Raises:
            DuplicateClOrdIdError: a new order or request has a burned id; nothing was kept.
            StaleWriterError: a record is not the version it was read as; nothing was kept.
        """

    def history(self, since: datetime) -> History:
        """Return what mass status is made of."""

    def close(self) -> None:
        """Let the connection go."""
