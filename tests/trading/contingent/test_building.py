"""A condition looked at while it is built: in words, with values, and with its faults beside the fields."""

from typing import Any

import pytest
from django.test import Client

from tests.builders import market
from tests.trading.contingent.conftest import Road
from trading.domain.contingent.drafts import read_draft
from trading.models import Order

LEG = {"symbol": "AAPL", "side": "BUY", "position_effect": "OPEN"}
PUT = "AAPL  260619P00190000"


@pytest.fixture
def browser(road: Road) -> Client:
    client = Client()
    client.force_login(road.actor.user)
    return client


def price(value: object, **more: object) -> dict[str, object]:
    return {"what": "PRICE", "symbol": "AAPL", "is": ">=", "value": value, **more}


def look(browser: Client, condition: object, **changes: object) -> Any:
    body = {"account": "GEN-1", "underlying": "AAPL", "legs": [LEG], "condition": condition, **changes}
    return browser.post("/api/v1/conditions/look/", data=body, content_type="application/json")


def faults(data: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(fault.at, fault.field, fault.message) for fault in read_draft(data).faults]


def test_it_is_said_in_words_with_what_is_seen_and_whether_it_would_be_true(browser: Client) -> None:
    tree = {"any": [price("199"), {"not": price("150", confirm=3)}]}

    seen = look(browser, {"when": tree}).json()

    assert (
        seen["said"] == "AAPL's middle is at or above 199.00 or not (AAPL's middle is at or above 150.00, 3 in a row)"
    )
    assert seen["is_true"] is True
    assert seen["faults"] == []
    assert {path: (part["seen"], part["is_true"]) for path, part in seen["parts"].items()} == {
        "0.0": ("200.00", True),
        "0.1.0": ("200.00", True),  # once is enough for now, however often it is wanted
    }
    assert Order.objects.count() == 0


@pytest.mark.parametrize(("value", "is_true"), [("200.01", False), ("200", True), ("199.99", True)])
def test_it_is_true_at_the_value_and_above(browser: Client, value: str, is_true: bool) -> None:
    assert look(browser, {"when": price(value)}).json()["is_true"] is is_true


def test_what_cannot_be_believed_is_shown_and_is_not_known(browser: Client) -> None:
    market.write_quotes([market.quote("AAPL", "199.98", "200.02", received_at=market.seconds_ago(30))])

    seen = look(browser, {"when": price("199")}).json()

    assert seen["is_true"] is None
    assert (seen["parts"]["0"]["seen"], seen["parts"]["0"]["is_believed"]) == ("200.00", False)


def test_before_it_is_looked_at_it_is_not_true(browser: Client) -> None:
    later = market.START.replace(year=market.START.year + 1).isoformat()

    assert look(browser, {"when": price("199"), "arm_after": later}).json()["is_true"] is False


def test_a_time_that_is_past_is_named_before_it_is_sent(browser: Client) -> None:
    past = market.START.replace(year=market.START.year - 1).isoformat()

    (fault,) = look(browser, {"when": price("199"), "expire_at": past}).json()["faults"]

    assert (fault["at"], fault["field"]) == ("", "expire_at")


def test_the_account_s_money_can_be_looked_at(browser: Client) -> None:
    seen = look(browser, {"when": {"what": "DAY_PNL", "is": "<", "value": "-500"}}).json()

    assert seen["is_true"] is False
    assert seen["said"] == "the account's P&L of the day is below -500.00"


def test_a_symbol_that_the_desk_does_not_know_is_a_fault_beside_its_field(browser: Client) -> None:
    seen = look(browser, {"when": {"all": [price("1"), price("2", symbol="ZZZZ")]}}).json()

    assert seen["faults"] == [{"at": "0.1", "field": "symbol", "message": "The desk knows no ZZZZ."}]
    assert (seen["said"], seen["is_true"]) == (None, None)
    assert seen["parts"]["0.0"]["seen"] == "200.00"  # the rest is looked at all the same


def test_somebody_else_s_account_is_not_looked_at(browser: Client) -> None:
    assert look(browser, {"when": price("1")}, account="NONE").status_code == 404


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({"when": price("")}, [("0", "value", "Give a number.")]),
        ({"when": price("x")}, [("0", "value", "`value` is a number, was 'x'.")]),
        ({"when": price("1", symbol="")}, [("0", "symbol", "Name a symbol.")]),
        ({"when": {"what": "TIME", "value": ""}}, [("0", "value", "Give a day and a time.")]),
        ({"when": price("5", reset="6")}, [("0", "reset", "A reset lies on the far side of the value.")]),
        ({"when": price("5", confirm=0)}, [("0", "confirm", "`confirm` is from 1 to 100, was 0.")]),
        (
            {"when": {"what": "IV", "symbol": "AAPL", "is": ">", "value": "1"}},
            [("0", "symbol", "IV is of an option, was 'AAPL'.")],
        ),
        ({"when": {"any": []}}, [("0", "", "Add a comparison here, or take the group away.")]),
        (
            {"when": {"any": [price(""), {"not": {"all": [price("1", symbol="")]}}]}},
            [("0.0", "value", "Give a number."), ("0.1.0.0", "symbol", "Name a symbol.")],
        ),
        (
            {"when": price("1"), "arm_after": "2026-06-10T14:00:00Z", "expire_at": "2026-06-10T14:00:00Z"},
            [("", "expire_at", "A condition is armed before it expires.")],
        ),
        (
            {"when": price(""), "confirm": 101},
            [("0", "value", "Give a number."), ("", "confirm", "`confirm` is from 1 to 100, was 101.")],
        ),
        ({}, [("0", "", "A condition's part is an object, nested 6 deep at most.")]),
    ],
)  # fmt: skip
def test_each_fault_is_beside_its_field(condition: dict[str, Any], found: list[tuple[str, str, str]]) -> None:
    assert faults(condition) == found


def test_a_tree_that_is_too_large_is_said_so_as_a_whole() -> None:
    ((at, field, message),) = faults({"when": {"all": [price("1")] * 40}})

    assert (at, field) == ("", "")
    assert "40 parts at most, had 41" in message
    assert faults({"when": {"all": [price("1")] * 39}}) == []


def test_an_option_s_greek_is_read_as_the_engine_reads_it() -> None:
    draft = read_draft({"when": {"what": "DELTA", "symbol": PUT, "is": "<", "value": "-0.4"}})

    assert draft.condition is not None
    assert draft.leaves["0"] == draft.condition.when
