"""Limits and the kill switch by REST."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from risk.models import KillState, Limit, Role
from risk.services.kill import engage
from risk.services.limits import ensure_defaults
from tests.builders.risk import NOW, dec, make_account, person

pytestmark = pytest.mark.django_db
WHY = "The market has changed."


@pytest.fixture(autouse=True)
def desk(settings: Settings, tmp_path: Any) -> None:
    settings.VAR_DIR = tmp_path
    ensure_defaults(NOW)


def signed_in(name: str, *roles: Role, account: Any = None) -> Client:
    client = Client()
    client.force_login(person(name, *roles, account=account).user)
    return client


def send(client: Client, method: str, path: str, **body: Any) -> Any:
    return getattr(client, method)(f"/api/v1/{path}", body, content_type="application/json")


def limit(code: str = "deployment") -> Limit:
    return Limit.objects.get(code=code, account=None, underlying="")


def test_a_viewer_reads_the_limits_with_decimals_as_text() -> None:
    answer = signed_in("vera", Role.VIEWER).get("/api/v1/limits/")

    rows = {row["code"]: row for row in answer.json()["results"]}
    assert answer.status_code == 200
    assert rows["name_household"] | {"id": 0, "effective_at": ""} == {
        "id": 0,
        "code": "name_household",
        "label": "One name in all accounts",
        "account": None,
        "underlying": "",
        "unit": "RATIO",
        "direction": "CEILING",
        "soft": "0.2",
        "hard": "0.25",
        "version": 1,
        "effective_at": "",
    }


def test_nobody_reads_the_limits_of_accounts_they_do_not_see() -> None:
    gen, rev = make_account("GEN-1"), make_account("REV-1")
    for account in (gen, rev):
        Limit.objects.create(code="positions", account=account, unit="COUNT", hard=dec(5), effective_at=NOW)

    rows = signed_in("vera", Role.VIEWER, account=gen).get("/api/v1/limits/").json()["results"]

    assert {row["account"] for row in rows} == {None, "GEN-1"}


def test_who_is_not_signed_in_reads_nothing() -> None:
    assert Client().get("/api/v1/limits/").status_code in (401, 403)
    assert Client().get("/api/v1/kill-switch/").status_code in (401, 403)


def test_tightening_answers_200_and_loosening_202() -> None:
    officer = signed_in("rita", Role.RISK_OFFICER)

    tighter = send(officer, "patch", f"limits/{limit().pk}/", hard="0.90", reason=WHY)
    looser = send(officer, "patch", f"limits/{limit().pk}/", hard="0.93", reason=WHY)

    assert (tighter.status_code, tighter.json()["status"], tighter.json()["limit"]["hard"]) == (200, "APPLIED", "0.9")
    assert (looser.status_code, looser.json()["status"]) == (202, "PROPOSED")
    assert limit().hard == dec("0.9")


def test_a_second_person_decides_what_waits() -> None:
    officer, admin = signed_in("rita", Role.RISK_OFFICER), signed_in("ada", Role.ADMIN)
    change = send(officer, "patch", f"limits/{limit().pk}/", hard="0.99", reason=WHY).json()
    path = f"limits/changes/{change['id']}/decision/"

    waiting = admin.get("/api/v1/limits/changes/?status=PROPOSED").json()["results"]
    by_the_same = send(officer, "post", path, approve=True)
    by_another = send(admin, "post", path, approve=True)

    assert [row["id"] for row in waiting] == [change["id"]]
    assert (by_the_same.status_code, by_the_same.json()["code"]) == (403, "SECOND_PERSON_NEEDED")
    assert (by_another.status_code, by_another.json()["decided_by"]) == (200, "ada")
    assert limit().hard == dec("0.99")


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TRADER, Role.APPROVER, Role.COMPLIANCE, Role.ADMIN])
def test_others_than_risk_officers_are_refused(role: Role) -> None:
    answer = send(signed_in("x", role), "patch", f"limits/{limit().pk}/", hard="0.90", reason=WHY)

    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    assert limit().version == 1


@pytest.mark.parametrize(
    "body",
    [
        {"hard": "0.90"},
        {"hard": "0.90", "reason": ""},
        {"hard": "0.90", "reason": "too short"},
        {"hard": "much", "reason": WHY},
        {"hard": "NaN", "reason": WHY},
        {"hard": "-1", "reason": WHY},
        {"hard": "0.9500001", "reason": WHY},
        {"hard": None, "soft": None, "reason": WHY},
        {"reason": WHY},
    ],
)
def test_an_edit_that_cannot_be_meant_is_400_and_changes_nothing(body: dict[str, Any]) -> None:
    answer = send(signed_in("rita", Role.RISK_OFFICER), "patch", f"limits/{limit().pk}/", **body)

    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message", "detail", "trace_id"}
    assert limit().version == 1


def test_a_limit_is_edited_as_it_was_seen() -> None:
    officer = signed_in("rita", Role.RISK_OFFICER)
    send(officer, "patch", f"limits/{limit().pk}/", hard="0.90", reason=WHY, version=1)

    answer = send(officer, "patch", f"limits/{limit().pk}/", hard="0.80", reason=WHY, version=1)

    assert (answer.status_code, answer.json()["code"]) == (409, "LIMIT_CHANGED")


def test_an_account_gets_a_limit_of_its_own() -> None:
    make_account("GEN-1")
    officer = signed_in("rita", Role.RISK_OFFICER)

    answer = send(officer, "post", "limits/", code="positions", account="GEN-1", hard="5", reason=WHY)

    assert answer.status_code == 201
    assert answer.json()["limit"]["account"] == "GEN-1"


def test_unknown_limits_and_edits_are_404() -> None:
    officer = signed_in("rita", Role.RISK_OFFICER)

    assert send(officer, "patch", "limits/0/", hard="0.90", reason=WHY).status_code == 404
    assert send(officer, "post", "limits/changes/0/decision/", approve=True).status_code == 404


def engaged(level: int = 2) -> None:
    engage(scope="GLOBAL", target="", level=level, actor=None, reason="", now=NOW)


def test_releasing_takes_two_people() -> None:
    engaged(2)
    trader, officer = signed_in("tom", Role.TRADER), signed_in("rita", Role.RISK_OFFICER)

    asked = send(trader, "post", "kill-switch/release/", scope="GLOBAL", to_level=0, reason=WHY)
    path = f"kill-switch/release/{asked.json()['id']}/confirmation/"
    by_the_same, by_another = send(trader, "post", path), send(officer, "post", path)

    assert (asked.status_code, by_the_same.status_code, by_another.status_code) == (202, 403, 200)
    assert by_another.json()["level"] == 0
    assert KillState.objects.get().level == 0


def test_a_release_without_a_reason_is_refused() -> None:
    engaged(2)

    answer = send(signed_in("tom", Role.TRADER), "post", "kill-switch/release/", scope="GLOBAL", to_level=0)

    assert answer.status_code == 400
