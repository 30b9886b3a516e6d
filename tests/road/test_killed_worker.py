"""The broker worker dies by SIGKILL at each step between claim and settle: no order twice, none lost, books agree."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection

from allcore.accounts.actors import Actor
from allcore.accounts.models import User
from allcore.demo.seed import seed
from allcore.kernel.clock import utc_now
from brokers.models import Account, Connection, PaperAccount, PaperExecution, PaperOrder, PaperPosition
from marketdata.domain.feeds import parse
from tests.builders import market
from trading.models import Break, CashBalance, Execution, Order, Position
from trading.services import submit

pytestmark = [pytest.mark.road, pytest.mark.xdist_group("road")]

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = Path(__file__).with_name("worker_that_dies.py")
STEPS = ["claimed", "submitted", "heard_ack", "heard_fill", "settling", "settled"]
WITHIN = 60.0


@pytest.fixture
def desk(transactional_db: None) -> Iterator[Connection]:
    """Seed a desk and keep its one quote fresh, as a feed does."""
    seed(parse("sim"), now=utc_now(), exchange_at=market.START)
    Account.objects.update(tier=Account.Tier.MANUAL)
    Connection.objects.update(settings={"latency_ms": 20})
    market.instrument("AAPL")
    market.write_clock()
    done = threading.Event()

    def vouch() -> None:
        while not done.wait(0.2):
            market.write_quotes([market.quote("AAPL", "199.98", "200.02", size=500)], publish=True)

    feed = threading.Thread(target=vouch, daemon=True)
    feed.start()
    yield Connection.objects.get()
    done.set()
    feed.join()
    market.clear()


def start(step: str = "", connection_name: str = "paper") -> subprocess.Popen[bytes]:
    url = urlsplit(settings.DATABASE_URL)._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    env = {**os.environ, "DATABASE_URL": url, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "allcore.settings"}
    return subprocess.Popen([sys.executable, str(SCRIPT), connection_name, step], cwd=ROOT, env=env)


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WITHIN
    while not holds():
        assert time.monotonic() < deadline, f"not within {WITHIN:.0f} s: {what}"
        time.sleep(0.05)  # another process works: there is nothing to await


def is_up() -> bool:
    return Connection.objects.filter(state="UP", heartbeat_at__isnull=False).exists()


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_any_step_the_order_is_sent_once_and_booked_once_or_known_never_to_have_left(
    desk: Connection, step: str
) -> None:
    dying = start(step)
    eventually(is_up, "the first worker connects")
    order = place()
    eventually(lambda: dying.poll() is not None, f"the worker dies at {step}")
    assert dying.returncode == -signal.SIGKILL
    Connection.objects.update(state="DOWN", heartbeat_at=None)

    living = start()
    try:
        eventually(lambda: Order.objects.get(pk=order.pk).status in {"FILLED", "REJECTED"}, "the order's end is known")
        order.refresh_from_db()
        # Before the message left the process there is nothing at the broker, and a resend would be a guess.
        assert order.status == ("REJECTED" if step == "claimed" else "FILLED")
        assert PaperOrder.objects.count() == (0 if step == "claimed" else 1)
        eventually(books_agree, "both books agree")
    finally:
        living.terminate()
        living.wait(20)
    assert Execution.objects.count() == PaperExecution.objects.count()


def test_when_the_worker_is_killed_the_one_that_stood_by_trades_on_and_nothing_is_doubled(desk: Connection) -> None:
    first = start()
    eventually(lambda: is_held_by(first), "the first worker connects")
    standing_by = start()
    try:
        before = place_once_it_may("before")
        eventually(lambda: Order.objects.get(pk=before.pk).status == "FILLED", "the first worker trades")

        first.kill()

        assert first.wait() == -signal.SIGKILL
        eventually(lambda: is_held_by(standing_by), "the other worker takes over")
        after = place_once_it_may("after", quantity=7)
        eventually(lambda: Order.objects.get(pk=after.pk).status == "FILLED", "the other worker trades")
        eventually(books_agree, "both books agree")
        assert PaperOrder.objects.count() == 2
        assert Execution.objects.count() == PaperExecution.objects.count()
    finally:
        first.kill()
        standing_by.terminate()
        standing_by.wait(20)


def is_held_by(worker: subprocess.Popen[bytes]) -> bool:
    return is_up() and Connection.objects.get().lease_owner == f"test:{worker.pid}"


def place_once_it_may(key: str, quantity: int = 10) -> Order:
    """Place as soon as the gate lets it: whoever takes a lease over begins by comparing the books."""
    tried: list[Order] = []

    def is_let() -> bool:
        tried.append(submitted(f"{key}-{len(tried)}", quantity))
        return tried[-1].status == "READY"

    eventually(is_let, "the gate lets an order pass")
    return tried[-1]


def place(key: str = "k", quantity: int = 10) -> Order:
    order = submitted(key, quantity)
    assert order.status == "READY", order.reason
    return order


def submitted(key: str, quantity: int) -> Order:
    trader = Actor(User.objects.get(username="trader"))
    draft = {
        "account": "GEN-1",
        "underlying": "AAPL",
        "legs": [{"symbol": "AAPL", "side": "BUY", "position_effect": "OPEN", "ratio": 1}],
        "quantity": quantity,
        "ord_type": "LIMIT",
        "time_in_force": "DAY",
        "limit_price": Decimal("200.10"),
        "stop_price": None,
    }
    return submit.place(draft=draft, actor=trader, key=key, trace_id="t", now=utc_now())


def books_agree() -> bool:
    ours = dict(Position.objects.exclude(qty=0).values_list("instrument__symbol", "qty"))
    theirs = dict(PaperPosition.objects.exclude(qty=0).values_list("symbol", "qty"))
    cash = {a.broker_account: CashBalance.objects.get(account=a).cash for a in Account.objects.all()}
    paper = dict(PaperAccount.objects.values_list("number", "cash"))
    same_cash = all(abs(cash[number] - paper[number]) < Decimal("0.01") for number in paper)
    return ours == theirs and same_cash and not Break.objects.filter(resolved_at=None).exists()
