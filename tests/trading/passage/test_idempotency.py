"""The same key, the same answer, over the API."""

from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread

import orjson
import pytest
from django.db import connections
from django.test import Client

from allcore.accounts.models import User
from allcore.accounts.tokens import issue
from allcore.kernel.clock import utc_now
from brokers.models import Account
from risk.models import Limit
from tests.trading.passage.conftest import STOCK
from trading.models import Mandate, Order

pytestmark = pytest.mark.usefixtures("desk")


@pytest.fixture
def key() -> str:
    now, user = utc_now(), User.objects.get(username="trader")
    Mandate.objects.create(
        account=Account.objects.get(code="GEN-1"),
        grantee=user,
        signed_by=User.objects.get(username="risk"),
        max_order_cash=Decimal(100_000),
        reason="A test of the desk.",
        signed_at=now,
        expires_at=now + timedelta(hours=1),
    )
    return issue(user=user, name="bot", scopes=["read", "trade"], actor="desk:test", now=now)[1]


def post(key: str, idempotency: str | None, **changes: object) -> tuple[int, dict[str, object], bool]:
    body = {
        "account": "GEN-1",
        "underlying": STOCK,
        "legs": [{"symbol": STOCK, "side": "BUY", "position_effect": "OPEN"}],
        "quantity": 10,
        "ord_type": "LIMIT",
        "limit_price": "200.02",
        **changes,
    }
    headers = {"Authorization": f"Bearer {key}", **({} if idempotency is None else {"Idempotency-Key": idempotency})}
    answer = Client().post("/api/v1/orders/", orjson.dumps(body), content_type="application/json", headers=headers)
    return answer.status_code, answer.json(), answer.headers.get("Idempotent-Replay") == "true"


def test_a_repeat_returns_the_first_answer_and_makes_no_second_order(key: str) -> None:
    first = post(key, "once")
    second = post(key, "once")

    assert first[0] == 201
    assert second == (201, first[1], True)
    assert Order.objects.count() == 1


def test_a_key_with_another_body_is_422_and_changes_nothing(key: str) -> None:
    post(key, "once")

    status, body, _ = post(key, "once", quantity=11)

    assert (status, body["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert Order.objects.count() == 1


def test_a_denial_is_an_answer_too(key: str) -> None:
    first = post(key, "once", limit_price="260.00")
    second = post(key, "once", limit_price="260.00")

    assert (first[0], first[1]["code"]) == (422, "RISK_DENIED")
    assert second == (422, first[1], True)
    assert Order.objects.count() == 1


def test_eight_callers_with_one_key_make_one_order_and_hear_one_answer(key: str) -> None:
    Limit.objects.filter(code__in=("quote_age", "spot_age")).update(soft=None, hard=60)  # eight at once are slow
    barrier, answers = Barrier(8), []

    def call() -> None:
        barrier.wait()
        try:
            answers.append(post(key, "together"))
        finally:
            connections.close_all()

    threads = [Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Order.objects.count() == 1
    assert {status for status, _, _ in answers} == {201}, answers[0]
    assert len({str(body["id"]) for _, body, _ in answers}) == 1


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"quantity": -1}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": 0}, "quantity"),
        ({"legs": []}, "legs"),
        ({"ord_type": "ICEBERG"}, "ord_type"),
        ({"limit_price": "abc"}, "limit_price"),
        ({"limit_price": None}, "limit price"),
        ({"limit_price": "-1"}, "limit_price"),
        ({"legs": [{"symbol": "NOPE", "side": "BUY", "position_effect": "OPEN"}]}, "NOPE"),
    ],
)
def test_malformed_orders_are_400_with_the_field_named_and_change_nothing(
    key: str, change: dict[str, object], word: str
) -> None:
    status, body, _ = post(key, None, **change)

    assert status == 400
    assert set(body) == {"code", "message", "detail", "trace_id"}
    assert word in str(body["message"])
    assert not Order.objects.exists()


def test_a_price_off_its_step_is_denied_by_name(key: str) -> None:
    status, body, _ = post(key, None, limit_price="200.015")

    assert (status, body["code"]) == (422, "RISK_DENIED")
    assert "multiple of 0.01" in str(body["message"])


def test_without_a_token_nothing_is_done() -> None:
    status, body, _ = post("desk_wrong", "x")

    assert (status, body["code"]) == (401, "NOT_AUTHENTICATED")
    assert not Order.objects.exists()
