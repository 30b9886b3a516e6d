"""Rules of names and stopped strategies by REST."""

from typing import Any

import pytest
from django.test import Client

from allcore.audit.models import AuditEntry
from allcore.kernel.orders import Side
from risk.domain.structure import Structure
from risk.models import NameRule, Role, StrategyHold
from risk.services import holds
from risk.services.limits import ensure_defaults
from tests.builders.risk import NOW, make_account, person

pytestmark = pytest.mark.django_db
WHY = "The company is being bought."


@pytest.fixture(autouse=True)
def desk() -> None:
    ensure_defaults(NOW)


def signed_in(name: str, *roles: Role, account: Any = None) -> Client:
    client = Client()
    client.force_login(person(name, *roles, account=account).user)
    return client


def send(client: Client, path: str, **body: Any) -> Any:
    return client.post(f"/api/v1/{path}", body, content_type="application/json")


def lay_down(client: Client, **changes: str) -> Any:
    return send(client, "name-rules/", **{"underlying": "TSLA", "kind": "CLOSE_ONLY", "reason": WHY, **changes})


def test_what_is_stricter_holds_at_once_and_is_on_record() -> None:
    answer = lay_down(signed_in("rita", Role.RISK_OFFICER))

    assert (answer.status_code, answer.json()["in_force_at"] is None) == (201, False)
    assert AuditEntry.objects.filter(action="name_rule.laid_down").count() == 1


def test_the_same_rule_twice_is_refused() -> None:
    rita = signed_in("rita", Role.RISK_OFFICER)
    lay_down(rita)

    assert lay_down(rita).status_code == 409


def test_an_allowed_name_waits_for_another_person() -> None:
    rita = signed_in("rita", Role.RISK_OFFICER)
    answer = lay_down(rita, kind="ALLOWED")
    path = f"name-rules/{answer.json()['id']}/confirmation/"
    assert (answer.status_code, answer.json()["in_force_at"]) == (202, None)

    assert send(rita, path).status_code == 403
    assert send(signed_in("adam", Role.ADMIN), path).json()["in_force_at"] is not None


def test_a_rule_is_lifted_by_two_people() -> None:
    rita, adam = signed_in("rita", Role.RISK_OFFICER), signed_in("adam", Role.ADMIN)
    path = f"name-rules/{lay_down(rita).json()['id']}/lift/"
    assert send(adam, f"{path}decision/", approve=True).status_code == 409  # nobody has asked
    assert send(rita, path, reason="The offer has been withdrawn.").status_code == 202
    assert send(rita, f"{path}decision/", approve=True).status_code == 403
    assert NameRule.objects.get().lifted_at is None

    assert send(adam, f"{path}decision/", approve=True).status_code == 200

    assert NameRule.objects.get().lifted_at is not None
    assert rita.get("/api/v1/name-rules/").json()["results"] == []
    assert lay_down(rita).status_code == 201  # anew


def test_a_lift_that_is_declined_may_be_asked_again() -> None:
    rita, adam = signed_in("rita", Role.RISK_OFFICER), signed_in("adam", Role.ADMIN)
    path = f"name-rules/{lay_down(rita).json()['id']}/lift/"
    send(rita, path, reason="The offer has been withdrawn.")

    send(adam, f"{path}decision/", approve=False)

    assert NameRule.objects.get().lift_asked_by is None
    assert send(rita, path, reason="The offer has been withdrawn.").status_code == 202


@pytest.mark.parametrize("reason", ["x" * 14, " " * 20])
def test_a_rule_has_a_reason(reason: str) -> None:
    assert lay_down(signed_in("rita", Role.RISK_OFFICER), reason=reason).status_code == 400


@pytest.mark.parametrize("role", [Role.TRADER, Role.VIEWER, Role.APPROVER])
def test_only_who_edits_limits_lays_down_rules(role: Role) -> None:
    assert lay_down(signed_in("ann", role)).status_code == 403


def test_an_officer_of_one_account_lays_down_rules_of_that_account_alone() -> None:
    mine = make_account("GEN-1")
    rita = signed_in("rita", Role.RISK_OFFICER, account=mine)

    assert lay_down(rita).status_code == 403
    assert lay_down(rita, account="GEN-1").status_code == 201


def stopped() -> StrategyHold:
    kind = holds.Kind(make_account("GEN-1"), Structure.CASH_SECURED_PUT, "TSLA", Side.SELL)
    assert holds.stop(kind, fills=5, now=NOW)
    return StrategyHold.objects.get()


def test_a_risk_officer_lets_a_strategy_go_on_with_a_reason() -> None:
    hold, rita = stopped(), signed_in("rita", Role.RISK_OFFICER)
    path = f"strategy-holds/{hold.pk}/release/"
    assert send(rita, path, reason="too short").status_code == 400

    answer = send(rita, path, reason="The five were meant, one for each week.")

    hold.refresh_from_db()
    assert answer.status_code == 200
    assert (hold.released_by is not None, hold.release_reason) == (True, "The five were meant, one for each week.")
    assert AuditEntry.objects.filter(action="strategy.let_go_on").count() == 1


@pytest.mark.parametrize("role", [Role.TRADER, Role.APPROVER, Role.VIEWER])
def test_nobody_else_lets_it_go_on(role: Role) -> None:
    hold = stopped()

    answer = send(signed_in("ann", role), f"strategy-holds/{hold.pk}/release/", reason="The five were meant, I think.")

    assert answer.status_code == 403
    assert StrategyHold.objects.filter(released_at=None).exists()
