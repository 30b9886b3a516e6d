"""A body says what is meant, or is refused."""

import pytest
from rest_framework.exceptions import ValidationError

from trading.serializers.requests import OrderIn, OrderListIn, ReplaceIn

LEG = {"symbol": "TSLA  260612P00250000", "side": "SELL", "position_effect": "OPEN"}
ORDER = {
    "account": "GEN-1",
    "underlying": "TSLA",
    "legs": [LEG],
    "quantity": 1,
    "ord_type": "LIMIT",
    "limit_price": "3.42",
}


def complaint(kind: type, body: object) -> str:
    with pytest.raises(ValidationError) as caught:
        kind(data=body).is_valid(raise_exception=True)
    return str(caught.value.detail)


def test_what_is_known_is_taken() -> None:
    assert OrderIn(data=ORDER).is_valid()


@pytest.mark.parametrize("name", ["conditions", "tif", "stopPrice", "cl_ord_id"])
def test_a_field_that_an_order_does_not_know_is_refused_and_not_ignored(name: str) -> None:
    assert complaint(OrderIn, ORDER | {name: "1"}).startswith(
        f"{{'{name}': [ErrorDetail(string='There is no such field."
    )


def test_neither_is_one_of_a_leg() -> None:
    assert "no such field" in complaint(OrderIn, ORDER | {"legs": [LEG | {"qty": 5}]})


@pytest.mark.parametrize(
    ("account", "is_taken"), [({}, True), ({"account": "GEN-1"}, True), ({"account": "REV-1"}, False)]
)
def test_an_order_of_a_list_is_for_the_list_s_account(account: dict[str, str], is_taken: bool) -> None:
    listed = {name: value for name, value in ORDER.items() if name != "account"}

    body = OrderListIn(data={"kind": "OCO", "account": "GEN-1", "orders": [listed, listed | account]})

    assert body.is_valid() is is_taken
    assert "account" not in [name for order in body.validated_data.get("orders", ()) for name in order]


def test_a_replacement_cannot_ask_for_what_it_cannot_change() -> None:
    assert "no such field" in complaint(ReplaceIn, {"limit_price": "3.40", "side": "BUY"})
