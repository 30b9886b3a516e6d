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
        self._ours: set[str] = set()

    def take(self, orders: Iterable[UnreadOrder], *, is_ours: Callable[[str], bool]) -> None:
        """Take a look's. One that is this desk's, or may be, keeps no other from being seen."""
        now, known = self._plumbing.clock(), self._listed
        self._listed, self._ours = {}, set()
        for order in orders:
            name = order.broker_order_id
            if not name or is_ours(name):
                self._ours.add(name)
            if name not in known:
                log.error("order_unreadable", connection=self._plumbing.connection, text=order.said)
            self._listed[name] = known.get(name, (now, order))

    def ensure_none_of_ours(self) -> None:
        """Let an account of everything be given.

        Raises:
            WireDownError: an order is this desk's, or may be: the last look says nothing of how it stands.
        """
        for name in self._ours:
            said = self._listed[name][1].said
            raise WireDownError(f"{said} It may be an order of this desk.", broker_order_id=name)

    @property
    def names(self) -> frozenset[str]:
        """The broker's ids of those that have one."""
        return frozenset(name for name in self._listed if name)

    def may_hide_one_since(self, earliest: datetime) -> bool:
        """Return whether an order that was sent since then may be among them."""
        return any(at >= earliest for at, _ in self._listed.values())

    @property
    def alerts(self) -> list[str]:
        """What a person should look at."""
        return [
            f"Order {name} of account {order.account}, {_whose(name, self._ours)}: {order.said}"
            for name, (_, order) in self._listed.items()
        ]


def _whose(name: str, ours: set[str]) -> str:
    return "which may be this desk's" if name in ours else "which is not this desk's"
