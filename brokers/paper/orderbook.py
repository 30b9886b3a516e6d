"""The orders that are open at the paper broker, found by any of their ids, by symbol, by account."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from allcore.kernel.orders import TimeInForce
from brokers.paper.records import OrderRecord, Status
from brokers.paper.triggers import symbols_of


class OrderBook:
    """Open orders in memory. What is closed is forgotten here and kept in the store."""

    def __init__(self, orders: Iterable[OrderRecord], ids: Mapping[str, str]) -> None:
        self._orders: dict[str, OrderRecord] = {}
        self._first = dict(ids)
        self._ids: defaultdict[str, set[str]] = defaultdict(set)
        for any_id, first in ids.items():
            self._ids[first].add(any_id)
        self._by_symbol: defaultdict[str, set[str]] = defaultdict(set)
        self._for_close: set[str] = set()
        for order in orders:
            self.put(order)

    def put(self, order: OrderRecord) -> None:
        """Keep the order's newest version; a closed one leaves."""
        if order.is_open:
            self._keep(order)
        elif order.cl_ord_id in self._orders:
            self._forget(order)

    def _keep(self, order: OrderRecord) -> None:
        name = order.cl_ord_id
        self._orders[name] = order
        for any_id in (name, order.current_id):
            self._first[any_id] = name
            self._ids[name].add(any_id)
        if order.ticket.time_in_force is TimeInForce.CLS:
            self._for_close.add(name)
        for symbol in symbols_of(order.ticket):
            self._by_symbol[symbol].add(name)

    def _forget(self, order: OrderRecord) -> None:
        name = order.cl_ord_id
        del self._orders[name]
        self._for_close.discard(name)
        for any_id in self._ids.pop(name, ()):
            self._first.pop(any_id, None)
        for symbol in symbols_of(order.ticket):
            self._by_symbol[symbol].discard(name)
            if not self._by_symbol[symbol]:
                del self._by_symbol[symbol]

    def get(self, cl_ord_id: str) -> OrderRecord | None:
        """Return the open order of that first id."""
        return self._orders.get(cl_ord_id)

    def first_id(self, any_id: str) -> str | None:
        """Return the first id of the open order that `any_id` names or named."""
        return self._first.get(any_id)

    def all(self) -> tuple[OrderRecord, ...]:
        """Return every open order."""
        return tuple(self._orders.values())

    def for_close(self) -> list[OrderRecord]:
        """Return the orders for the closing auction that are at the exchange, in a fixed order."""
        found = (self._orders[name] for name in sorted(self._for_close))
        return [order for order in found if order.status is Status.WORKING]

    def at_work(self, symbols: Iterable[str]) -> set[str]:
        """Return the first ids of orders that trade or watch any of the symbols."""
        return {name for symbol in symbols for name in self._by_symbol.get(symbol, ())}

    def working_of(self, account: str, *, but: str) -> tuple[OrderRecord, ...]:
        """Return the account's orders at the exchange, all but one."""
        return tuple(
            o
            for o in self._orders.values()
            if o.account == account and o.status is Status.WORKING and o.cl_ord_id != but
        )

    def symbols(self) -> set[str]:
        """Return every symbol that an open order trades or watches."""
        return set(self._by_symbol)
