"""Lists that leave as one: what the claim takes of a list it takes whole, or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from trading.domain.contingent.native import Listed
from trading.models import OrderRequest
from trading.selectors import outbox

WHOLE = "Its list leaves whole or not at all:"


@dataclass(frozen=True, slots=True)
class _Of:
    """A waiting request of a list."""

    waiting: outbox.Waiting
    listed: Listed


def spoilt(picked: Sequence[outbox.Waiting], alone: Mapping[UUID, str]) -> dict[UUID, str]:
    """Return why orders may not go because of others of their lists; `alone` says what may not go for itself.

    The orders' rows are locked: whoever takes one back holds its lock, so that what is unsent now stays so.
    """
    found: dict[UUID, str] = {}
    for members in _lists(picked).values():
        why = _why_not(members, alone)
        if why:
            found |= {m.waiting.order_id: alone.get(m.waiting.order_id, f"{WHOLE} {why}") for m in members}
    return found


def _why_not(members: Sequence[_Of], alone: Mapping[UUID, str]) -> str:
    ids = [m.waiting.request_id for m in members]
    unsent = OrderRequest.objects.filter(pk__in=ids, state=OrderRequest.State.TO_SEND).count()
    if unsent != members[0].listed.of:
        return "an order of it was taken back before it left."
    return next((alone[m.waiting.order_id] for m in members if m.waiting.order_id in alone), "")


def _lists(picked: Iterable[outbox.Waiting]) -> dict[str, list[_Of]]:
    lists: dict[str, list[_Of]] = {}
    for waiting in picked:
        listed = Listed.read(waiting.terms) if waiting.kind == OrderRequest.Kind.NEW else None
        if listed is not None:
            lists.setdefault(listed.list_id, []).append(_Of(waiting, listed))
    return lists
