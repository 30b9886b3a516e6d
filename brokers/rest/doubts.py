"""Orders of which nobody knows whether the broker has them, looked for among those that nobody here has a name for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from allcore.kernel.tickets import OrderTicket
from brokers.ports import KeyBook, OrderKey
from brokers.rest.unread import Unread
from brokers.rest.views import OrderView, fingerprint_of

EARLIEST = timedelta(seconds=5)  # a broker's clock may be behind ours by so much
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Finds:
    """What a look found that has no name, and what it may have missed.

    An order is known by all its terms and its time, and only where as many are found as are looked for: which of two
    twins arrived, nobody can tell. Nor which is meant while one that looks the same is on its way.
    """

    strangers: Sequence[OrderView]
    unread: Unread
    keys: KeyBook
    on_their_way: frozenset[str]

    async def of(self, doubts: Iterable[OrderKey]) -> list[tuple[OrderKey, str]]:
        """Return those of the doubts that are found, with the broker's id."""
        wanted: defaultdict[str, list[OrderKey]] = defaultdict(list)
        for key in doubts:
            wanted[shape_of(key)].append(key)
        found = []
        for shape, keys in wanted.items():
            if shape not in self.on_their_way:
                found += await self._alike(shape, keys)
        return found

    async def _alike(self, shape: str, keys: list[OrderKey]) -> list[tuple[OrderKey, str]]:
        earliest = min(key.intended_at for key in keys) - EARLIEST
        if self.unread.may_hide_one_since(earliest):
            log.warning("doubt_beside_unreadable_order", in_doubt=len(keys))
            return []
        found = [view for view in self.strangers if view.fingerprint == shape and view.entered_at >= earliest]
        unknown = [view for view in found if await self.keys.by_broker_order_id(view.broker_order_id) is None]
        if len(unknown) != len(keys):
            if unknown:
                log.warning("orders_cannot_be_told_apart", found=len(unknown), in_doubt=len(keys))
            return []
        unknown.sort(key=lambda view: (view.entered_at, view.broker_order_id))
        keys = sorted(keys, key=lambda key: key.intended_at)
        return [(key, view.broker_order_id) for key, view in zip(keys, unknown, strict=True)]


def shape_of(key: OrderKey) -> str:
    """Return the fingerprint that the key's order has at the broker."""
    return fingerprint_of(key.broker_account, OrderTicket.from_dict(key.ticket))
