"""What an adapter adds, on the brokers' test servers: `make bench NAME=brokers [COUNT=20] [ONLY=ibkr]`.

- `<broker>_out`: from the claim's commit to the order's first bytes on the socket. E*TRADE allows two calls a second
  and an order is two: its orders come `REST` seconds apart, so that the figure is the desk's and not the budget's.
- `etrade_out_at_once`: the same without that rest: what an order waits for its turn when another came just before it.
- `<broker>_in`: from the last bytes that the broker had sent when the fill was told, to the fill's commit.
- `burst`: orders a second on one session of Interactive Brokers, and how many the gateway found too fast (0 is due).
- `orders_alone`, `orders_beside_data`: an order's wait for its turn, alone and with 1,000 data calls queued.
- `takeover`: from SIGKILL of the worker that holds the lease to the next order's fill by another worker.
"""

import asyncio
import base64
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from benchmarks.harness import count, figures, processes, report, servers
from benchmarks.waiting import WITHIN, Loop, asked, wait_for_port, wait_until, wait_until_hosting, wait_until_up

BROKERS = ("ibkr", "schwab", "etrade")
ORDERS, BURST, DATA_CALLS, TAKEOVERS = 50, 100, 1000, 3
WARM_UP = 3
REST = {"etrade": 2.2}  # seconds after which the budget is whole again: an order's two calls, and a look's or two
AT_ONCE = 10
SYMBOL = "AAPL"
FIRST_ASK: dict[str, Decimal] = {}
CASH = 1_000_000_000


def main() -> None:
    only = os.environ.get("ONLY", "")
    os.environ["VAULT_KEYS"] = f"bench:{base64.b64encode(secrets.token_bytes(32)).decode()}"
    results: dict[str, object] = {}
    with servers() as settings:
        from benchmarks import fixtures

        fixtures.trading_desk(clients=0)
        beneath = {name: fixtures.commands(0, 0)[name] for name in ("feed", "monitor")}
        with processes(beneath):
            fixtures.asks((SYMBOL,))
            fixtures.wait_until_watched()
            for broker in BROKERS:
                if not only or broker == only:
                    with beside(broker, settings["REDIS_URL"]) as (port, control):
                        results |= overhead(broker, port, rest=REST.get(broker, 0.0))
                        if broker in REST:
                            at_once = overhead(broker, port, orders=min(count(AT_ONCE), AT_ONCE), first=100)
                            results[f"{broker}_out_at_once"] = at_once[f"{broker}_out"]
                        if broker == "ibkr":
                            results |= takeover() | burst(port, control)  # whose orders rest at the gateway
            results |= data_delay(settings["REDIS_URL"])
    report("brokers", results)


@contextmanager
def beside(broker: str, redis_url: str) -> Iterator[tuple[int, int]]:
    """Run the broker's test server in a process of its own, and make a connection and an account at it."""
    from allcore.demo.seed import ACTOR
    from allcore.embedded.brokers import SIMS
    from allcore.embedded.postgres import free_port
    from allcore.kernel.clock import utc_now
    from allcore.vault import services as vault
    from benchmarks import fixtures
    from brokers.models import Connection
    from brokers.selectors.credentials import owner_of

    sim, port, control = SIMS[f"{broker}-sim"], free_port(), free_port()
    login = {name: f"{name}-of-a-benchmark" for name in sim.credentials}
    told = Path(os.environ["VAR_DIR"]) / f"{broker}.json"
    told.write_text(json.dumps({"accounts": dict.fromkeys(sim.numbers[:1], str(CASH)), "credentials": login}))
    options = ["--port", str(port), "--control", str(control), "--feed", redis_url, "--told", str(told)]
    command = [sys.executable, "-m", "tests.brokers.servers.beside", sim.name, *options]
    with processes({sim.name: command}):
        wait_for_port(port)
        settings = sim.settings(port)
        connection = Connection.objects.create(name=broker, broker=broker, environment="PAPER", settings=settings)
        fixtures.account_at(connection, f"BENCH-{broker}", sim.numbers[0])
        if login:
            vault.keep(owner_of(broker), login, actor=ACTOR, now=utc_now())
        yield port, control


def overhead(
    broker: str, port: int, *, orders: int | None = None, rest: float = 0.0, first: int = 0
) -> dict[str, object]:
    """Send orders one after another through the whole desk, with so much rest between them."""
    from benchmarks.wires import IS_ORDER, Moments, Stamped, watched
    from trading.gateway.knowledge import session_for
    from trading.gateway.runner import ConnectionRunner

    moments = Moments(port, IS_ORDER[broker])
    out, back = [], []
    with watched(moments), Loop() as loop:
        runner = ConnectionRunner(broker, "bench:1", lambda name: Stamped(session_for(name), moments))
        hosting = loop.start(runner.run())
        wait_until_up(broker)
        start = time.monotonic()
        for number in range(WARM_UP + (count(ORDERS) if orders is None else orders)):
            time.sleep(rest)
            moments.start()
            place(broker, first + number)
            if not moments.done.wait(WITHIN):
                raise TimeoutError(f"{broker}: order {number} was not filled.")
            if number == WARM_UP:
                start = time.monotonic()
            if number >= WARM_UP:
                out.append((moments.sent - moments.claimed) * 1000)
                back.append((moments.settled - moments.news) * 1000)
        seconds = time.monotonic() - start
        loop.stop(hosting)
    return {f"{broker}_out": figures(out, seconds), f"{broker}_in": figures(back, seconds)}


def burst(port: int, control: int) -> dict[str, object]:
    """Hand one session many orders at once, and count what the gateway found too fast."""
    from benchmarks.wires import IS_ORDER, Moments, watched
    from brokers.models import Connection

    wanted = count(BURST)
    settings = {"port": port, "simulated": True, "client_id": 8}
    Connection.objects.create(name="burst", broker="ibkr", environment="PAPER", settings=settings, is_paused=True)
    moments = Moments(port, IS_ORDER["ibkr"])
    before = asked(control, {"do": "too_fast"})
    with watched(moments), Loop() as loop:
        loop.run(send_all(wanted))
    seconds = moments.orders[-1] - moments.orders[0]
    too_fast = int(str(asked(control, {"do": "too_fast"}))) - int(str(before))
    return {"burst": {"per_s": round((wanted - 1) / seconds, 1), "n": wanted, "too_fast": too_fast}}


async def send_all(wanted: int) -> None:
    """Send the orders side by side, on a session of their own; they rest far from the market."""
    from allcore.embedded.brokers import SIMS
    from allcore.kernel.ids import mint_cl_ord_id
    from allcore.kernel.orders import OrdType, PositionEffect, PriceEffect, Side, TimeInForce
    from allcore.kernel.tickets import OrderTicket, TicketLeg
    from trading.gateway.knowledge import session_for

    leg = TicketLeg(SYMBOL, Side.BUY, PositionEffect.OPEN, multiplier=1)
    terms = (OrdType.LIMIT, TimeInForce.DAY, PriceEffect.DEBIT, Decimal("1.00"))
    ticket = OrderTicket("BENCH-ibkr", SYMBOL, (leg,), 1, *terms)
    session = session_for("burst")
    await session.connect()
    number = SIMS["ibkr-sim"].numbers[0]
    await asyncio.gather(*(session.submit(mint_cl_ord_id(f"burst:{n}"), number, ticket) for n in range(wanted)))
    await session.close()


def data_delay(redis_url: str) -> dict[str, object]:
    """Ask for an order's turn, alone and while a thousand data calls queue for theirs."""
    with Loop() as loop:
        alone = loop.run(turns(redis_url, "alone", 0))
        beside_data = loop.run(turns(redis_url, "beside-data", DATA_CALLS))
    return {"orders_alone": alone, "orders_beside_data": beside_data}


async def turns(redis_url: str, name: str, queued: int) -> dict[str, float | int]:
    """Return the waits of orders that come ten a second."""
    import redis.asyncio as aioredis

    from brokers.ibkr.orders import MESSAGES
    from brokers.ports import Lane
    from brokers.services.pacing import RedisPacer

    client = aioredis.Redis.from_url(redis_url)
    pacer = RedisPacer(name, client)
    data = [asyncio.create_task(pacer.take(MESSAGES, lane=Lane.DATA)) for _ in range(queued)]
    await asyncio.sleep(1.0 if queued else 0.0)  # the data's burst is spent, and the queue stands
    waits, start = [], time.monotonic()
    for _ in range(count(ORDERS)):
        asked_at = time.perf_counter()
        await pacer.take(MESSAGES, lane=Lane.ORDERS)
        waits.append((time.perf_counter() - asked_at) * 1000)
        await asyncio.sleep(0.1)
    shown = figures(waits, time.monotonic() - start) | {"data_left": sum(not task.done() for task in data)}
    for task in data:
        task.cancel()
    await asyncio.gather(*data, return_exceptions=True)
    await client.aclose()
    return shown


def takeover() -> dict[str, object]:
    """Kill the worker that holds the lease, and send an order as soon as another has it."""
    from benchmarks import fixtures
    from brokers.models import Connection
    from trading.models import Order

    others = Connection.objects.filter(name="ibkr", state="UP").exclude(lease_owner="")
    milliseconds, start = [], time.monotonic()
    for number in range(min(count(TAKEOVERS), TAKEOVERS)):
        command = fixtures.commands(0, 0)["broker"]
        workers = {name: [f"{name}@%h" if word == "broker@%h" else word for word in command] for name in ("a", "b")}
        with processes(workers) as running:
            wait_until_up("ibkr")
            wait_until_hosting(running)
            held_by = Connection.objects.get(name="ibkr").lease_owner
            killed_at = time.monotonic()
            os.kill(int(held_by.rpartition(":")[2]), signal.SIGKILL)
            wait_until(others.exclude(lease_owner=held_by).exists)
            order = place("ibkr", 200 + number)
            wait_until(Order.objects.filter(pk=order.pk, status="FILLED").exists)
            milliseconds.append((time.monotonic() - killed_at) * 1000)
    return {"takeover": figures(milliseconds, time.monotonic() - start)}


def place(broker: str, number: int) -> Any:
    """Stage one marketable order for a share, as a person's ticket."""
    from allcore.accounts.actors import Actor
    from allcore.accounts.models import User
    from allcore.kernel.clock import utc_now
    from benchmarks import fixtures
    from trading.services import submit

    # Another price each time: the same order again within ten seconds is rightly refused.
    first_ask = FIRST_ASK.setdefault(SYMBOL, fixtures.asks((SYMBOL,))[SYMBOL])
    limit = round(first_ask * Decimal("1.01") + Decimal(number) / 100, 2)
    draft = {
        "account": f"BENCH-{broker}",
        "underlying": SYMBOL,
        "legs": [{"symbol": SYMBOL, "side": "BUY", "position_effect": "OPEN", "ratio": 1}],
        "quantity": 1,
        "ord_type": "LIMIT",
        "time_in_force": "DAY",
        "limit_price": limit,
        "stop_price": None,
    }
    actor = Actor(User.objects.get(username="trader"))
    order = submit.place(draft=draft, actor=actor, key=f"{broker}-{number}", trace_id="bench", now=utc_now())
    if order.status != "READY":
        raise RuntimeError(f"{broker}: {order.reason}")
    return order


if __name__ == "__main__":
    main()
