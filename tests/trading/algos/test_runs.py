"""A run on the real database: children through the gate, once, by one engine, and back from the log."""

import pytest
from django.db import DatabaseError, transaction

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.audit.models import AuditEntry
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import ForbiddenError
from risk.models import Limit, Reservation
from tests.trading.algos.conftest import Floor, begin, children
from trading.models import AlgoEvent, AlgoRun, Order
from trading.services.algos.run import load
from trading.services.algos.start import NotForAlgorithmsError
from trading.services.submit import RiskDeniedError

pytestmark = pytest.mark.usefixtures("desk")


def test_a_run_sends_and_reserves_nothing_by_itself(trader: Actor) -> None:
    run = begin(trader)

    assert run.status == "RUNNING"
    assert not Order.objects.exists()
    assert not Reservation.objects.exists()
    assert AuditEntry.objects.filter(action="algo.started", subject=f"algo:{run.pk}").count() == 1
    assert run.choice["by"] == "person"
    assert "spread" in run.choice["reason"]


def test_its_child_is_an_order_like_any_other_under_the_run_s_approval(trader: Actor) -> None:
    run = begin(trader)

    Floor().look()

    (child,) = children(run)
    assert child.status == "READY"
    assert (child.order_qty, str(child.limit_price), child.price_effect) == (4, "0.6300", "CREDIT")
    assert child.approval == run.approval
    assert child.verdict is not None
    assert Reservation.objects.filter(order_id=child.pk, released_at=None).exists()
    assert child.requests.get().state == "TO_SEND"
