"""Keys of scripts: `Authorization: Bearer desk_...`. The key is shown once; the table has its SHA-256."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import QuerySet
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from allcore import rows
from allcore.accounts.models import ApiToken, User
from allcore.audit.services import record
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import ConflictError, InvalidInputError, NotFoundError

if TYPE_CHECKING:  # the framework imports this module while it makes its views
    from rest_framework.views import APIView

PREFIX = "desk_"
KEY_BYTES = 32
NO_SCOPES: Mapping[str, str] = {}


class TokenNameTakenError(ConflictError):
    """The user has a live token of that name."""

    code = "TOKEN_NAME_TAKEN"


class UnknownScopeError(InvalidInputError):
    """There is no such scope."""

    code = "UNKNOWN_SCOPE"


def digest_of(key: str) -> str:
    """Return what the table keeps of a key; the key has 256 random bits, so a plain hash cannot be searched back."""
    return hashlib.sha256(key.encode()).hexdigest()


@transaction.atomic
def issue(
    *, user: User, name: str, scopes: Iterable[str], actor: str, now: datetime, expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token and return it with its key, which nobody can read again."""
    wanted = sorted(set(scopes))
    if unknown := set(wanted) - set(ApiToken.Scope.values):
        raise UnknownScopeError(f"A scope is one of {', '.join(ApiToken.Scope.values)}.", was=sorted(unknown))
    User.objects.select_for_update().get(pk=user.pk)
    if ApiToken.objects.filter(user=user, name=name, revoked_at=None).exists():
        raise TokenNameTakenError(f"{user.username} has a live token named {name}.", name=name)
    key = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    token = ApiToken.objects.create(
        user=user, name=name, digest=digest_of(key), scopes=wanted, issued_at=now, expires_at=expires_at
    )
    payload = {"user": user.username, "name": name, "scopes": wanted, "expires_at": expires_at}
    record("token.issued", f"token:{token.pk}", payload, actor=actor, at=now)
    return token, key


@transaction.atomic
def revoke(*, token_id: int, owner: User, actor: str, now: datetime) -> None:
    """Make a token of the owner useless from the next request on; doing it twice changes nothing.

    Raises:
        NotFoundError: the owner has no such token.
    """
    mine = ApiToken.objects.filter(pk=token_id, user=owner)
    if mine.filter(revoked_at=None).update(revoked_at=now):
        record("token.revoked", f"token:{token_id}", {"user": owner.username}, actor=actor, at=now)
    elif not mine.exists():
        raise NotFoundError("You have no such token.", token_id=token_id)


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """Return the user's tokens, the newest first, revoked ones too."""
    return ApiToken.objects.filter(user=user).order_by("-id")


class TokenAuthentication(BaseAuthentication):
    """Finds the token and its user in one query; a wrong key says nothing of why it is wrong."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the user and the token, or None where no bearer key is sent."""
        scheme, _, key = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = _found(digest_of(key.strip()))
        if token is None or not is_live(token, utc_now()):
            raise AuthenticationFailed("The token is unknown, expired or revoked.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge that goes with a 401."""
        return 'Bearer realm="desk"'


def _found(digest: str) -> ApiToken | None:
    """Return the token with its user; each call of a script asks, and the ORM would take most of the time."""
    for found in rows.read(_statement(), (digest,)):
        values = iter(found)
        token = rows.take(ApiToken, values)
        token.user = rows.take(User, values)
        return token
    return None


@cache
def _statement() -> str:
    columns = f"{rows.columns(ApiToken, 't')}, {rows.columns(User, 'u')}"
    return f'SELECT {columns} FROM api_token t JOIN "user" u ON u.id = t.user_id WHERE t.digest = %s'  # noqa: S608 names of columns


def is_live(token: ApiToken, now: datetime) -> bool:
    """Return whether the token opens anything at `now`."""
    expired = token.expires_at is not None and token.expires_at <= now
    return token.revoked_at is None and not expired and token.user.is_active


class HasScope(BasePermission):
    """A token may do what its scopes say; `view.scopes` names the scope of each unsafe method, reading needs `read`.

    A method whose scope is not named is closed to tokens: forgetting it must not open it.
    """

    message = "The token lacks the scope."
    code = "FORBIDDEN"

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Return whether the session, or the token's scopes, allow the method."""
        if not isinstance(request.auth, ApiToken):
            return True
        return scope_for(view, str(request.method)) in request.auth.scopes


def scope_for(view: "APIView | type[APIView]", method: str) -> str | None:
    """Return the scope that a method of the view needs, or None where no token may call it."""
    if method in SAFE_METHODS:
        return ApiToken.Scope.READ
    scopes: Mapping[str, str] = getattr(view, "scopes", NO_SCOPES)
    return scopes.get(method)
