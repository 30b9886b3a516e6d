"""What people do to connections by REST: who may, what is kept, and what is never said again."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from allcore import redaction
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.errors import RefusedError
from allcore.vault import services as vault
from brokers import registry
from brokers.models import Account, Connection
from brokers.paper.session import CAPABILITIES
from brokers.ports import Bucket, Leave, Plumbing
from risk.models import AccountGrant

pytestmark = pytest.mark.django_db
TOKEN = "tok-VeRySeCrEt-99"
ENDS = datetime(2026, 6, 17, 14, 0, tzinfo=UTC)


class Door:
    """A broker's page of leave that says yes to the state it gave."""

    def __init__(self, plumbing: Plumbing) -> None:
        self._plumbing = plumbing

    async def begin(self, callback_url: str) -> Leave:
        return Leave(f"https://broker.test/leave?to={callback_url}", "s1", needs_code=True)

    async def finish(self, answer: Mapping[str, str]) -> datetime | None:
        if answer.get("code") != "good":
            raise RefusedError("The broker says no.")
        return ENDS


@pytest.fixture(autouse=True)
def acme(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[None]:
    settings.VAULT_KEYS = "k:" + base64.b64encode(b"k" * 32).decode()
    vault.master_keys.cache_clear()
    paper = registry.BROKERS["paper"]
    broker = registry.Broker(
        "Acme", CAPABILITIES, paper.open_session, secrets=("app_key", "app_secret"), authorise=Door
    )
    monkeypatch.setitem(registry.BROKERS, "acme", broker)
    yield
    vault.master_keys.cache_clear()
    redaction.forget_all()


@pytest.fixture
def admin(alice: User) -> APIClient:
    return signed_in(alice, "ADMIN")


@pytest.fixture
def viewer(bob: User) -> APIClient:
    return signed_in(bob, "VIEWER")


def signed_in(user: User, role: str) -> APIClient:
    AccountGrant.objects.create(user=user, account=None, role=role)
    client = APIClient()
    client.force_authenticate(user)
    return client


def add(client: APIClient, **changes: object) -> int:
    body = {"name": "acme-1", "broker": "acme", "environment": "PAPER", "settings": {"host": "h"}} | changes
    return int(client.post("/api/v1/connections/", body, format="json").status_code)


def test_a_connection_is_added_paused_and_shown_with_everything(admin: APIClient) -> None:
    assert add(admin) == 201

    [row] = admin.get("/api/v1/connections/").json()["results"]

    assert (row["name"], row["broker_name"], row["is_paused"], row["settings"]) == (
        "acme-1",
        "Acme",
        True,
        {"host": "h"},
    )
    assert row["credentials"] == {
        "asked": ["app_key", "app_secret"],
        "kept": [],
        "expires_at": None,
        "changed_at": None,
        "needs_leave": True,
    }
    assert (row["certification"], row["budgets"]) == (None, [])
    assert AuditEntry.objects.filter(action="connection.added").count() == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"broker": "nobody"}, 400),
        ({"environment": "DEMO"}, 400),
        ({"name": "no spaces"}, 400),
        ({"settings": "host"}, 400),
    ],
)
def test_a_connection_nobody_could_open_is_refused(admin: APIClient, changes: dict[str, object], status: int) -> None:
    assert add(admin, **changes) == status
    assert not Connection.objects.exists()


def test_a_name_is_given_once(admin: APIClient) -> None:
    add(admin)

    assert add(admin) == 409


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "", {"name": "x", "broker": "acme", "environment": "PAPER"}),
        ("post", "acme-1/pause/", {}),
        ("post", "acme-1/resume/", {"reason": "because"}),
        ("post", "acme-1/accounts/", {"code": "A", "name": "a", "tier": "gen", "broker_account": "1", "baseline": "1"}),
        ("put", "acme-1/credentials/", {"values": {"app_key": "k"}}),
        ("delete", "acme-1/credentials/", {}),
        ("post", "acme-1/authorisation/", {}),
        ("put", "acme-1/authorisation/", {"code": "good"}),
    ],
)
def test_who_only_looks_changes_nothing(
    admin: APIClient, viewer: APIClient, method: str, path: str, body: dict[str, object]
) -> None:
    add(admin)
    before = AuditEntry.objects.count()

    answer = getattr(viewer, method)(f"/api/v1/connections/{path}", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    assert AuditEntry.objects.count() == before


def test_it_is_resumed_with_a_reason_and_paused_without(admin: APIClient) -> None:
    add(admin)

    assert admin.post("/api/v1/connections/acme-1/resume/", {"reason": " "}, format="json").status_code == 400
    assert admin.post("/api/v1/connections/acme-1/resume/", {"reason": "set up"}, format="json").status_code == 204
    assert not Connection.objects.get().is_paused
    assert admin.post("/api/v1/connections/acme-1/pause/", {}, format="json").status_code == 204
    assert Connection.objects.get().is_paused
    assert admin.post("/api/v1/connections/none/pause/", {}, format="json").status_code == 404


def test_credentials_go_in_and_never_come_out(admin: APIClient) -> None:
    add(admin)

    answer = admin.put("/api/v1/connections/acme-1/credentials/", {"values": {"app_key": TOKEN}}, format="json")

    assert answer.json() == {"kept": ["app_key"]}
    assert vault.read("connection:acme-1") == {"app_key": TOKEN}
    shown = admin.get("/api/v1/connections/").content.decode()
    assert TOKEN not in shown
    assert '"kept":["app_key"]' in shown.replace(" ", "")
    assert TOKEN not in json.dumps(list(AuditEntry.objects.values_list("payload", flat=True)))


def test_a_credential_the_broker_does_not_ask_for_is_refused_and_its_value_not_repeated(admin: APIClient) -> None:
    add(admin)

    answer = admin.put("/api/v1/connections/acme-1/credentials/", {"values": {"pin": TOKEN}}, format="json")

    assert answer.status_code == 400
    assert "app_key, app_secret" in answer.json()["message"]
    assert TOKEN not in answer.content.decode()


def test_what_is_revoked_is_gone(admin: APIClient) -> None:
    add(admin)
    admin.put("/api/v1/connections/acme-1/credentials/", {"values": {"app_key": TOKEN}}, format="json")

    assert admin.delete("/api/v1/connections/acme-1/credentials/").status_code == 204
    assert admin.delete("/api/v1/connections/acme-1/credentials/").status_code == 404
    assert admin.get("/api/v1/connections/").json()["results"][0]["credentials"]["kept"] == []


def test_leave_is_given_at_the_brokers_page_and_brought_back(admin: APIClient) -> None:
    add(admin)

    begun = admin.post("/api/v1/connections/acme-1/authorisation/").json()
    no = admin.put("/api/v1/connections/acme-1/authorisation/", {"code": "bad"}, format="json")
    yes = admin.put("/api/v1/connections/acme-1/authorisation/", {"code": "good"}, format="json")

    assert begun == {
        "url": "https://broker.test/leave?to=http://testserver/brokers/acme-1/callback/",
        "needs_code": True,
    }
    assert (no.status_code, yes.json()) == (409, {"until": ENDS.isoformat()})
    assert [e.action for e in AuditEntry.objects.filter(action__startswith="connection.auth").order_by("id")] == [
        "connection.authorisation_begun",
        "connection.authorised",
    ]


def test_a_broker_without_such_a_page_says_so(admin: APIClient) -> None:
    add(admin, name="p", broker="paper")

    answer = admin.post("/api/v1/connections/p/authorisation/")

    assert answer.json()["code"] == "NO_AUTHORISATION"


def test_the_broker_sends_a_person_back_to_the_page(client: Client, alice: User) -> None:
    AccountGrant.objects.create(user=alice, account=None, role="ADMIN")
    Connection.objects.create(name="acme-1", broker="acme", environment="PAPER")
    client.force_login(alice)

    page = client.get("/brokers/acme-1/callback/?code=good", follow=True)

    assert "acme-1 is authorised until 17 June 2026" in page.content.decode()


def test_an_account_of_the_broker_is_added_once(admin: APIClient) -> None:
    add(admin)
    body = {"code": "ACME-G", "name": "G", "tier": "gen", "broker_account": "77", "baseline": "1000.00"}

    first = admin.post("/api/v1/connections/acme-1/accounts/", body, format="json")
    again = admin.post("/api/v1/connections/acme-1/accounts/", body | {"code": "OTHER"}, format="json")
    wrong = admin.post("/api/v1/connections/acme-1/accounts/", body | {"code": "X", "tier": "none"}, format="json")

    assert (first.status_code, again.status_code, wrong.status_code) == (201, 409, 400)
    assert Account.objects.get().connection.name == "acme-1"


def test_the_budget_of_each_limit_is_shown(admin: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    paper = registry.BROKERS["acme"]
    limited = replace(paper.capabilities, buckets=(Bucket("orders", 2.0, 10, 3),))
    monkeypatch.setitem(registry.BROKERS, "acme", replace(paper, capabilities=limited))
    add(admin, name="fresh")

    [row] = admin.get("/api/v1/connections/").json()["results"]

    assert row["budgets"] == [
        {"bucket": "orders", "rate": 2.0, "burst": 10, "reserved": 3, "left": 10.0, "factor": 1.0, "closed_for": 0.0}
    ]


def test_the_matrix_names_every_adapter(viewer: APIClient) -> None:
    rows = {row["broker"]: row for row in viewer.get("/api/v1/brokers/").json()["results"]}

    assert {"paper", "acme"} <= set(rows)
    assert rows["paper"]["max_legs"] == 4
    assert rows["paper"]["certification"] is None
