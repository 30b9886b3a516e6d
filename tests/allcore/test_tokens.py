"""Tokens of scripts: who they are, what they may do, and when they stop working."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from pytest_django import DjangoAssertNumQueries
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from allcore.accounts import tokens
from allcore.accounts.actors import actor_of
from allcore.accounts.models import ApiToken, User
from allcore.audit.models import AuditEntry

NOW = datetime(2026, 6, 10, 14, 0, tzinfo=UTC)


class Door(APIView):
    scopes: ClassVar[Mapping[str, str]] = {"POST": "trade"}

    def get(self, request: Request) -> Response:
        return Response({"name": actor_of(request).name})

    post = get

    def delete(self, request: Request) -> Response:
        return Response({})


def key_of(user: User, *scopes: str, expires_at: datetime | None = None) -> str:
    _, key = tokens.issue(user=user, name="bot", scopes=scopes, actor="user:admin", now=NOW, expires_at=expires_at)
    return key


def call(key: str, method: str = "get") -> Any:
    request = getattr(APIRequestFactory(), method)("/api/v1/door/", HTTP_AUTHORIZATION=f"Bearer {key}")
    return Door.as_view()(request)


def test_a_token_acts_in_the_name_of_its_user_and_its_own(
    alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    key = key_of(alice, "read")

    with django_assert_num_queries(1):
        answer = call(key)

    assert (answer.status_code, answer.data) == (200, {"name": "token:alice/bot"})


def test_the_key_itself_is_kept_nowhere(alice: User) -> None:
    key = key_of(alice, "read")

    assert key not in str(ApiToken.objects.values().get())
    assert key not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    ("scopes", "method", "status"),
    [
        (["read"], "get", 200),
        (["read"], "post", 403),
        (["trade"], "post", 200),
        (["trade"], "get", 403),
        (["read", "trade", "approve", "risk"], "delete", 403),  # its scope is not named: closed
    ],
)
def test_a_token_does_what_its_scopes_name(alice: User, scopes: list[str], method: str, status: int) -> None:
    assert call(key_of(alice, *scopes), method).status_code == status


def test_a_session_needs_no_scope(alice: User) -> None:
    request = APIRequestFactory().delete("/api/v1/door/")
    force_authenticate(request, user=alice)

    assert Door.as_view()(request).status_code == 200


def test_a_wrong_key_is_answered_with_a_challenge_in_the_error_shape(db: None) -> None:
    answer = call("desk_wrong")

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert set(answer.data) == {"code", "message", "detail", "trace_id"}


@pytest.mark.parametrize(
    ("after", "status"),
    [(timedelta(microseconds=-1), 200), (timedelta(0), 401), (timedelta(microseconds=1), 401)],
)
def test_a_token_ends_at_its_expiry(alice: User, after: timedelta, status: int) -> None:
    _, key = tokens.issue(user=alice, name="bot", scopes=["read"], actor="user:admin", now=NOW, expires_at=NOW)

    token = ApiToken.objects.select_related("user").get(digest=tokens.digest_of(key))
    assert tokens.is_live(token, NOW + after) is (status == 200)


def test_a_revoked_token_opens_nothing(alice: User) -> None:
    key = key_of(alice, "read")

    tokens.revoke(token_id=ApiToken.objects.get().pk, owner=alice, actor="user:admin", now=NOW)

    assert call(key).status_code == 401
    assert AuditEntry.objects.filter(action="token.revoked").count() == 1


def test_a_token_ends_with_its_user(alice: User) -> None:
    key = key_of(alice, "read")
    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert call(key).status_code == 401


def test_a_name_is_free_again_once_its_token_is_revoked(alice: User) -> None:
    key_of(alice, "read")
    with pytest.raises(tokens.TokenNameTakenError):
        key_of(alice, "read")

    tokens.revoke(token_id=ApiToken.objects.get().pk, owner=alice, actor="user:admin", now=NOW)

    assert call(key_of(alice, "read")).status_code == 200


def test_a_scope_that_does_not_exist_is_refused(alice: User) -> None:
    with pytest.raises(tokens.UnknownScopeError):
        key_of(alice, "everything")


def test_a_page_acts_as_the_user_and_nobody_as_none(alice: User) -> None:
    request = RequestFactory().get("/")
    request.user = alice
    assert actor_of(request).name == "user:alice"

    request.user = AnonymousUser()
    with pytest.raises(NotAuthenticated):
        actor_of(request)
