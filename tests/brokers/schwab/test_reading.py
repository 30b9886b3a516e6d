"""Orders as Schwab may show them: as its published schema has them, and as its answers are seen to be."""

import itertools
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from brokers.rest.views import OrderView, Standing, ViewLeg, fingerprint_of
from brokers.schwab.orders import UnreadableOrderError, view_of
from tests.brokers.contract import put_spread
from tests.brokers.schwab.test_schwab import ORDER
from tests.builders.paper import LOW_PUT, PUT, buy

FILL = {"legId": 1, "price": 4.0, "quantity": 1.0, "mismarkedQuantity": 0.0, "time": "2026-06-10T14:00:01+0000"}


def activity(*legs: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an activity as the published schema has it: without a number."""
    return {"activityType": "EXECUTION", "executionType": "FILL", "quantity": 1, "executionLegs": list(legs)} | more


def shown(*activities: dict[str, Any], **more: Any) -> OrderView:
    return view_of(ORDER | {"orderActivityCollection": list(activities)} | more, "1")


def test_executions_without_a_number_have_names_that_stay_in_whichever_order_they_come() -> None:
    made = [activity(FILL), activity(FILL), activity(FILL | {"price": 4.05}), activity(FILL | {"quantity": 2.0})]

    named = [{(e.exec_id, e.qty, e.px) for e in shown(*some).executions} for some in itertools.permutations(made)]

    assert all(names == named[0] for names in named)
    assert len({exec_id for exec_id, _, _ in named[0]}) == 4
    assert max(len(exec_id) for exec_id, _, _ in named[0]) < 50


def test_a_second_execution_leaves_the_first_its_name() -> None:
    (first,) = shown(activity(FILL)).executions

    both = shown(activity(FILL | {"price": 3.95}), activity(FILL)).executions

    assert first in both


@pytest.mark.parametrize("leg", [{}, {"legId": None}, {"legId": 0}, {"legId": 9, "instrumentId": 5}])
def test_an_execution_of_the_only_leg_needs_no_number_of_it(leg: dict[str, Any]) -> None:
    unnumbered = {name: value for name, value in FILL.items() if name != "legId"}

    (made,) = shown(activity(unnumbered | leg)).executions

    assert (made.leg, made.qty, made.px) == (0, 1, Decimal(4))


SPREAD = ORDER | {
    "orderType": "NET_CREDIT",
    "price": "3.05",
    "orderLegCollection": [
        {"instruction": "SELL_TO_OPEN", "quantity": 2, "instrument": {"symbol": PUT, "instrumentId": 11}},
        {"instruction": "BUY_TO_OPEN", "quantity": 2, "instrument": {"symbol": LOW_PUT, "instrumentId": 12}},
    ],
}


def test_a_spread_of_the_published_form_is_the_one_that_was_sent() -> None:
    made = activity(FILL | {"legId": 7, "instrumentId": 12}, FILL | {"legId": 8, "instrumentId": 11})

    view = view_of(SPREAD | {"orderActivityCollection": [made]}, "1")

    assert view.fingerprint == fingerprint_of("1", put_spread("3.05", qty=2))
    assert [execution.leg for execution in view.executions] == [1, 0]


def test_which_leg_of_several_traded_is_not_guessed() -> None:
    with pytest.raises(UnreadableOrderError):
        view_of(SPREAD | {"orderActivityCollection": [activity(FILL | {"legId": 7})]}, "1")


def test_a_cancellation_among_the_executions_is_no_trade() -> None:
    gone = {"activityType": "EXECUTION", "executionType": "CANCELED", "quantity": None}

    view = shown(gone, {"activityType": "ORDER_ACTION"}, status="CANCELED")

    assert (view.standing, view.executions) == (Standing.CANCELED, ())


@pytest.mark.parametrize("word", [{"executionType": "REBOOKED"}, {"activityType": "BROKER_NOTE"}])
def test_a_word_for_what_happened_that_no_table_has_is_doubt(word: dict[str, str]) -> None:
    view = shown(activity(FILL), activity(FILL) | word)

    assert (view.standing, view.reason, len(view.executions)) == (Standing.UNKNOWN, *word.values(), 1)


@pytest.mark.parametrize("quantity", [2, 2.0, "2", "2.0", Decimal("2.00")])
def test_a_quantity_comes_as_a_number_of_any_kind(quantity: object) -> None:
    row = ORDER["orderLegCollection"][0] | {"quantity": quantity}  # type: ignore[index]

    view = view_of(ORDER | {"quantity": quantity, "orderLegCollection": [row], "orderId": "7"}, "1")

    assert (view.broker_order_id, view.order_qty, view.legs[0].ratio) == ("7", 2, 1)


def test_an_order_that_does_not_say_how_many_units_is_of_what_its_legs_have_in_common() -> None:
    view = view_of({name: value for name, value in SPREAD.items() if name != "quantity"}, "1")

    assert (view.order_qty, [leg.ratio for leg in view.legs]) == (2, [1, 1])


def test_an_order_of_several_legs_is_of_what_they_have_in_common_whatever_it_says() -> None:
    shares = {"instruction": "BUY", "quantity": 200.0, "instrument": {"symbol": "TSLA"}}
    legs = [shares, SPREAD["orderLegCollection"][0]]  # type: ignore[index]

    view = view_of(SPREAD | {"quantity": 200.0, "orderLegCollection": legs}, "1")

    assert (view.order_qty, [leg.ratio for leg in view.legs]) == (2, [100, 1])


def test_a_leg_of_none_is_not_read() -> None:
    none = SPREAD["orderLegCollection"][1] | {"quantity": 0}  # type: ignore[index]

    with pytest.raises(UnreadableOrderError):
        view_of(SPREAD | {"orderLegCollection": [SPREAD["orderLegCollection"][0], none]}, "1")  # type: ignore[index]


@pytest.mark.parametrize("size", [0, -2, 3, 0.5, "many", None])
def test_legs_that_are_no_whole_part_of_the_order_are_not_read(size: object) -> None:
    row = ORDER["orderLegCollection"][0] | {"quantity": size}  # type: ignore[index]

    with pytest.raises(UnreadableOrderError):
        view_of(ORDER | {"orderLegCollection": [row]}, "1")


@pytest.mark.parametrize("kind", ["MARKET", "STOP", "TRAILING_STOP"])
@pytest.mark.parametrize("price", [0, 0.0, "0", 4.2, None])
def test_a_price_of_an_order_that_has_no_limit_is_none(kind: str, price: object) -> None:
    assert view_of(ORDER | {"orderType": kind, "price": price}, "1").price is None


@pytest.mark.parametrize(("kind", "price", "limit"), [("NET_ZERO", None, "0"), ("NET_DEBIT", -3.05, "3.05")])
def test_a_net_price_is_read_by_the_orders_type(kind: str, price: object, limit: str) -> None:
    assert view_of(SPREAD | {"orderType": kind, "price": price}, "1").price == Decimal(limit)


def test_nothing_is_as_good_as_not_said() -> None:
    nothing = dict.fromkeys(
        ("stopPrice", "statusDescription", "statusCode", "orderActivityCollection", "childOrderStrategies")
    )

    view = view_of(ORDER | nothing, "1")

    assert (view.standing, view.text, view.reason, view.executions) == (Standing.WORKING, "", "", ())
    assert view.legs == (ViewLeg(PUT, buy(PUT, "4.00").legs[0].side, 1),)


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("2026-06-10T14:00:00+0000", 0),
        ("2026-06-10T14:00:00Z", 0),
        ("2026-06-10T14:00:00.856Z", 0.856),
        ("2026-06-10T10:00:00.5-04:00", 0.5),
    ],
)
def test_a_time_is_read_in_each_form_of_its_zone(text: str, second: float) -> None:
    entered = view_of(ORDER | {"enteredTime": text}, "1").entered_at

    assert entered - view_of(ORDER, "1").entered_at == timedelta(seconds=second)
