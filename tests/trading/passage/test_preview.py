"""An order is looked at before it is sent: the same gate, and nothing is written."""

from datetime import date
from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from brokers.models import Account, Connection
from risk.models import Reservation, Verdict
from tests.builders import market
from tests.trading.passage.conftest import STOCK, draft, refresh
from trading.models import Order, OrderRequest, Position
from trading.services import submit

EXPIRY = date(2026, 6, 19)
STRIKES = {("P", 190): "1.00", ("P", 195): "2.00", ("C", 205): "2.10", ("C", 210): "1.10"}
SIDES = {("P", 190): "BUY", ("P", 195): "SELL", ("C", 205): "SELL", ("C", 210): "BUY"}


@pytest.fixture
def client(desk: Connection) -> APIClient:
    for (right, strike), bid in STRIKES.items():
        symbol = market.option(STOCK, EXPIRY, right, strike)
        market.instrument(symbol)
        market.write_quotes([market.quote(symbol, bid, str(Decimal(bid) + Decimal("0.10")))])
        market.write_greeks({symbol: market.greeks(delta=0.3 if right == "C" else -0.3, iv=0.3)}, open_interest=500)
    refresh()
    client = APIClient()
    client.force_authenticate(User.objects.get(username="trader"))
    return client


def condor(**changes: object) -> dict[str, object]:
    legs = [
        {"symbol": market.option(STOCK, EXPIRY, *key), "side": side, "position_effect": "OPEN", "ratio": 1}
        for key, side in SIDES.items()
    ]
    draft = {"account": "GEN-1", "underlying": STOCK, "legs": legs, "quantity": 2, "ord_type": "LIMIT"}
    return draft | {"time_in_force": "DAY"} | changes


def test_a_condor_without_a_price_is_priced_at_the_middle_and_told_whole(client: APIClient) -> None:
    answer = client.post("/api/v1/orders/preview/", condor(), format="json").json()

    assert answer["structure"] == {"code": "IRON_CONDOR", "name": "Iron condor", "action": "OPENING", "side": "CREDIT"}
    assert answer["is_priced_here"] is True
    assert answer["ticket"]["limit_price"] == "2.00"
    assert answer["profile"]["max_profit"] == "400.00"
    assert answer["profile"]["max_loss"] == "600.00"
    assert answer["profile"]["break_evens"] == ["193", "207"]
    assert 0.3 < answer["chance"] < 0.95
    assert answer["market"] == {"bid": "1.80", "ask": "2.20", "mid": "2.00"}
    assert answer["fees"] == "5.20"
    assert {row["code"] for row in answer["checks"]} >= {"kill_switch", "structure_loss"}
    assert len(answer["payoff"]["prices"]) == len(answer["payoff"]["what_if"]) >= 121


def test_margin_is_told_before_and_after_by_both_rules(client: APIClient) -> None:
    margin = client.post("/api/v1/orders/preview/", condor(), format="json").json()["margin"]

    assert margin["strategy_before"] == "0.00"
    assert margin["strategy_after"] == "600.00"  # two widths of 5 less what is received at the middle
    assert Decimal(margin["portfolio_after"]) >= Decimal("300.00")  # eight contracts, 37.50 each


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"broker_algo": {"name": "Adaptive"}}, "NOT_WORKED_BY_BROKER"),
        ({"held_by": "BROKER"}, "INVALID_CONDITION"),
        ({"condition": {"when": {"what": "PRICE", "symbol": "NIX", "is": "<=", "value": "1"}}}, "INVALID_CONDITION"),
    ],
)
def test_what_placing_would_refuse_is_refused_in_the_same_words(
    client: APIClient, asked: dict[str, object], code: str
) -> None:
    looked_at = client.post("/api/v1/orders/preview/", condor(limit_price="2.00", **asked), format="json").json()
    order = condor(limit_price="2.00", price_effect="CREDIT", **asked)

    placed = client.post("/api/v1/orders/", order, format="json", headers={"Idempotency-Key": "k"})

    assert (placed.status_code, looked_at["refused"]["code"]) == (400, code)
    assert looked_at["refused"]["message"] == placed.json()["message"]
    assert (looked_at["outcome"], looked_at["checks"][0]["message"]) == ("HARD_BLOCK", looked_at["refused"]["message"])


def test_looking_writes_nothing(client: APIClient) -> None:
    kept = [model.objects.count() for model in (Order, Verdict, Reservation, AuditEntry)]

    client.post("/api/v1/orders/preview/", condor(), format="json")
    client.post("/api/v1/structures/", condor(), format="json")

    assert [model.objects.count() for model in (Order, Verdict, Reservation, AuditEntry)] == kept


def test_the_gate_says_the_same_before_and_when_it_is_sent(client: APIClient) -> None:
    draft = condor(limit_price="2.00", price_effect="CREDIT", quantity=400)

    shown = client.post("/api/v1/orders/preview/", draft, format="json").json()
    sent = client.post("/api/v1/orders/", draft, format="json")

    assert shown["outcome"] == "HARD_BLOCK"
    assert sent.status_code == 422
    blocked = {row["code"] for row in shown["checks"] if row["outcome"] in ("HARD_BLOCK", "SOFT_BLOCK", "ERROR")}
    assert blocked == {row["code"] for row in sent.json()["detail"]["checks"]}


def test_a_later_date_and_less_volatility_move_the_curve_towards_its_end(client: APIClient) -> None:
    scenario = {"at": "2026-06-18T20:00:00Z", "shift": -0.1, "spot": 200.0}

    plain = client.post("/api/v1/structures/", condor(), format="json").json()["payoff"]
    later = client.post("/api/v1/structures/", condor(scenario=scenario), format="json").json()["payoff"]

    assert later["now"] == plain["now"] == plain["what_if"]
    assert later["at"].startswith("2026-06-18")
    assert plain["point"]["what_if"] < later["point"]["what_if"] <= later["point"]["at_expiry"]


def test_a_leg_without_a_quote_cannot_be_judged_and_says_so(client: APIClient) -> None:
    market.write_quotes([market.quote(market.option(STOCK, EXPIRY, "C", 205), None, "2.20")])

    answer = client.post("/api/v1/orders/preview/", condor(), format="json")

    assert answer.status_code == 503
    assert answer.json()["code"] == "NO_SPOT"


def test_an_account_that_is_not_theirs_is_not_there(client: APIClient) -> None:
    stranger = User.objects.create_user("stranger")
    client.force_authenticate(stranger)

    answer = client.post("/api/v1/orders/preview/", condor(), format="json")

    assert answer.status_code == 404


def test_contradictions_are_told_in_words(client: APIClient, trader: Actor) -> None:
    answer = client.post("/api/v1/orders/preview/", condor(ord_type="STOP", stop_price="2.00"), format="json")

    assert answer.status_code == 400
    assert "Stops are for single legs." in answer.json()["message"]


@pytest.mark.parametrize("code", ["GEN-1", "REV-1"])
def test_a_holding_without_a_mark_leaves_the_rest_to_be_looked_at(client: APIClient, code: str) -> None:
    unmarked = market.option(STOCK, EXPIRY, "C", 230)
    Position.objects.create(
        account=Account.objects.get(code=code), instrument=market.instrument(unmarked), qty=3, avg_px=2,
        booked_through=market.START, updated_at=market.START,
    )  # fmt: skip

    answer = client.post("/api/v1/orders/preview/", condor(), format="json")

    told = answer.json()
    blind = [row for row in told["checks"] if row["outcome"] == "ERROR"]
    assert (answer.status_code, told["outcome"], told["profile"]["max_profit"]) == (200, "HARD_BLOCK", "400.00")
    assert {"GEN-1": "deployment", "REV-1": "name_household"}[code] in {row["code"] for row in blind}


def test_what_cannot_be_judged_cannot_be_sent(client: APIClient, trader: Actor) -> None:
    Position.objects.create(
        account=Account.objects.get(code="REV-1"), instrument=market.instrument(market.option(STOCK, EXPIRY, "C", 230)),
        qty=3, avg_px=2, booked_through=market.START, updated_at=market.START,
    )  # fmt: skip

    order = submit.place(draft=draft(), actor=trader, key="k", trace_id="t", now=utc_now())

    assert (order.status, "The household's equity is not known" in order.reason) == ("DENIED", True), order.reason
    assert not OrderRequest.objects.exists()


def test_a_holding_without_a_mark_in_another_account_does_not_keep_anybody_from_closing(
    client: APIClient, trader: Actor
) -> None:
    for code, symbol in (("REV-1", market.option(STOCK, EXPIRY, "C", 230)), ("GEN-1", STOCK)):
        Position.objects.create(
            account=Account.objects.get(code=code), instrument=market.instrument(symbol), qty=10, avg_px=200,
            booked_through=market.START, updated_at=market.START,
        )  # fmt: skip
    legs = [{"symbol": STOCK, "side": "SELL", "position_effect": "CLOSE", "ratio": 1}]

    order = submit.place(
        draft=draft(legs=legs, limit_price=Decimal("199.98")), actor=trader, key="k", trace_id="t", now=utc_now()
    )

    assert order.status == "READY", order.reason
