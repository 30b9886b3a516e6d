"""The kill switch: anybody who trades may raise it, two people lower it. Needs the database alone."""

import re
from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.services import record
from allcore.kernel.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from allcore.live import publish_on_commit
from brokers.models import Account, Connection
from risk.domain.permissions import Action, RoleName
from risk.models import KillEvent, KillLevel, KillRelease, KillScope, KillState
from risk.selectors.permissions import AskerGoneError, may, require, require_anywhere, require_person, roles_of
from risk.selectors.rows import kill_row
from risk.services.locks import KILL_SCOPE, hold

REASON_LENGTH = 15
SYMBOL = re.compile(r"[A-Z][A-Z0-9.]{0,9}")

EXISTS: dict[str, Callable[[str], bool]] = {
    KillScope.GLOBAL: lambda target: target == "",
    KillScope.BROKER: lambda target: Connection.objects.filter(name=target).exists(),
    KillScope.ACCOUNT: lambda target: Account.objects.filter(code=target).exists(),
    KillScope.UNDERLYING: lambda target: SYMBOL.fullmatch(target) is not None,
}


class SamePersonError(ForbiddenError):
    """A release needs two people, a risk officer among them."""

    code = "RELEASE_NEEDS_TWO"


@transaction.atomic
def engage(  # noqa: PLR0913 what an engagement is
    *, scope: str, target: str, level: int, actor: Actor | None, reason: str, now: datetime, process: str = "desk"
) -> KillEvent:
    """Raise the level of a scope. At or below the level in force, it is the same event again.

    Stopping needs no reason. Without an actor it is the desk's own doing, in the name of `process`.

    Raises:
        ForbiddenError: the actor neither trades nor keeps risk.
        InvalidInputError: there is no such scope, target or level.
    """
    if actor is not None:
        require_anywhere(actor.user, Action.ENGAGE_KILL)
    _check(scope, target)
    if level not in KillLevel.values or level == KillLevel.NORMAL:
        raise InvalidInputError(f"A level to engage is 1 to {KillLevel.CANCEL_ALL:d}, was {level}.", level=level)
    state = _locked_state(scope, target)
    if state is not None and level <= state.level:
        return state.event
    event = KillEvent.objects.create(
        scope=scope,
        target=target,
        from_level=KillLevel.NORMAL if state is None else state.level,
        to_level=level,
        actor=f"desk:{process}" if actor is None else actor.name,
        user=None if actor is None else actor.user,
        reason=reason.strip()[:400],
        at=now,
    )
    _set(state, event)
    # A release that was asked for before the level rose was asked for another state of things.
    KillRelease.objects.filter(scope=scope, target=target, closed_at=None).update(closed_at=now)
    _tell("kill.engaged", event, now)
    return event


@transaction.atomic
def request_release(*, scope: str, target: str, to_level: int, reason: str, actor: Actor, now: datetime) -> KillRelease:
    """Ask to lower a level; nothing is lowered until another person confirms. Asking the same again is asking once.

    Raises:
        ForbiddenError: the actor may neither engage nor release it, or is a script.
        InvalidInputError: no reason, or nothing to lower.
        ConflictError: another release of the scope waits.
    """
    _may_release(actor, scope, target)
    _check(scope, target)
    if len(reason.strip()) < REASON_LENGTH:
        raise InvalidInputError(f"A release has a reason of at least {REASON_LENGTH} characters.")
    state = _locked_state(scope, target)
    if state is None or not KillLevel.NORMAL <= to_level < state.level:
        present = KillLevel.NORMAL if state is None else state.level
        raise InvalidInputError(f"A release lowers the level, which is {present:d}; to {to_level} it does not.")
    waiting = KillRelease.objects.filter(scope=scope, target=target, closed_at=None).first()
    if waiting is not None:
        if (waiting.requested_by_id, waiting.to_level) == (actor.user.pk, to_level):
            return waiting
        if _may_ask(waiting.requested_by, _account(scope, target)):
            raise ConflictError("Another release of this scope waits for its second person.", release=waiting.pk)
        KillRelease.objects.filter(pk=waiting.pk).update(closed_at=now)  # its asker has left: nobody can confirm it
    release = KillRelease.objects.create(
        scope=scope,
        target=target,
        to_level=to_level,
        reason=reason.strip()[:400],
        requested_by=actor.user,
        requested_at=now,
    )
    seen = {"scope": scope, "target": target, "to_level": to_level, "reason": release.reason}
    record("kill.release_requested", f"kill:{scope}:{target}", seen, actor=actor.name, at=now)
    publish_on_commit("risk", "kill", kill_row())
    return release


@transaction.atomic
def confirm_release(release_id: int, *, actor: Actor, now: datetime) -> KillEvent:
    """Lower the level, as the second of two people.

    Raises:
        NotFoundError: there is no such release.
        ForbiddenError: as to ask for one.
        SamePersonError: the same person, or no risk officer among the two.
        AskerGoneError: who asked may not any more.
        ConflictError: it is closed: done already, or overtaken by a new engagement.
    """
    asked = KillRelease.objects.filter(pk=release_id).first()
    if asked is None:
        raise NotFoundError(f"There is no release {release_id}.", release=release_id)
    state = _locked_state(asked.scope, asked.target)
    release = KillRelease.objects.select_for_update(of=("self",)).select_related("requested_by").get(pk=release_id)
    _may_release(actor, release.scope, release.target)
    if release.closed_at is not None or state is None or state.level <= release.to_level:
        raise ConflictError("The release is closed. Nothing was lowered.", release=release_id)
    account = _account(release.scope, release.target)
    _two_people(release.requested_by, actor.user, account)
    if not _may_ask(release.requested_by, account):
        raise AskerGoneError("Who asked for the release may not any more; ask anew.", release=release_id)
    event = KillEvent.objects.create(
        scope=release.scope,
        target=release.target,
        from_level=state.level,
        to_level=release.to_level,
        actor=actor.name,
        user=release.requested_by,
        second=actor.user,
        reason=release.reason,
        at=now,
    )
    _set(state, event)
    release.closed_at = now
    release.save(update_fields=["closed_at"])
    _tell("kill.released", event, now)
    return event


def _check(scope: str, target: str) -> None:
    if scope not in EXISTS:
        raise InvalidInputError(f"A scope is one of {', '.join(KillScope.values)}, was {scope!r}.")
    if not EXISTS[scope](target):
        raise InvalidInputError(f"There is nothing named {target!r} for the scope {scope}.", target=target)


def _may_release(actor: Actor, scope: str, target: str) -> None:
    """Let pass who may release it, and who may engage it: a risk officer is one of the two all the same."""
    account = _account(scope, target)
    if not _may_ask(actor.user, account):
        require(actor.user, Action.RELEASE_KILL, account)
    require_person(actor)


def _may_ask(user: User, account: Account | None) -> bool:
    return may(user, Action.ENGAGE_KILL, account) or may(user, Action.RELEASE_KILL, account)


def _account(scope: str, target: str) -> Account | None:
    return Account.objects.filter(code=target).first() if scope == KillScope.ACCOUNT else None


def _two_people(first: User, second: User, account: Account | None) -> None:
    if first.pk == second.pk:
        raise SamePersonError("Who asked for the release does not confirm it; another person must.")
    if RoleName.RISK_OFFICER not in roles_of(first, account) | roles_of(second, account):
        raise SamePersonError("One of the two who release the kill switch is a risk officer.")


def _locked_state(scope: str, target: str) -> KillState | None:
    """Return the scope's state, locked; two who engage a scope for the first time at once wait for each other too."""
    hold(KILL_SCOPE, f"{scope} {target}")
    query = KillState.objects.select_for_update(of=("self",)).select_related("event")
    return query.filter(scope=scope, target=target).first()


def _set(state: KillState | None, event: KillEvent) -> None:
    if state is None:
        KillState.objects.create(scope=event.scope, target=event.target, level=event.to_level, event=event)
        return
    state.level, state.event = event.to_level, event
    state.save(update_fields=["level", "event"])


def _tell(action: str, event: KillEvent, now: datetime) -> None:
    payload = {
        "scope": event.scope,
        "target": event.target,
        "from_level": event.from_level,
        "to_level": event.to_level,
        "reason": event.reason,
        "user": None if event.user is None else event.user.username,
        "second": None if event.second is None else event.second.username,
    }
    account = event.target if event.scope == KillScope.ACCOUNT else ""
    record(action, f"kill:{event.pk}", payload, actor=event.actor, at=now, account=account)
    publish_on_commit("risk", "kill", kill_row())
