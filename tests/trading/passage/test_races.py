"""Two at the same instant, each on a connection of its own: whoever is first, nothing goes out that should not."""

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.db import connections

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.kernel.clock import utc_now
from allcore.kernel.errors import DeskError
from risk.models import Limit
from tests.trading.passage.conftest import draft, refresh
from trading.models import Order
from trading.services import kill, overrides, submit
from trading.services.claim import claim_batch

pytestmark = pytest.mark.usefixtures("desk")


def at_once(*acts: Callable[[], object]) -> list[DeskError]:
    """Let all act at the same instant; return what was refused."""
    start, refused = Barrier(len(acts)), list[DeskError]()

    def run(act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
        except DeskError as e:
            refused.append(e)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


def place(actor: Actor, key: str = "k", **changes: object) -> Order:
    return submit.place(draft=draft(**changes), actor=actor, key=key, trace_id="t", now=utc_now())


def stop(actor: Actor) -> object:
    return kill.engage(scope="GLOBAL", target="", level=3, reason="", actor=actor, now=utc_now())


def test_the_kill_switch_and_the_sender_leave_no_order_working(trader: Actor) -> None:
    order = place(trader)

    at_once(lambda: claim_batch("paper", epoch=1, limit=10, now=utc_now()), lambda: stop(trader))

    order.refresh_from_db()
    assert order.status in ("ABANDONED", "PENDING_CANCEL")


def test_what_is_staged_while_the_kill_switch_is_engaged_never_leaves(trader: Actor) -> None:
    at_once(lambda: place(trader), lambda: stop(trader))
    refresh()

    assert claim_batch("paper", epoch=1, limit=10, now=utc_now()).outbounds == ()


def test_an_override_used_twice_at_once_is_good_for_one_order(trader: Actor) -> None:
    Limit.objects.filter(code="order_notional_paper").update(soft=1000)
    row = overrides.ask(draft=draft(), reason="The hedge needs the whole size", actor=trader, now=utc_now())
    overrides.decide(row.pk, accept=True, actor=Actor(User.objects.get(username="risk")), now=utc_now())
    other_page = Actor(User.objects.get(pk=trader.user.pk))

    refused = at_once(lambda: place(trader, "one", override=row.pk), lambda: place(other_page, "two", override=row.pk))

    assert [error.code for error in refused] == ["OVERRIDE_REFUSED"]
    assert Order.objects.filter(status="READY").count() == 1
