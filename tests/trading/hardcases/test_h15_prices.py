"""H15: average prices, where lots are taken in their order and the broker says the average cost."""

from decimal import Decimal

import pytest

from allcore.kernel.orders import Side
from allcore.kernel.reports import PositionReport
from tests.trading.hardcases.floor import Floor
from tests.trading.passage.conftest import STOCK
from trading.models import Break, Position

SELL = [{"symbol": STOCK, "side": "SELL", "position_effect": "CLOSE", "ratio": 1}]


@pytest.fixture
def partly_closed(floor: Floor) -> Floor:
    """Ten at 199.00 and ten at 200.00, five of which are sold: by lots they cost 199.66…, on average 199.50."""
    for exec_id, px, limit in (("e1", "199.00", "200.02"), ("e2", "200.00", "200.01")):
        bought = floor.working(limit_price=Decimal(limit))
        floor.hear(floor.fill(bought, exec_id, 10, px))
    sold = floor.working(quantity=5, legs=SELL, limit_price=Decimal("199.98"))
    floor.hear(floor.fill(sold, "e3", 5, "199.98", side=Side.SELL))
    floor.later(1)
    return floor


@pytest.mark.parametrize(
    ("px", "found"),
    [
        pytest.param("199.66666667", 0, id="by lots"),
        pytest.param("199.50", 0, id="average cost"),
        pytest.param("199.519", 0, id="average cost, within tolerance"),
        pytest.param("199.53", 1, id="neither"),
    ],
)
def test_a_broker_may_say_the_average_cost_of_what_was_closed_in_part(
    partly_closed: Floor, px: str, found: int
) -> None:
    number = partly_closed.account.broker_account

    partly_closed.ask(positions=[PositionReport(number, STOCK, 15, Decimal(px))])

    assert Position.objects.get(instrument__symbol=STOCK).avg_px == Decimal("199.66666667")
    assert Break.objects.filter(kind="PRICE").count() == found
