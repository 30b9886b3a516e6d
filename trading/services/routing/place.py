"""An order sent to the best of several accounts, whole, with its scorecard kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.kernel.errors import RefusedError
from trading.models import Order, RouteScorecard
from trading.selectors.rows import Row
from trading.services import submit
from trading.services.routing.score import scorecard


class NoRouteError(RefusedError):
    """None of the accounts may take the order; `detail` holds the scorecard."""

    code = "NO_ROUTE"


@transaction.atomic
def place_routed(
    *, draft: Mapping[str, Any], route: Sequence[str], actor: Actor, key: str, trace_id: str, now: datetime
) -> tuple[Order, Row]:
    """Stage the order on the account that the scorecard chooses. A combo goes to one place or to none.

    Raises:
        NoRouteError: no account passes the filters.
        what `submit.place` and `scorecard` raise.
    """
    card, row = scorecard(draft, route, actor=actor, now=now)
    if not card.choice:
        raise NoRouteError(card.reason, scorecard=row)
    order = submit.place(draft={**draft, "account": card.choice}, actor=actor, key=key, trace_id=trace_id, now=now)
    RouteScorecard.objects.create(order=order, card=row, scored_at=now)
    return order, row
