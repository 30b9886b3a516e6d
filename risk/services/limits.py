"""Editing limits: what is stricter holds at once, what is looser waits for a second person."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.audit.services import record
from allcore.kernel.errors import ConflictError, ForbiddenError, NotFoundError
from allcore.live import publish_on_commit
from risk.domain.defaults import DEFAULTS, LAWS
from risk.domain.edits import Edit, checked
from risk.domain.limits import Unit, plain
from risk.domain.permissions import Action
from risk.models import Limit, LimitChange
from risk.selectors.limits import bound_of
from risk.selectors.permissions import require, require_person, require_still
from risk.selectors.rows import limit_row


class LimitChangedError(ConflictError):
    """The limit is not any more what the edit was made from."""

    code = "LIMIT_CHANGED"


class SecondPersonError(ForbiddenError):
    """It needs another person than the one who asked."""

    code = "SECOND_PERSON_NEEDED"


def ensure_defaults(at: datetime, *, scale: Decimal = Decimal(1)) -> int:
    """Insert the limits that are missing, for everybody; return how many. `scale` multiplies those in dollars.

    What somebody has set is left alone.
    """
    present = set(Limit.objects.filter(account=None, underlying="").values_list("code", flat=True))
    missing = [_default(code, at, scale) for code in DEFAULTS if code not in present]
    Limit.objects.bulk_create(missing, ignore_conflicts=True)
    return len(missing)


def _default(code: str, at: datetime, scale: Decimal) -> Limit:
    bound = DEFAULTS[code]
    factor = scale if bound.unit is Unit.USD and code not in LAWS else Decimal(1)
    return Limit(
        code=code,
        unit=bound.unit,
        soft=None if bound.soft is None else bound.soft * factor,
        hard=None if bound.hard is None else bound.hard * factor,
        effective_at=at,
    )


@transaction.atomic
def request_change(
    limit_id: int, *, edit: Edit, actor: Actor, now: datetime, version: int | None = None
) -> LimitChange:
    """Edit a limit. The change is APPLIED if nothing gets looser, else PROPOSED until a second person decides.

    Raises:
        ForbiddenError: the actor may not edit it, or is a script that asks for a looser one.
        InvalidInputError: the values or the reason will not do.
        LimitChangedError: it is not at `version` any more.
        ConflictError: another edit of it waits for a decision.
    """
    limit = _locked(limit_id)
    require(actor.user, Action.EDIT_LIMITS, limit.account)
    old = bound_of(limit)
    new = checked(old, edit)
    if version is not None and version != limit.version:
        raise LimitChangedError("Somebody has edited the limit meanwhile. Nothing was changed.", version=limit.version)
    is_loosening = old.loosened_by(new)
    if is_loosening:
        require_person(actor)
    if is_loosening and limit.changes.filter(status=LimitChange.Status.PROPOSED).exists():
        raise ConflictError("Another edit of this limit waits for a second person. Nothing was changed.")
    change = LimitChange.objects.create(
        limit=limit,
        old_soft=old.soft,
        old_hard=old.hard,
        new_soft=new.soft,
        new_hard=new.hard,
        base_version=limit.version,
        is_loosening=is_loosening,
        reason=edit.reason.strip(),
        status=LimitChange.Status.PROPOSED if is_loosening else LimitChange.Status.APPLIED,
        requested_by=actor.user,
        requested_at=now,
    )
    if is_loosening:
        _audit("limit.change_proposed", change, actor, now)
        publish_on_commit("risk", "limit", limit_row(limit))
    else:
        _apply(change, actor, now)
    return change


@transaction.atomic
def decide_change(change_id: int, *, approve: bool, actor: Actor, now: datetime) -> LimitChange:
    """Apply or reject an edit that waits. Deciding again as it was decided changes nothing.

    Raises:
        NotFoundError: there is no such edit.
        ForbiddenError: the actor may not decide it, or is a script that would apply it.
        SecondPersonError: who asked cannot apply it.
        LimitChangedError: the limit has changed since the edit was made; it can only be rejected.
        AskerGoneError: who asked may not edit it any more; it can only be rejected.
        ConflictError: it was decided the other way.
    """
    change = _locked_change(change_id)
    limit = change.limit
    require(actor.user, Action.DECIDE_LIMITS, limit.account)
    wanted = LimitChange.Status.APPLIED if approve else LimitChange.Status.REJECTED
    if change.status == wanted:
        return change
    if approve:
        require_person(actor)
    if change.status != LimitChange.Status.PROPOSED:
        raise ConflictError(f"The edit was {change.status.lower()} already.", status=change.status)
    if approve and change.requested_by_id == actor.user.pk:
        raise SecondPersonError("Who asked for a looser limit does not confirm it; another person must.")
    if approve and change.base_version != limit.version:
        raise LimitChangedError(
            "The limit has changed since; reject the edit and make it again.", version=limit.version
        )
    if approve:
        require_still(change.requested_by, Action.EDIT_LIMITS, limit.account)
    change.status, change.decided_by, change.decided_at = wanted, actor.user, now
    change.save(update_fields=["status", "decided_by", "decided_at"])
    if approve:
        _apply(change, actor, now)
    else:
        _audit("limit.change_rejected", change, actor, now)
    return change


def _locked(limit_id: int) -> Limit:
    limit = Limit.objects.select_for_update(of=("self",)).select_related("account").filter(pk=limit_id).first()
    if limit is None:
        raise NotFoundError(f"There is no limit {limit_id}.", limit=limit_id)
    return limit


def _locked_change(change_id: int) -> LimitChange:
    """Lock the limit first, as an edit does, then the change."""
    limit_id = LimitChange.objects.filter(pk=change_id).values_list("limit_id", flat=True).first()
    if limit_id is None:
        raise NotFoundError(f"There is no edit {change_id}.", change=change_id)
    limit = _locked(limit_id)
    change = (
        LimitChange.objects.select_for_update(of=("self",))
        .select_related("requested_by", "decided_by")
        .get(pk=change_id)
    )
    change.limit = limit
    return change


def _apply(change: LimitChange, actor: Actor, now: datetime) -> None:
    limit = change.limit
    limit.soft, limit.hard = change.new_soft, change.new_hard
    limit.version += 1
    limit.effective_at = now
    limit.save(update_fields=["soft", "hard", "version", "effective_at"])
    _audit("limit.changed", change, actor, now)
    publish_on_commit("risk", "limit", limit_row(limit))


def _audit(action: str, change: LimitChange, actor: Actor, now: datetime) -> None:
    limit = change.limit
    payload = {
        "code": limit.code,
        "underlying": limit.underlying,
        "soft": [plain(change.old_soft), plain(change.new_soft)],
        "hard": [plain(change.old_hard), plain(change.new_hard)],
        "is_loosening": change.is_loosening,
        "reason": change.reason,
        "requested_by": change.requested_by.username,
        "version": limit.version,
    }
    account = "" if limit.account is None else limit.account.code
    record(action, f"limit:{limit.pk}", payload, actor=actor.name, at=now, account=account)
