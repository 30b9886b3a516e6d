"""What a broker lists and this desk cannot read: nobody else's order stops the looking, and none of ours is guessed."""

from collections.abc import Callable, Iterable
from datetime import datetime

import structlog

from brokers.ports import Plumbing
from brokers.rest.views import UnreadOrder
from brokers.rest.wire import WireDownError

log = structlog.get_logger(__name__)


class Unread:
    """The unreadable orders of the last look, and when each was listed first."""

    def __init__(self, plumbing: Plumbing) -> None:
        self._plumbing = plumbing
        self._listed: dict[str, tuple[datetime, UnreadOrder]] = {}

    def take(self, orders: Iterable[UnreadOrder], *, is_ours: Callable[[str], bool]) -> None:
        """Take a look's.

        Raises:
            WireDownError: one is this desk's, or may be: the look says nothing of how it stands.
        """
        now, known, self._listed = self._plumbing.clock(), self._listed, {}
        for order in orders:
            name = order.broker_order_id
            if not name or is_ours(name):
                raise WireDownError(f"{order.said} It may be an order of this desk.", broker_order_id=name)
            if name not in known:
                log.error("order_unreadable", connection=self._plumbing.connection, text=order.said)
            self._listed[name] = known.get(name, (now, order))

    def may_hide_one_since(self, earliest: datetime) -> bool:
        """Return whether an order that was sent since then may be among them."""
        return any(at >= earliest for at, _ in self._listed.values())

    @property
    def alerts(self) -> list[str]:
        """What a person should look at."""
        return [
            f"Order {name} of account {order.account}, which is not this desk's: {order.said}"
            for name, (_, order) in self._listed.items()
        ]
