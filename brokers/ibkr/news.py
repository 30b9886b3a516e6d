"""What the gateway said, as values: one class a message, with the fields that we use."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

VERSIONED = re.compile(r"^.+\.\d\d$")  # 0000e0d5.6553c3b9.01.02: the second version of 0000e0d5.6553c3b9.01
FIRST = 1


@dataclass(frozen=True, slots=True)
class Names:
    """How the gateway names an order. A completed order has neither number nor client, only `perm_id` and `ref`."""

    order_id: int
    client_id: int
    perm_id: int
    ref: str = ""

    @property
    def key(self) -> str:
        """What tells the order from all others: its permanent id, or its number while it has none."""
        return str(self.perm_id) if self.perm_id else f"{self.client_id}:{self.order_id}"


@dataclass(frozen=True, slots=True)
class OrderNews:
    """openOrder or completedOrder. Prices that are not set are None; `legs` of a combo are contract numbers.

    `filled` is what a completed order says, `closed_at` its end, `text` its end in words.
    """

    names: Names
    account: str
    status: str
    contract: Any
    quantity: int
    limit_price: Decimal | None
    aux_price: Decimal | None
    is_completed: bool = False
    filled: int = 0
    closed_at: datetime | None = None
    text: str = ""
    conditions: int = 0  # how many it waits for
    order: Any = None  # the library's, for the terms of one that is not ours


@dataclass(frozen=True, slots=True)
class StatusNews:
    """orderStatus."""

    names: Names
    status: str
    filled: int
    why_held: str


@dataclass(frozen=True, slots=True)
class ExecutionNews:
    """execDetails; `symbol` is the desk's, empty for a combo's own summary. `asked` says that it answers a question."""

    names: Names
    account: str
    exec_id: str
    symbol: str
    is_buy: bool
    qty: int
    px: Decimal
    at: datetime
    asked: bool

    @property
    def prefix(self) -> str:
        """The execution's name without the number of its version; the whole name, if it has none."""
        return self.exec_id.rpartition(".")[0] if VERSIONED.match(self.exec_id) else self.exec_id

    @property
    def version(self) -> int:
        """The number of its version, in the last two digits; a correction has a higher one."""
        return int(self.exec_id[-2:]) if VERSIONED.match(self.exec_id) else FIRST

    @property
    def first_id(self) -> str:
        """The name of its first version, under which the desk books it whichever version told it."""
        return f"{self.prefix}.{FIRST:02d}" if VERSIONED.match(self.exec_id) else self.exec_id


@dataclass(frozen=True, slots=True)
class CommissionNews:
    """commissionReport."""

    exec_id: str
    fee: Decimal


@dataclass(frozen=True, slots=True)
class ErrorNews:
    """An error or notice about an order."""

    order_id: int
    code: int
    text: str


@dataclass(frozen=True, slots=True)
class LineNews:
    """An error or notice about nothing in particular, such as the line upstream."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class MalformedNews:
    """A message that could not be read; something may have been missed."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class LostNews:
    """The line to the gateway is gone."""


@dataclass(frozen=True, slots=True)
class TickNews:
    """Time has passed: look at what is overdue."""


News = (
    OrderNews | StatusNews | ExecutionNews | CommissionNews | ErrorNews | LineNews | MalformedNews | LostNews | TickNews
)
