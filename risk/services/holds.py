"""Kinds of trade that repeated executions stop, and the person who lets them go on."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from allcore.accounts.actors import Actor, desk_name
from allcore.audit.services import record
from allcore.kernel.errors import InvalidInputError, NotFoundError
from allcore.kernel.orders import Side
from allcore.live import publish_on_commit
from brokers.models import Account
from risk.domain.edits import REASON_LENGTH
from risk.domain.permissions import Action
from risk.domain.structure import Structure
from risk.models import StrategyHold
from risk.selectors.name_rules import hold_row
from risk.selectors.permissions import require, require_person

ACTOR = desk_name("throttle")


@dataclass(frozen=True, slots=True)
class Kind:
    """What is stopped: a kind of trade, in a name, on a side, for an account."""

    account: Account
    structure: Structure
    underlying: str
    side: Side


def stop(kind: Kind, *, fills: int, now: datetime) -> bool:
    """Stop a kind of trade, in the caller's transaction; return whether it was going on. Closing goes on."""
    hold, is_new = StrategyHold.objects.get_or_create(
        account=kind.account,
        structure=kind.structure,
        underlying=kind.underlying,
        side=kind.side,
        released_at=None,
        defaults={"fills": fills, "engaged_at": now},
    )
    if is_new:
        words = kind.structure.replace("_", " ").lower()
        message = f"{words.capitalize()} in {kind.underlying} filled {fills} times in ten minutes; it is stopped."
        seen = {"code": "STRATEGY_STOPPED", "message": message, "severity": "CRITICAL", "hold": hold.pk}
        _record("strategy.stopped", hold, {"fills": fills}, ACTOR, now)
        publish_on_commit("alerts", "strategy", seen, account=kind.account.code)
        publish_on_commit("risk", "hold", hold_row(hold))
    return is_new


@transaction.atomic
def let_go_on(hold_id: int, *, reason: str, actor: Actor, now: datetime) -> StrategyHold:
    """Let a kind of trade go on, by a person who may, with a reason. Doing it again changes nothing.

    Raises:
        NotFoundError, ForbiddenError: nothing such is stopped, or it is not theirs, or a script's, to let go on.
        InvalidInputError: the reason is too short.
    """
    query = StrategyHold.objects.select_for_update(of=("self",)).select_related("account")
    hold = query.filter(pk=hold_id).first()
    if hold is None:
        raise NotFoundError(f"There is no stopped strategy {hold_id}.", hold=hold_id)
    require(actor.user, Action.RELEASE_KILL, hold.account)
    require_person(actor)
    if hold.released_at is not None:
        return hold
    if len(reason.strip()) < REASON_LENGTH:
        raise InvalidInputError(f"A reason has at least {REASON_LENGTH} characters.")
    hold.released_by, hold.release_reason, hold.released_at = actor.user, reason.strip(), now
    hold.save(update_fields=["released_by", "release_reason", "released_at"])
    _record("strategy.let_go_on", hold, {"reason": hold.release_reason}, actor.name, now)
    publish_on_commit("risk", "hold", hold_row(hold))
    return hold


def _record(action: str, hold: StrategyHold, more: dict[str, object], actor: str, now: datetime) -> None:
    seen = {"structure": hold.structure, "underlying": hold.underlying, "side": hold.side, **more}
    record(action, f"strategy_hold:{hold.pk}", seen, actor=actor, at=now, account=hold.account.code)
