"""What was told of each order's executions, kept for the session and read back from the key book after a restart."""

from collections.abc import Mapping
from decimal import Decimal

from brokers.etrade.orders import Seen
from brokers.etrade.products import option_named
from brokers.etrade.totals import Slice, Tally, tallied
from brokers.etrade.words import OPTION_COMMISSION
from brokers.ports import KeyBook, OrderKey
from brokers.rest.views import ENDED, LegExecution

AMENDED = "amended"  # in the key's details: by execution, its corrected price, or None once it was taken back


class Ledger:
    """Cuts totals into executions, order by order.

    An order that nobody here has a name for is told of when it is over, as one execution a leg: there is no place to
    keep how it was cut before, and what was told must have the same name after a restart.
    """

    def __init__(self, keys: KeyBook) -> None:
        self._keys = keys
        self._ours: set[str] = set()
        self._tallies: dict[str, list[Tally]] = {}
        self._amended: dict[str, dict[str, str | None]] = {}

    def placed(self, broker_order_id: str) -> None:
        """Know the order for ours before the key book does."""
        self._ours.add(broker_order_id)

    async def executions(self, seen: Seen) -> tuple[LegExecution, ...]:
        """Return the order's executions."""
        name = seen.view.broker_order_id
        if name not in self._tallies:
            if not any(total.qty for total in seen.totals):
                return ()
            if not await self._opens(seen):
                return ()
        before = self._tallies[name]
        after = [
            tallied(tally, total, f"{name}.{leg}")
            for leg, (tally, total) in enumerate(zip(before, seen.totals, strict=True), start=1)
        ]
        if after != before:
            await self._amend(name, before, after)
            self._tallies[name] = after
        return tuple(self._execution(one, leg, seen) for leg, tally in enumerate(after) for one in tally.slices)

    async def _opens(self, seen: Seen) -> bool:
        """Read back what was told of the order; return False if it is nobody's and still open."""
        name = seen.view.broker_order_id
        is_new = name in self._ours  # nothing was told of it yet, so there is nothing to read back
        key = None if is_new else await self._keys.by_broker_order_id(name)
        if key is None and not is_new and seen.view.standing not in ENDED:
            return False
        self._amended[name] = {} if key is None else _amended(key)
        told = {} if key is None else _told(key)
        self._tallies[name] = [
            _recalled(f"{name}.{leg}.", told, self._amended[name]) for leg in range(1, len(seen.totals) + 1)
        ]
        return True

    async def _amend(self, name: str, before: list[Tally], after: list[Tally]) -> None:
        """Keep what was corrected or taken back before anybody hears of it."""
        was = {one.exec_id: one.px for tally in before for one in tally.slices}
        now = {one.exec_id: one.px for tally in after for one in tally.slices}
        changed = {exec_id: now.get(exec_id) for exec_id, px in was.items() if now.get(exec_id) != px}
        if not changed:
            return
        self._amended[name] |= {exec_id: None if px is None else str(px) for exec_id, px in changed.items()}
        key = await self._keys.by_broker_order_id(name)
        if key is not None:
            await self._keys.learn(key.cl_ord_id, "", {AMENDED: dict(self._amended[name])})

    def _execution(self, one: Slice, leg: int, seen: Seen) -> LegExecution:
        is_option = option_named(seen.view.legs[leg].symbol) is not None
        fee = OPTION_COMMISSION * one.qty if is_option else Decimal(0)
        return LegExecution(one.exec_id, leg, one.qty, one.px, seen.at, fee)


def _told(key: OrderKey) -> dict[str, Slice]:
    """Return what the book noted of each execution when it was first told."""
    first = key.details.get("first")
    rows = first if isinstance(first, Mapping) else {}
    return {exec_id: Slice(exec_id, int(qty), Decimal(px)) for exec_id, (qty, px) in sorted(rows.items())}


def _amended(key: OrderKey) -> dict[str, str | None]:
    kept = key.details.get(AMENDED)
    return dict(kept) if isinstance(kept, Mapping) else {}


def _recalled(prefix: str, told: Mapping[str, Slice], amended: Mapping[str, str | None]) -> Tally:
    mine = [one for exec_id, one in told.items() if exec_id.startswith(prefix)]
    left = []
    for one in mine:
        px = amended.get(one.exec_id, str(one.px))
        if px is not None:
            left.append(Slice(one.exec_id, one.qty, Decimal(px)))
    return Tally(tuple(left), len(mine) - len(left))
