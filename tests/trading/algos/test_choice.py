"""The table of algorithms: each row at its edge, the first that applies."""

from dataclasses import replace
from decimal import Decimal

import pytest

from trading.domain.algos.choice import TABLE, Condition, choose
from trading.domain.algos.parameters import Algo

PLAIN = Condition(
    legs=1, width_share=Decimal("0.03"), ticks_wide=6, of_displayed=Decimal(1), minutes_left=60, volatility=0.4
)
LARGE = {"of_displayed": Decimal("4.01")}


@pytest.mark.parametrize(
    ("changes", "algo"),
    [
        ({}, Algo.LIMIT_WALK),
        ({"minutes_left": 9.99}, None),
        ({"minutes_left": 10}, Algo.LIMIT_WALK),
        ({"ticks_wide": 1}, None),
        ({"ticks_wide": 2}, Algo.LIMIT_WALK),
        ({"legs": 2, "ticks_wide": 1}, Algo.LIMIT_WALK),
        ({"of_displayed": Decimal(4)}, Algo.LIMIT_WALK),
        (LARGE, Algo.ICEBERG),
        (LARGE | {"width_share": Decimal("0.02")}, Algo.ICEBERG),
        (LARGE | {"width_share": Decimal("0.0199")}, Algo.TWAP),
        (LARGE | {"volatility": 0.80}, Algo.ICEBERG),
        (LARGE | {"volatility": 0.81}, Algo.ADAPTIVE),
        (LARGE | {"volatility": None}, Algo.ICEBERG),
        (LARGE | {"legs": 2}, Algo.LIMIT_WALK),
    ],
)
def test_the_first_row_that_applies_is_the_choice(changes: dict[str, object], algo: Algo | None) -> None:
    assert choose(replace(PLAIN, **changes)).algo is algo  # type: ignore[arg-type]  # the names are the fields'


def test_legging_is_never_suggested_and_every_row_gives_its_reason() -> None:
    assert all(row.choice is not Algo.LEGGING and row.reason and row.condition for row in TABLE)
