"""Signing in, and the tokens a person keeps."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from allcore.accounts.models import ApiToken, User

KEPT_AS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
PASSWORD = "correct-horse-battery"


@pytest.fixture
def person(db: None, settings: Any) -> User:
    settings.PASSWORD_HASHERS = KEPT_AS
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()
    return User.objects.create_user("carol", password=PASSWORD)


def sign_in(client: Client, password: str) -> Any:
    return client.post("/accounts/login/", {"login": "carol", "password": password})


def test_a_password_opens_the_desk_and_is_kept_as_argon2(client: Client, person: User) -> None:
    assert sign_in(client, PASSWORD)["Location"] == "/"
    assert person.password.startswith("argon2$")


def test_the_fifth_wrong_password_is_the_last_that_is_looked_at(client: Client, person: User) -> None:
    for _ in range(5):
        assert "Too many" not in sign_in(client, "wrong").content.decode()

    answer = sign_in(client, PASSWORD)

    assert answer.status_code == 200
    assert "Too many failed login attempts" in answer.content.decode()


def test_four_wrong_passwords_lock_nobody_out(client: Client, person: User) -> None:
    for _ in range(4):
        sign_in(client, "wrong")

    assert sign_in(client, PASSWORD).status_code == 302


def test_nobody_signs_themselves_up(client: Client, db: None) -> None:
    client.post("/accounts/signup/", {"username": "mallory", "password1": PASSWORD, "password2": PASSWORD})

    assert not User.objects.exists()


def test_the_admin_asks_for_the_same_sign_in(client: Client, db: None) -> None:
    assert client.get("/admin/login/")["Location"].startswith("/accounts/login/")


@pytest.fixture
def api(alice: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(alice)
    return client


def test_a_person_makes_a_token_and_sees_its_key_once(api: APIClient) -> None:
    made = api.post("/api/v1/tokens/", {"name": "bot", "scopes": ["read"]}, format="json")

    assert made.status_code == 201
    assert made.json()["key"].startswith("desk_")
    assert "key" not in api.get("/api/v1/tokens/").json()["results"][0]


def test_tokens_come_in_pages_the_newest_first(api: APIClient) -> None:
    for name in ("one", "two", "three"):
        api.post("/api/v1/tokens/", {"name": name, "scopes": ["read"]}, format="json")

    first = api.get("/api/v1/tokens/?limit=2").json()
    rest = api.get(first["next"]).json()

    assert [row["name"] for row in first["results"]] == ["three", "two"]
    assert ([row["name"] for row in rest["results"]], rest["next"]) == (["one"], None)


def test_the_key_opens_the_door_until_it_is_revoked(api: APIClient) -> None:
    made = api.post("/api/v1/tokens/", {"name": "bot", "scopes": ["read"]}, format="json").json()
    script = APIClient(headers={"Authorization": f"Bearer {made['key']}"})
    assert script.get("/api/v1/me/").json()["name"] == "token:alice/bot"

    api.delete(f"/api/v1/tokens/{made['id']}/")

    assert script.get("/api/v1/me/").status_code == 401


def test_a_token_makes_no_tokens(api: APIClient) -> None:
    made = api.post("/api/v1/tokens/", {"name": "bot", "scopes": ["read", "trade", "risk"]}, format="json").json()
    script = APIClient(headers={"Authorization": f"Bearer {made['key']}"})

    answer = script.post("/api/v1/tokens/", {"name": "more", "scopes": ["read"]}, format="json")

    assert (answer.status_code, ApiToken.objects.count()) == (403, 1)


def test_nobody_revokes_another_s_token(api: APIClient, bob: User) -> None:
    made = api.post("/api/v1/tokens/", {"name": "bot", "scopes": ["read"]}, format="json").json()
    other = APIClient()
    other.force_authenticate(bob)

    answer = other.delete(f"/api/v1/tokens/{made['id']}/")

    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    assert ApiToken.objects.get().revoked_at is None


@pytest.mark.parametrize(
    "body", [{}, {"name": "bot", "scopes": []}, {"name": "bot", "scopes": ["all"]}, {"name": "a b", "scopes": ["read"]}]
)
def test_a_token_that_cannot_be_meant_is_refused(api: APIClient, body: dict[str, Any]) -> None:
    answer = api.post("/api/v1/tokens/", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_INPUT")
    assert not ApiToken.objects.exists()


def test_nobody_is_told_to_sign_in(db: None) -> None:
    answer = APIClient().get("/api/v1/me/")

    assert (answer.status_code, answer.json()["code"]) == (401, "NOT_AUTHENTICATED")


def test_the_schema_and_its_page_need_no_inline_script(client: Client, db: None) -> None:
    assert client.get("/api/schema/").status_code == 200
    page = client.get("/api/docs/").content.decode()

    assert "<script>" not in page
    assert "script-src 'self'" in client.get("/api/docs/")["Content-Security-Policy"]
