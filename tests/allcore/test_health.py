"""What tells a watcher, or a person, that the desk is well."""

import re
from typing import Any

import pytest
from django.test import Client
from redis.exceptions import ConnectionError as RedisConnectionError

from allcore import live
from allcore.accounts.models import User


def test_alive_is_said_without_asking_anybody(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


def test_ready_names_every_check(client: Client, db: None) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["ready"]) == (200, True)
    assert set(answer.json()["checks"]) == {"postgresql", "redis", "migrations", "feed"}


class NoRedis:
    def ping(self) -> None:
        raise RedisConnectionError

    exists = ping


def test_ready_says_which_part_is_away(client: Client, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "client", NoRedis)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["checks"]["redis"]) == (503, "does not answer")


def test_metrics_count_requests_by_route_and_facts_of_the_database(client: Client, db: None) -> None:
    client.get("/healthz")

    text = client.get("/metrics").content.decode()

    assert re.search(r'desk_http_request_seconds_count\{method="GET",route="healthz",status="200"\} [1-9]', text)
    assert "desk_audit_links 0.0" in text


@pytest.mark.parametrize(
    ("token", "behind_tls", "address", "sent", "status"),
    [
        ("", False, "127.0.0.1", "", 200),
        ("", False, "10.0.0.9", "", 403),
        ("", True, "127.0.0.1", "", 403),  # behind a proxy everybody is local
        ("key", False, "10.0.0.9", "Bearer key", 200),
        ("key", False, "127.0.0.1", "", 403),
        ("key", True, "127.0.0.1", "Bearer kex", 403),
    ],
)
def test_metrics_are_for_this_machine_or_for_the_token(
    client: Client, db: None, settings: Any, token: str, behind_tls: bool, address: str, sent: str, status: int
) -> None:
    settings.METRICS_TOKEN, settings.BEHIND_TLS = token, behind_tls

    assert client.get("/metrics", REMOTE_ADDR=address, headers={"Authorization": sent}).status_code == status


def test_an_address_that_is_not_there_is_told_in_the_api_s_shape(client: Client, db: None) -> None:
    answer = client.get("/api/v1/nowhere/", headers={"X-Request-ID": "trace-0001"})

    assert answer.status_code == 404
    assert (answer.json()["code"], answer.json()["trace_id"]) == ("NOT_FOUND", "trace-0001")


def test_every_answer_carries_a_trace_id_and_a_bad_one_is_replaced(client: Client) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": "trace-0001"})["X-Request-ID"] == "trace-0001"
    assert re.fullmatch("[0-9a-f]{32}", client.get("/healthz", headers={"X-Request-ID": "x\ny"})["X-Request-ID"])


def test_a_store_that_is_away_is_a_503_that_says_when_to_try_again(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr("allcore.health.CHECKS", {"redis": NoRedis().ping})

    answer = client.get("/readyz")

    assert (answer.status_code, answer["Retry-After"]) == (503, "2")


def test_the_api_tells_who_is_signed_in_what_works(client: Client, alice: User) -> None:
    assert client.get("/api/v1/health/").status_code == 401
    client.force_login(alice)

    answer = client.get("/api/v1/health/")

    assert answer.status_code == 200
    assert answer.json()["checks"]["postgresql"] == "ok"
