"""The addresses of runs and routes."""

from typing import Any

import pytest
from django.test import Client

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from tests.trading.algos.conftest import Floor, children, spread
from trading.models import AlgoRun, Order

pytestmark = pytest.mark.usefixtures("desk")


@pytest.fixture
def browser(trader: Actor) -> Client:
    client = Client()
    client.force_login(trader.user)
    return client


def post(client: Client, path: str, body: dict[str, Any] | None = None, key: str = "") -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"/api/v1{path}", body or {}, content_type="application/json", headers=headers)


def ticket(**changes: Any) -> dict[str, Any]:
    return spread(**changes) | {"limit_price": "0.58"}


def test_a_run_is_started_once_for_a_key(browser: Client) -> None:
    first = post(browser, "/algos/", {"ticket": ticket(), "algo": "LIMIT_WALK"}, key="k")
    again = post(browser, "/algos/", {"ticket": ticket(), "algo": "LIMIT_WALK"}, key="k")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replay"] == "true"
    assert AlgoRun.objects.count() == 1


def test_a_run_is_read_with_its_children_its_events_and_its_walk(browser: Client) -> None:
    run_id = post(browser, "/algos/", {"ticket": ticket(), "algo": "AUTO"}).json()["id"]
    Floor().look()

    row = browser.get(f"/api/v1/algos/{run_id}/").json()

    assert [child["step"] for child in row["children"]] == [0]
    placed = row["events"][0]["actions"][0]
    assert (placed["do"], placed["cost"], placed["price"]) == ("PLACE", "-0.63", "0.63")
    assert row["walk"]["asked"][0]["price"] == "0.63"
    assert (row["walk"]["quotes"][0]["bid"], row["walk"]["quotes"][0]["ask"]) == ("0.68", "0.58")
    assert row["choice"]["condition"] == "two or more legs"
    assert [one["id"] for one in browser.get("/api/v1/algos/").json()["results"]] == [run_id]


@pytest.mark.parametrize(
    ("words", "status"), [(["pause"], "PAUSED"), (["pause", "resume"], "RUNNING"), (["cancel"], "DONE")]
)
def test_a_run_is_told_by_post(browser: Client, words: list[str], status: str) -> None:
    run_id = post(browser, "/algos/", {"ticket": ticket(), "algo": "LIMIT_WALK"}).json()["id"]

    answers = [post(browser, f"/algos/{run_id}/{word}/", {"reason": "because"}) for word in words]

    assert [answer.status_code for answer in answers] == [202] * len(words)
    assert answers[-1].json()["status"] == status


def test_a_run_that_is_done_answers_a_conflict(browser: Client) -> None:
    run_id = post(browser, "/algos/", {"ticket": ticket(), "algo": "LIMIT_WALK"}).json()["id"]
    post(browser, f"/algos/{run_id}/cancel/")

    assert post(browser, f"/algos/{run_id}/cancel/").status_code == 409


def test_wrong_parameters_are_told_by_name(browser: Client) -> None:
    answer = post(browser, "/algos/", {"ticket": ticket(), "algo": "POV", "parameters": {"rate": "0.5"}})

    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_ALGO_PARAMETERS")
    assert "0.10" in answer.json()["message"]


def test_a_route_is_scored_and_an_order_sent_by_it(browser: Client) -> None:
    asked = {"ticket": ticket(), "route": ["GEN-1", "REV-1"]}

    card = post(browser, "/route/", asked).json()
    sent = post(browser, "/route/orders/", asked, key="r")

    assert card["choice"] == "GEN-1"
    assert sent.status_code == 201
    assert sent.json()["scorecard"]["scores"][0]["account"] == Order.objects.get().account.code


def test_a_stranger_sees_no_run(browser: Client) -> None:
    run_id = post(browser, "/algos/", {"ticket": ticket(), "algo": "LIMIT_WALK"}).json()["id"]
    stranger = Client()
    stranger.force_login(User.objects.create_user("stranger"))

    assert stranger.get(f"/api/v1/algos/{run_id}/").status_code == 404
    assert children(AlgoRun.objects.get()) == []


@pytest.mark.parametrize(("px", "said"), [("0.63", "0.00 worse"), ("0.65", "0.02 better"), ("0.61", "0.02 worse")])
def test_a_runs_page_says_prices_and_what_is_better_without_a_sign(browser: Client, px: str, said: str) -> None:
    run_id = post(browser, "/algos/", {"ticket": ticket(), "algo": "LIMIT_WALK"}).json()["id"]
    floor = Floor()
    floor.look()
    floor.broker()
    floor.fill(children(AlgoRun.objects.get(pk=run_id))[0], 1, "e1", px)

    page = " ".join(browser.get(f"/algos/{run_id}/").content.decode().split())

    assert "at 0.63</span>" in page
    assert f"<dt>Against that mid</dt> <dd> {said} </dd>" in page
    assert "-0.63" not in page.split('id="walk"')[0]


def test_an_order_s_page_shows_why_it_went_there_or_which_run_sent_it(browser: Client) -> None:
    routed = post(browser, "/route/orders/", {"ticket": ticket(), "route": ["GEN-1"]}).json()["order"]["id"]
    post(browser, "/algos/", {"ticket": ticket(quantity=2), "algo": "LIMIT_WALK"})
    Floor().look()
    child = children(AlgoRun.objects.get())[0].pk

    assert b"Why it went there" in browser.get(f"/orders/{routed}/").content
    assert b"a run of an algorithm" in browser.get(f"/orders/{child}/").content
