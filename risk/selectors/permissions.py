"""What a person may do, from their grants: one query a request, kept on the user object."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from allcore import rows
from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.kernel.errors import ConflictError, ForbiddenError
from brokers.models import Account
from risk.domain.permissions import Action, RoleName
from risk.domain.permissions import actions_of as actions_of_roles

CACHE = "_desk_grants"
GRANTS = "SELECT account_id, role FROM account_grant WHERE user_id = %s ORDER BY id"  # each request asks
Grants = tuple[tuple[int | None, RoleName], ...]


class AskerGoneError(ConflictError):
    """Who asked for what a second person decides may not ask for it any more."""

    code = "ASKER_GONE"


def actions_of(user: User, account: Account | None = None) -> frozenset[Action]:
    """Return what the user may do on the account; without one, on the desk as a whole, by grants on all accounts."""
    wanted = (None,) if account is None else (None, account.pk)
    return actions_of_roles(role for granted, role in _grants(user) if granted in wanted)


def may(user: User, action: Action, account: Account | None = None) -> bool:
    """Return whether the user may do it."""
    return action in actions_of(user, account)


def may_anywhere(user: User, action: Action) -> bool:
    """Return whether the user may do it on any account at all."""
    return action in actions_of_roles(role for _, role in _grants(user))


def require(user: User, action: Action, account: Account | None = None) -> None:
    """Let pass who may.

    Raises:
        ForbiddenError: they may not.
    """
    if not may(user, action, account):
        raise _forbidden(user, action, "the desk" if account is None else account.code)


def require_anywhere(user: User, action: Action) -> None:
    """Let pass who may do it on some account: for what is read by all who work, and for stopping.

    Raises:
        ForbiddenError: they may not, anywhere.
    """
    if not may_anywhere(user, action):
        raise _forbidden(user, action, "any account")


def require_person(actor: Actor) -> None:
    """Let pass a person in the browser: where two people are asked for, a script with a token is neither.

    Raises:
        ForbiddenError: it is a token's doing.
    """
    if actor.via != "session":
        raise ForbiddenError(f"A person does this, signed in, in the browser; {actor.name} is a token.", was=actor.name)


def require_still(asked_by: User, action: Action, account: Account | None = None) -> None:
    """Pass if the first of two people may still do what they asked for: whoever has left is not one of two.

    Raises:
        AskerGoneError: they may not any more.
    """
    if not may(asked_by, action, account):
        raise AskerGoneError(
            f"{asked_by.username} asked for it and may not any more; another person asks anew.", asked_by=str(asked_by)
        )


def roles_of(user: User, account: Account | None = None) -> frozenset[RoleName]:
    """Return the user's roles on the account, or on all accounts."""
    wanted = (None,) if account is None else (None, account.pk)
    return frozenset(role for granted, role in _grants(user) if granted in wanted)


def visible_accounts(user: User) -> QuerySet[Account]:
    """Return the accounts the user may see, in their order."""
    return accounts_where(user, Action.VIEW)


def accounts_where(user: User, action: Action) -> QuerySet[Account]:
    """Return the accounts on which the user may do it, in their order."""
    granting = [granted for granted, role in _grants(user) if action in actions_of_roles([role])]
    held = Q() if None in granting else Q(pk__in=granting)
    return Account.objects.filter(held).order_by("position_order", "id")


def _grants(user: User) -> Grants:
    """Return the grants of a user who may sign in; read once for each user object, which lives for one request."""
    if not user.is_active:
        return ()
    known: Grants | None = getattr(user, CACHE, None)
    return remember(user, rows.read(GRANTS, (user.pk,))) if known is None else known


def remember(user: User, granted: Iterable[Sequence[Any]]) -> Grants:
    """Keep the user's grants, (account, role) each as just read, for as long as the user object lives."""
    known = tuple((account_id, RoleName(role)) for account_id, role in granted)
    setattr(user, CACHE, known)
    return known


def _forbidden(user: User, action: Action, where: str) -> ForbiddenError:
    words = action.replace("_", " ").lower()
    return ForbiddenError(f"{user.username} may not {words} on {where}.", action=str(action), on=where)
