"""The key book of one connection, in the database."""

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from django.db import IntegrityError, connection
from django.db import connections as databases

from allcore.kernel.errors import ConflictError
from brokers.models import Connection, OrderKeyRow
from brokers.ports import OrderKey

Answer = TypeVar("Answer")
# One statement and its commit: what a broker answered waits for this before it is told.
LEARN = """
UPDATE order_key
   SET chain = CASE WHEN %(id)s = '' OR %(id)s = ANY(chain) THEN chain ELSE array_append(chain, %(id)s::varchar) END,
       details = details || %(details)s::jsonb
 WHERE cl_ord_id = %(cl_ord_id)s AND connection_id = (SELECT id FROM connection WHERE name = %(connection)s)
"""


class IdBurnedError(ConflictError):
    """The ClOrdID was used before."""

    code = "CL_ORD_ID_USED"


class DatabaseKeys:
    """Reads and writes in a thread of its own, whose database connection it keeps."""

    def __init__(self, connection: str) -> None:
        self._connection = connection
        self._is_closed = False
        self._pk: int | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"{connection}-keys")

    async def intend(self, key: OrderKey) -> None:
        """Write the key before anything is sent.

        Raises:
            IdBurnedError: the ClOrdID was used before.
        """
        await self._call(self._intend, key)

    async def learn(self, cl_ord_id: str, broker_order_id: str, details: dict[str, object] | None = None) -> None:
        """Add the broker's id for the order, once, and details of the adapter's own."""
        await self._call(self._learn, cl_ord_id, broker_order_id, details or {})

    async def by_cl_ord_id(self, cl_ord_id: str) -> OrderKey | None:
        """Return the key, or None."""
        return await self._call(self._first, {"cl_ord_id": cl_ord_id})

    async def by_broker_order_id(self, broker_order_id: str) -> OrderKey | None:
        """Return the key of which the id is one, or None."""
        return await self._call(self._first, {"chain__contains": [broker_order_id]})

    async def since(self, at: datetime) -> tuple[OrderKey, ...]:
        """Return the keys intended since, oldest first."""
        return await self._call(self._since, at)

    async def close(self) -> None:
        """Let the thread and its database connection go; again is the same."""
        if not self._is_closed:
            self._is_closed = True
            await self._call(databases.close_all)
            self._thread.shutdown(wait=False)

    async def _call(self, work: Callable[..., Answer], *args: object) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    def _intend(self, key: OrderKey) -> None:
        if self._pk is None:
            self._pk = Connection.objects.get(name=self._connection).pk
        try:
            OrderKeyRow.objects.create(
                connection_id=self._pk,
                cl_ord_id=key.cl_ord_id,
                orig_cl_ord_id=key.orig_cl_ord_id,
                broker_account=key.broker_account,
                ticket=key.ticket,
                chain=list(key.chain),
                details=key.details,
                intended_at=key.intended_at,
            )
        except IntegrityError as e:
            raise IdBurnedError(
                f"The id {key.cl_ord_id} was used before; nothing was sent.", cl_ord_id=key.cl_ord_id
            ) from e

    def _learn(self, cl_ord_id: str, broker_order_id: str, details: dict[str, object]) -> None:
        learned = {"id": broker_order_id, "details": json.dumps(details), "cl_ord_id": cl_ord_id}
        with connection.cursor() as cursor:
            cursor.execute(LEARN, learned | {"connection": self._connection})
            if not cursor.rowcount:
                raise OrderKeyRow.DoesNotExist(f"{self._connection} has no key {cl_ord_id}.")

    def _first(self, wanted: dict[str, Any]) -> OrderKey | None:
        row = OrderKeyRow.objects.filter(connection__name=self._connection, **wanted).order_by("-id").first()
        return None if row is None else _key(row)

    def _since(self, at: datetime) -> tuple[OrderKey, ...]:
        rows = OrderKeyRow.objects.filter(connection__name=self._connection, intended_at__gte=at).order_by("id")
        return tuple(_key(row) for row in rows)


def _key(row: OrderKeyRow) -> OrderKey:
    return OrderKey(
        cl_ord_id=row.cl_ord_id,
        broker_account=row.broker_account,
        ticket=row.ticket,
        intended_at=row.intended_at,
        chain=tuple(row.chain),
        orig_cl_ord_id=row.orig_cl_ord_id,
        details=row.details,
    )
