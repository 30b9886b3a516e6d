"""What a broker reached by HTTP must provide for a polled session."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from allcore.kernel.reports import BalanceReport, PositionReport
from allcore.kernel.tickets import OrderTicket
from brokers.ports import Capabilities, Preview
from brokers.rest.views import Listed


class Client(Protocol):
    """One broker's REST, in the desk's words. Errors are those of `brokers.rest.wire`."""

    capabilities: Capabilities

    async def connect(self) -> frozenset[str]:
        """Sign in, and return the account numbers that can be reached."""

    def check(self, ticket: OrderTicket) -> None:
        """Refuse what the broker's words cannot say.

        Raises:
            InvalidInputError: and why.
        """

    async def place(self, account: str, ticket: OrderTicket, cl_ord_id: str) -> str:
        """Send a new order and return the broker's id of it, which the next look confirms."""

    async def cancel(self, account: str, broker_order_id: str) -> None:
        """Ask for a cancellation."""

    async def preview(self, account: str, ticket: OrderTicket) -> Preview:
        """Ask what the order would do."""

    async def orders(self, account: str, since: datetime) -> Sequence[Listed]:
        """Return every order entered or still open since, with its executions; what cannot be read, as such."""

    async def positions(self, account: str) -> Sequence[PositionReport]:
        """Return the positions."""

    async def balance(self, account: str) -> BalanceReport:
        """Return the cash."""

    def hints(self) -> AsyncIterator[None]:
        """Yield when something may have happened. A broker without a stream never yields."""

    async def close(self) -> None:
        """Let the lines go."""
