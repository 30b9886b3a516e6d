"""What the table of choices says of a ticket now, before anybody starts anything. Nothing is written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from allcore.accounts.actors import Actor
from trading.domain.algos.choice import TABLE
from trading.domain.algos.parameters import Algo
from trading.services.algos.start import Wish, plan_of


def advise(draft: Mapping[str, Any], *, actor: Actor, minutes: int | None, now: datetime) -> dict[str, object]:
    """Return the algorithm that the table chooses, None for one plain limit order, with its row and why.

    Raises: as `start`, of a ticket that no algorithm works, or while the market cannot be read.
    """
    plan = plan_of(Wish(draft, Algo.TWAP.value, {}, minutes), actor, now)  # of any one: the table is asked all the same
    row = TABLE[int(plan.choice["row"]) - 1]
    return {
        "algo": None if row.choice is None else row.choice.value,
        "suggests": None if row.choice is None else row.choice.said,
        "row": plan.choice["row"],
        "condition": row.condition,
        "reason": row.reason,
    }
