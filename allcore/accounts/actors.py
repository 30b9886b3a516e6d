"""Who does it: a person at a page, or a script with that person's token."""

from dataclasses import dataclass, field
from typing import Literal

from django.http import HttpRequest
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from allcore.accounts.models import ApiToken, User


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who acts, as permission checks and the audit trail see them. A session has every scope."""

    user: User
    via: Literal["session", "token"] = "session"
    token_name: str = ""
    scopes: frozenset[str] = field(default=frozenset(ApiToken.Scope.values))
    address: str = ""

    @property
    def name(self) -> str:
        """The name the audit trail keeps: "user:alice", or "token:alice/bot" for a script of hers."""
        if self.via == "token":
            return f"token:{self.user.username}/{self.token_name}"
        return f"user:{self.user.username}"

    @property
    def evidence(self) -> dict[str, object]:
        """What an approval keeps of how it was given."""
        return {"via": self.via, "token": self.token_name, "address": self.address}


def desk_name(process: str) -> str:
    """Return the audit trail's name of a process of the desk that acts by itself."""
    return f"desk:{process}"


def actor_of(request: HttpRequest | Request) -> Actor:
    """Return who makes the request.

    Raises:
        NotAuthenticated: nobody is signed in.
    """
    user = request.user
    if not isinstance(user, User):
        raise NotAuthenticated
    address = str(request.META.get("REMOTE_ADDR", ""))
    token = getattr(request, "auth", None)
    if isinstance(token, ApiToken):
        return Actor(user, "token", token.name, frozenset(token.scopes), address)
    return Actor(user, address=address)
