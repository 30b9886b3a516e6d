"""Every price that a run asks for is one that the exchange takes, wherever the tick changes under it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from allcore.kernel.instruments import TickRule
from tests.trading.algos.tapes import NOW, Desk, look, money, parent, prices
from trading.domain.algos.parameters import IcebergParameters, Parameters, TwapParameters, WalkParameters
from trading.domain.algos.prices import tick_at
from trading.domain.algos.values import ChildStatus

WIDE = Decimal("0.50")
WALK = WalkParameters(widest=WIDE, reach=Decimal(1), chase_ticks=20, chase_spread=Decimal(1), dwell_most=30)
KINDS: dict[str, Parameters] = {
    "walk": WALK,
    "walk from below the mid": replace(WALK, start_ticks=5),
    "twap to the natural price": TwapParameters(widest=WIDE, slices=4),
    "twap half way": TwapParameters(widest=WIDE, slices=4, reach=Decimal("0.5")),
    "iceberg": IcebergParameters(widest=WIDE, display=3),
}


@pytest.mark.parametrize("rule", TickRule)
@pytest.mark.parametrize("side", [1, -1], ids=["bought", "sold"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_step_at_three_dollars_is_kept(kind: str, side: int, rule: TickRule) -> None:
    for cents in range(270, 330):
        middle = side * Decimal(cents) / 100
        limit = (middle / Decimal("0.10")).to_integral_value() * Decimal("0.10") + Decimal("0.20")
        own = replace(parent(KINDS[kind], limit=str(limit), lasts=timedelta(minutes=40)), tick_rule=rule)
        desk = Desk(own)
        for seconds in range(0, 600, 31):
            desk.hear(look(seconds, str(middle - money("0.20")), str(middle + money("0.20"))))
            for child in desk.state.open:
                desk.becomes(ChildStatus.WORKING, number=child.step, at=NOW + timedelta(seconds=seconds))

        asked = prices(desk.asked)
        assert asked
        assert all(price % tick_at(rule, price) == 0 and price <= limit for price in asked), (middle, asked)
