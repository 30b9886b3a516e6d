"""What every broker must be able to do, whichever it is. Values in and out are the kernel's.

Errors say what the caller should do: InvalidInputError (fix it), RefusedError (accept it), UnavailableError (nothing
was sent, try again), UnknownOutcomeError (it may have arrived: reconcile, never resend).
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from allcore.kernel.instructions import CutOff
from allcore.kernel.orders import OrdType, TimeInForce, TriggerPrice
from allcore.kernel.quotes import Quote
from allcore.kernel.reports import BookReport, ExecutionReport, MassStatus
from allcore.kernel.tickets import OrderTicket
from brokers.algos import BrokerAlgo
from brokers.quiet import QuietWindow


class ReplaceKind(StrEnum):
    """How a broker changes a working order."""

    IN_PLACE = "IN_PLACE"
    CANCEL_NEW = "CANCEL_NEW"
    NONE = "NONE"


class Idempotency(StrEnum):
    """What a broker does with a ClOrdID it has seen."""

    SERVER_KEY = "SERVER_KEY"  # answers with the first order
    ID_REJECT = "ID_REJECT"  # refuses the second
    LOOKUP_ONLY = "LOOKUP_ONLY"  # cannot tell; orders can be listed


class Login(StrEnum):
    """How a session proves who it is."""

    NONE = "NONE"
    GATEWAY = "GATEWAY"  # by a program beside the desk that a person signs in to
    OAUTH2 = "OAUTH2"
    OAUTH1 = "OAUTH1"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a broker takes natively, and how it behaves. What it does not take is refused before it leaves.

    `executions_for` is how far back it tells executions, `gtc_for` how long it keeps a good-till-cancelled order.
    `triggers` are the prices that an order may name to be set off by; one that names another is held at the desk.
    `quiet` are hours in which the broker is expected to be away: then nothing but cancels is sent. A session that has
    heard nothing for `silent_for` is ended and built anew; None: it judges that itself. A session that takes exercise
    instructions is a `brokers.instructions.TakesInstructions`; `exercise_cut_off` is when they must be with the broker.
    What trades inside the desk `tells_exchange_time`, that of the market's own clock; a broker tells the system's.
    With `lists_changes`, a whole answer since a time has every order that changed since, whenever it was entered.
    """

    ord_types: frozenset[OrdType]
    times_in_force: frozenset[TimeInForce]
    max_legs: int
    replace: ReplaceKind
    idempotency: Idempotency
    order_stream: bool
    preview: bool
    native_lists: bool = False  # whether the desk leaves lists of orders to it (`brokers.native`)
    native_conditions: bool = False  # whether it watches an order's conditions itself (`brokers.native`)
    algos: tuple[BrokerAlgo, ...] = ()  # by which it works orders itself (`brokers.native`)
    quotes: bool = False
    login: Login = Login.NONE
    executions_for: timedelta = timedelta(days=1)
    gtc_for: timedelta = timedelta(days=90)
    triggers: frozenset[TriggerPrice] = frozenset()
    buckets: tuple["Bucket", ...] = ()
    quiet: tuple[QuietWindow, ...] = ()
    silent_for: timedelta | None = None
    takes_exercise_instructions: bool = False
    exercise_cut_off: CutOff = CutOff.HALF_PAST_FOUR
    lists_changes: bool = False
    tells_exchange_time: bool = False


class Lane(StrEnum):
    """Who waits for whom: orders and cancels never wait for data."""

    ORDERS = "ORDERS"
    DATA = "DATA"


@dataclass(frozen=True, slots=True)
class Bucket:
    """A broker's limit on calls: `rate` a second, `burst` at once, of which `reserved` are for the orders' lane."""

    name: str
    rate: float
    burst: int
    reserved: int = 0


class Pacer(Protocol):
    """Shares a broker's limits among all who call it."""

    async def take(self, bucket: Bucket, *, lane: Lane, weight: int = 1) -> None:
        """Wait until the call may go out."""

    async def pushed_back(self, bucket: Bucket, *, retry_after: float | None) -> None:
        """Hear that the broker said "too many": slow down, for `retry_after` seconds if it said so."""


class Secrets(Protocol):
    """The credentials of one connection; they are kept encrypted, and never logged."""

    async def read(self) -> dict[str, str]:
        """Return them, decrypted."""

    async def renew(self, values: dict[str, str], *, expires_at: datetime | None) -> None:
        """Replace the named values, such as a refreshed token, in one step."""


@dataclass(frozen=True, slots=True)
class OrderKey:
    """Under which names an order is known. It is written before the wire is touched, and its ClOrdID is burned then.

    `chain` are the broker's ids, oldest first: a cancel-and-new replace adds one. `ticket` is `OrderTicket.as_dict()`.
    """

    cl_ord_id: str
    broker_account: str
    ticket: dict[str, object]
    intended_at: datetime
    chain: tuple[str, ...] = ()
    orig_cl_ord_id: str = ""
    details: dict[str, object] = field(default_factory=dict)


class KeyBook(Protocol):
    """What survives a crash between the wire and the answer: which order is whose."""

    async def intend(self, key: OrderKey) -> None:
        """Write the key.

        Raises:
            RefusedError: the ClOrdID was used before.
        """

    async def learn(self, cl_ord_id: str, broker_order_id: str, details: dict[str, object] | None = None) -> None:
        """Add the broker's id for it (once), and details of the adapter's own."""

    async def by_cl_ord_id(self, cl_ord_id: str) -> OrderKey | None:
        """Return the key, or None."""

    async def by_broker_order_id(self, broker_order_id: str) -> OrderKey | None:
        """Return the key of which the id is one, or None."""

    async def since(self, at: datetime) -> tuple[OrderKey, ...]:
        """Return the keys intended since, oldest first."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What the broker says an order would do; None is what it does not say. Dollars."""

    commission: Decimal | None
    margin_change: Decimal | None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Replacement:
    """New terms of a working order; `quantity` is the total, not what is left."""

    cl_ord_id: str
    orig_cl_ord_id: str
    quantity: int
    limit_price: Decimal | None
    stop_price: Decimal | None
    ticket: OrderTicket | None = None  # the new terms whole, for brokers that take a replace as a whole order


@dataclass(frozen=True, slots=True)
class Health:
    """How a session is. `heard_at` is when the broker last said anything, on the system's clock."""

    is_connected: bool
    heard_at: datetime | None
    details: dict[str, object] = field(default_factory=dict)


async def _nothing_held() -> None:
    """Let go of nothing."""


@dataclass(frozen=True, slots=True)
class Plumbing:
    """What an adapter is given: who it is, and everything it may reach beside its broker.

    `environment` is PAPER or LIVE; the adapter refuses to connect unless its address and account agree with it.
    """

    connection: str
    environment: str
    settings: Mapping[str, object]
    clock: Callable[[], datetime]
    keys: KeyBook
    secrets: Secrets
    pacer: Pacer
    release: Callable[[], Awaitable[None]] = _nothing_held  # the last call of a session that is closed


@dataclass(frozen=True, slots=True)
class Leave:
    """Where a person goes to give the desk leave. `needs_code`: the broker shows a code to be typed in here."""

    url: str
    state: str
    needs_code: bool


class Authoriser(Protocol):
    """How a person gives the desk leave, at brokers that sign in by OAuth."""

    async def begin(self, callback_url: str) -> Leave:
        """Return where to send the person; what must survive until `finish` is kept among the secrets."""

    async def finish(self, answer: Mapping[str, str]) -> datetime | None:
        """Turn the broker's answer (its callback's query, or `code` as typed) into kept tokens; return their end.

        Raises:
            RefusedError: the broker says no, or the answer is to another question (state).
        """


class OrderEntry(Protocol):
    """Orders out. A return means that the broker has the message; its answer comes as an event."""

    async def submit(self, cl_ord_id: str, broker_account: str, ticket: OrderTicket) -> None:
        """Send a new order, once."""

    async def replace(self, broker_account: str, replacement: Replacement) -> None:
        """Ask for new terms."""

    async def cancel(self, broker_account: str, cl_ord_id: str, orig_cl_ord_id: str) -> None:
        """Ask to cancel the order last accepted as `orig_cl_ord_id`."""


class Previewer(Protocol):
    """What an order would do, asked without sending it. Only where the capabilities say `preview`."""

    async def preview(self, broker_account: str, ticket: OrderTicket) -> Preview:
        """Return what the broker says."""


class AccountReader(Protocol):
    """What the broker has. Each answer is whole, or an error: never empty because a query failed."""

    async def mass_status(self, since: datetime) -> MassStatus:
        """Return orders open and closed since, executions, bookings, positions and balances."""


class QuoteFeed(Protocol):
    """Market data in."""

    async def subscribe(self, symbols: Iterable[str]) -> None:
        """Ask for quotes of the symbols as well."""

    async def unsubscribe(self, symbols: Iterable[str]) -> None:
        """Stop asking."""

    def quotes(self) -> AsyncIterator[Quote]:
        """Yield quotes as they come."""


class Session(OrderEntry, AccountReader, Protocol):
    """One login, living in one event loop."""

    capabilities: Capabilities

    async def connect(self) -> None:
        """Log in and be ready."""

    async def health(self) -> Health:
        """Say how the session is."""

    def events(self) -> AsyncIterator[ExecutionReport | BookReport]:
        """Yield what the broker says, in the order it says it."""

    async def close(self) -> None:
        """Log out; nothing pending is dropped silently."""
