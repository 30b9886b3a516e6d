"""An order's place in a list that the gateway keeps: its group and its parent, as every message about it repeats them.

Source: TWS API, `Order.ocaGroup`, `ocaType` (1 cancels the rest, 2 reduces it; both with block: one order of the group
is at an exchange at a time, so that two cannot fill together), `parentId`, `transmit`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from brokers.native import Link, NativeList

OCA_TYPES = {None: 0, Link.CANCEL: 1, Link.REDUCE: 2}
REDUCES = OCA_TYPES[Link.REDUCE]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an order stands; `parent` is the number of the order that sets it free. Alone, it has neither."""

    group: str = ""
    oca_type: int = 0
    parent: int = 0

    @property
    def is_reduced(self) -> bool:
        """Whether an execution of another order takes from this one."""
        return self.oca_type == REDUCES

    @classmethod
    def read(cls, details: Mapping[str, object]) -> Self:
        """Read what `as_details` wrote; of an order that stands alone, nothing was."""
        oca_type, parent = details.get("oca_type", 0), details.get("parent", 0)
        return cls(
            str(details.get("oca_group", "")),
            oca_type if isinstance(oca_type, int) else 0,
            parent if isinstance(parent, int) else 0,
        )

    def as_details(self) -> dict[str, object]:
        """Return what is kept with the order's key, so that new terms sent after a restart leave it in its place."""
        if self == ALONE:
            return {}
        return {"oca_group": self.group, "oca_type": self.oca_type, "parent": self.parent}

    def put(self, order: Any, *, transmit: bool = True) -> Any:
        """Write the place into the library's order. One that is not transmitted waits for the last of its family."""
        order.ocaGroup, order.ocaType, order.parentId = self.group, self.oca_type, self.parent
        order.transmit = transmit
        return order


ALONE = Place()


def places_of(orders: NativeList, first: int) -> tuple[Place, ...]:
    """Return each order's place, the orders being numbered from `first` as they leave."""
    parent = 0 if orders.entry is None else first
    group = "" if orders.link is None or len(orders.others) == 1 else orders.name
    beside = Place(group, OCA_TYPES[orders.link] if group else 0, parent)
    return tuple(ALONE if one is orders.entry else beside for one in orders.orders)
