"""A proposal's execution by REST: shown, changed, approved, refused."""

from typing import Any

import pytest
from django.test import Client

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from tests.trading.algos.conftest import Floor, children, propose, refresh
from trading.models import AlgoRun

pytestmark = pytest.mark.usefixtures("desk")


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def trading(trader: Actor) -> Client:
    return client_of(trader.user)


@pytest.fixture
def approving(trader: Actor) -> Client:
    return client_of(User.objects.get(username="approver"))


def post(client: Client, path: str, body: dict[str, Any], key: str = "") -> Any:
    refresh()
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"/api/v1/proposals/{path}/", body, content_type="application/json", headers=headers)


def test_a_proposal_shows_its_execution(trading: Client) -> None:
    proposal = propose()

    row = trading.get(f"/api/v1/proposals/{proposal.pk}/").json()

    assert row["execution"] == row["content"]["execution"]
    assert (row["execution"]["algo"], row["execution"]["minutes"], row["run_id"]) == ("LIMIT_WALK", 30, None)


def test_another_execution_is_proposed_and_its_approval_starts_one_run(trading: Client, approving: Client) -> None:
    wish = {"algo": "TWAP", "parameters": {"slices": 2}, "minutes": 15}
    changed = post(trading, f"{propose().pk}/change", {"execution": wish})
    new = changed.json()

    said = {"content_hash": new["content_hash"]}
    first = post(approving, f"{new['id']}/approval", said, key="k")
    again = post(approving, f"{new['id']}/approval", said, key="k")

    assert (changed.status_code, first.status_code, again.status_code) == (201, 201, 201)
    assert new["execution"]["sentence"].startswith("2 equal parts in equal times within 15 min")
    run = AlgoRun.objects.get()
    assert (first.json()["order"], first.json()["run"]["id"]) == (None, str(run.pk))
    assert first.json()["run"]["proposal_id"] == new["id"]
    assert first.json()["proposal"]["run_id"] == str(run.pk)
    assert again.headers["Idempotent-Replay"] == "true"


def test_the_run_and_its_children_name_the_proposal(approving: Client) -> None:
    proposal = propose()
    post(approving, f"{proposal.pk}/approval", {"content_hash": proposal.content_hash})
    run = AlgoRun.objects.get()
    Floor().look()

    row = approving.get(f"/api/v1/algos/{run.pk}/").json()
    child = approving.get(f"/api/v1/orders/{children(run)[0].pk}/").json()

    assert row["proposal"]["id"] == str(proposal.pk)
    assert row["proposal"]["approved_by"] == ["approver"]
    assert (child["proposal_id"], child["algo_run_id"], child["approved_by"]) == (
        str(proposal.pk),
        str(run.pk),
        "approver",
    )


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"algo": "SNIPER"}, 400, "INVALID_INPUT"),
        ({"algo": "TWAP", "speed": 1}, 400, "INVALID_INPUT"),
        ({"algo": "TWAP", "parameters": {"slices": 0}}, 400, "INVALID_ALGO_PARAMETERS"),
        ({"algo": "LEGGING"}, 400, "NOT_FOR_ALGORITHMS"),
    ],
)
def test_a_wish_that_cannot_be_meant_is_refused_by_its_reason(
    trading: Client, wish: dict[str, Any], status: int, code: str
) -> None:
    proposal = propose()

    answer = post(trading, f"{proposal.pk}/change", {"execution": wish})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    proposal.refresh_from_db()
    assert proposal.status == "PENDING"


def test_another_hash_than_the_one_shown_conflicts(approving: Client) -> None:
    answer = post(approving, f"{propose().pk}/approval", {"content_hash": "0" * 64})

    assert (answer.status_code, answer.json()["code"]) == (409, "NEEDS_RECONFIRM")
    assert not AlgoRun.objects.exists()
