"""A key book in memory, with the promises of the one in the database."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from allcore.kernel.errors import ConflictError
from brokers.ports import OrderKey


class IdBurnedError(ConflictError):
    """The ClOrdID was used before: as the book in the database says it, without Django."""

    code = "CL_ORD_ID_USED"


@dataclass
class MemoryKeys:
    """It outlives the sessions, as the database does."""

    rows: dict[str, OrderKey] = field(default_factory=dict)

    async def intend(self, key: OrderKey) -> None:
        if key.cl_ord_id in self.rows:
            raise IdBurnedError(f"The id {key.cl_ord_id} was used before; nothing was sent.", cl_ord_id=key.cl_ord_id)
        self.rows[key.cl_ord_id] = key

    async def learn(self, cl_ord_id: str, broker_order_id: str, details: dict[str, object] | None = None) -> None:
        row = self.rows[cl_ord_id]
        adds = broker_order_id != "" and broker_order_id not in row.chain
        chain = (*row.chain, broker_order_id) if adds else row.chain
        self.rows[cl_ord_id] = replace(row, chain=chain, details=row.details | (details or {}))

    async def by_cl_ord_id(self, cl_ord_id: str) -> OrderKey | None:
        return self.rows.get(cl_ord_id)

    async def by_broker_order_id(self, broker_order_id: str) -> OrderKey | None:
        found = [row for row in self.rows.values() if broker_order_id in row.chain]
        return found[-1] if found else None

    async def since(self, at: datetime) -> tuple[OrderKey, ...]:
        return tuple(row for row in self.rows.values() if row.intended_at >= at)

    async def close(self) -> None:
        pass
