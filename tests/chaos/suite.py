"""One chaos run on servers that run already: torture, trade, settle, judge. Imported once Django is set up."""

import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from django.db import InterfaceError, OperationalError, connection

from allcore.kernel.clock import utc_now
from benchmarks import fixtures
from benchmarks.harness import wait_for
from brokers.models import Connection
from brokers.services.connections import wake
from tests.chaos import verdict
from tests.chaos.caller import Caller, UnansweredError
from tests.chaos.desk import Desk, desk
from tests.chaos.prices import Prices
from tests.chaos.torturer import Torturer
from tests.chaos.trader import Ledger, Trader

SYMBOLS = ("AAPL", "AMZN", "MSFT", "NVDA", "TSLA")
CLIENTS = 8
BROKERS = 2
SETTLE = 60.0  # seconds, and three times as long as a broker must not know an order
CANCEL_AGAIN = 5.0
RESUME_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class Options:
    """How long and how hard. `silence` is for how many seconds a broker must not know an order to be believed."""

    orders: int
    seconds: float
    seed: str
    webs: int
    silence: float

    @classmethod
    def read(cls) -> "Options":
        """Read them from the environment; `make` hands on what is not set as empty."""

        def told(name: str, default: str) -> str:
            return os.environ.get(name) or default

        return cls(
            orders=int(told("ORDERS", "3000")),
            seconds=float(told("SECONDS", "600")),
            seed=told("SEED", "1"),
            webs=int(told("WEBS", "3")),
            silence=float(told("SILENCE", "60")),
        )


def run() -> tuple[dict[str, object], dict[str, int]]:
    """Return what happened, and how often each promise was broken."""
    options = Options.read()
    began = time.monotonic()
    tokens = fixtures.trading_desk(clients=CLIENTS)
    # Latency, queues and partial fills, and the seed that decides them.
    Connection.objects.update(settings={"latency_ms": 40, "profile": "realistic", "seed": options.seed})
    with desk(webs=options.webs, brokers=BROKERS, seed=options.seed, silence=options.silence) as tortured:
        wait_for_all(tortured)
        fixtures.wait_until_connected()
        started = time.monotonic()
        ledger, torturer = _torture(tortured, tokens, options)
        ended = time.monotonic()
        broken = _settle(tortured, tokens, ledger, SETTLE + 3 * options.silence)
        took = {"start": started - began, "torture": ended - started, "settle": time.monotonic() - ended}
        phases = {name: round(seconds, 1) for name, seconds in took.items()}
        return {"seed": options.seed, "phases": phases, **_told(tortured, ledger, torturer)}, broken


def wait_for_all(tortured: Desk) -> None:
    """Return once every web process is ready."""
    for web in tortured.webs:
        wait_for(f"http://127.0.0.1:{web}/readyz")


def _torture(tortured: Desk, tokens: Sequence[tuple[str, str]], options: Options) -> tuple[Ledger, Torturer]:
    seed, ledger, prices = options.seed, Ledger(options.orders), Prices(SYMBOLS)
    torturer = Torturer(tortured, seed)
    traders = [
        Trader(n, seed, account, token, Caller(tortured.webs, n), prices, ledger)
        for n, (account, token) in enumerate(tokens)
    ]
    threads = [threading.Thread(target=trader.run, daemon=True) for trader in traders]
    prices.start()
    torturer.start()
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + options.seconds
    while time.monotonic() < deadline and any(thread.is_alive() for thread in threads):
        time.sleep(RESUME_EVERY)
        _resume()
    torturer.stop()
    ledger.stopping.set()
    (tortured.folder / "calm").touch()
    for thread in threads:
        thread.join(120)
    prices.stop()
    return ledger, torturer


def _settle(tortured: Desk, tokens: Sequence[tuple[str, str]], ledger: Ledger, within: float) -> dict[str, int]:
    """Cancel what still works, wait until nothing is open and nothing is broken, and return what stays broken."""
    connection.close()  # it may be of a server that was killed
    wait_for_all(tortured)
    caller, asked = Caller(tortured.webs), dict[str, float]()
    deadline = time.monotonic() + within
    while True:
        _resume()
        _cancel(caller, dict(tokens), verdict.open_orders(), asked)
        broken = verdict.violations(ledger.accepted) | {"clients": len(ledger.violations)}
        if not any(count for name, count in broken.items() if name != "clients") or time.monotonic() > deadline:
            return broken
        time.sleep(1.0)


def _resume() -> None:
    """Say, as a person would, that a connection that fell be tried now: one that falls often waits a minute."""
    try:
        for name in Connection.objects.exclude(state=Connection.State.UP).values_list("name", flat=True):
            wake(name, now=utc_now())
    except (OperationalError, InterfaceError):  # the database is being tortured
        connection.close()


def _cancel(caller: Caller, tokens: dict[str, str], still_open: dict[str, str], asked: dict[str, float]) -> None:
    now = time.monotonic()
    for order, account in still_open.items():
        if now - asked.get(order, 0.0) < CANCEL_AGAIN:
            continue
        asked[order] = now
        path = f"/api/v1/orders/{order}/cancel/"
        try:
            caller.post(path, {}, token=tokens[account], key=str(uuid4()), until=now + CANCEL_AGAIN)
        except UnansweredError:
            continue


def _told(tortured: Desk, ledger: Ledger, torturer: Torturer) -> dict[str, object]:
    torn = Counter(word for file in tortured.folder.glob("tally-*") for word in file.read_text().split())
    done = {str(torture): dict(sorted(counts.items())) for torture, counts in torturer.done.items()}
    return {
        **verdict.counts(),
        **done,
        "died_by_themselves": {
            process.name: process.own_deaths for process in tortured.processes if process.own_deaths
        },
        "messages": dict(sorted(torn.items())),
        "clients": dict(sorted(ledger.counts.items())),
        "open_breaks": verdict.open_breaks()[:10],
        "unsettled": verdict.unsettled()[:10],
        "told_wrongly": ledger.violations[:10],
    }
