"""The kill switch cancels all that it can: one order, run or proposal that breaks holds none of the others up."""

import pytest

from allcore.accounts.actors import Actor
from allcore.kernel.clock import utc_now
from risk.models import KillState
from tests.trading.passage.conftest import draft
from trading.models import Order
from trading.services import kill, submit

pytestmark = pytest.mark.usefixtures("desk")


def three_orders(trader: Actor) -> list[Order]:
    made = [
        submit.place(draft=draft(quantity=n), actor=trader, key=str(n), trace_id="t", now=utc_now()) for n in (8, 9, 10)
    ]
    return sorted(made, key=lambda order: order.pk)


def engage(trader: Actor) -> None:
    kill.engage(scope="GLOBAL", target="", level=3, reason="", actor=trader, now=utc_now())


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_one_order_that_breaks_leaves_no_other_working(trader: Actor, broken: int) -> None:
    orders = three_orders(trader)
    Order.objects.filter(pk=orders[broken].pk).update(state={"order_qty": "none"})

    with pytest.raises(KeyError):  # whoever stops the desk hears that something is left
        engage(trader)

    left = Order.objects.exclude(status="ABANDONED").values_list("pk", flat=True)
    assert (list(left), KillState.objects.get().level) == ([orders[broken].pk], 3)


def test_runs_that_cannot_be_stopped_leave_no_order_working(trader: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    three_orders(trader)

    def breaks(*args: object, **kwargs: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(kill, "stop_held", breaks)
    with pytest.raises(ZeroDivisionError):
        engage(trader)

    assert not Order.objects.exclude(status="ABANDONED").exists()
