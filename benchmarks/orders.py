"""How long an order takes: POST to its HTTP answer, and to the broker's fill booked; with one client and with eight.

Each case sends marketable orders for shares against the simulated market, through every control, with real durable
commits, and waits until each is booked. At the end the books are held against the executions: nothing lost, none twice.
"""

import http.client
import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from uuid import uuid4

from benchmarks.harness import count, figures, processes, report, servers, wait_for

WEB, SOCKETS = 18431, 18432
CLIENTS = 8
ORDERS = 300  # of the one client; each of the eight sends a third as many
WARM_UP = 10  # orders a client, not counted
BOOKED_WITHIN = 60.0
SYMBOLS = ("AAPL", "AMZN", "MSFT", "NVDA", "TSLA")


def main() -> None:
    with servers():
        from benchmarks import fixtures

        tokens = fixtures.trading_desk(clients=CLIENTS)
        with processes(fixtures.commands(WEB, SOCKETS)):
            wait_for(f"http://127.0.0.1:{WEB}/readyz")
            prices = fixtures.asks(SYMBOLS)
            fixtures.wait_until_connected()
            run(tokens, WARM_UP, prices, first=0)
            results: dict[str, object] = {}
            for clients in (1, 8):
                each = count(ORDERS) if clients == 1 else max(count(ORDERS) // 3, 1)
                http_ms, booked_ms, http_s, booked_s = run(tokens[:clients], each, prices, first=clients * 1000)
                results[f"http_{clients}"] = figures(http_ms, http_s)
                results[f"booked_{clients}"] = figures(booked_ms, booked_s)
            checks = fixtures.verify()
    report("orders", results, checks=checks)
    sys.exit(0 if checks["wrong"] == 0 else 1)


def run(
    tokens: list[tuple[str, str]], each: int, prices: dict[str, Decimal], *, first: int
) -> tuple[list[float], list[float], float, float]:
    """Return the milliseconds to the answer and to the booking of every order, and the seconds of both."""
    from benchmarks.listener import Listener

    sent: dict[str, float] = {}
    answered: list[float] = []
    lock = threading.Lock()
    with Listener() as booked:
        start = time.monotonic()
        with ThreadPoolExecutor(len(tokens)) as pool:
            jobs = [
                pool.submit(Client(index, account, token, range(first, first + each), prices, sent, answered, lock).run)
                for index, (account, token) in enumerate(tokens)
            ]
            for job in jobs:
                job.result()
        http_s = time.monotonic() - start
        filled = booked.wait_for(set(sent), BOOKED_WITHIN)
        booked_s = max(filled.values()) - start
    return answered, [(filled[order] - sent[order]) * 1000 for order in sent], http_s, booked_s


@dataclass(frozen=True, slots=True)
class Client:
    """One client's whole world; `sent` and `answered` are shared by all, under `lock`."""

    index: int
    account: str
    token: str
    numbers: range
    prices: dict[str, Decimal]
    sent: dict[str, float]
    answered: list[float]
    lock: threading.Lock

    def run(self) -> None:
        """Send the orders one after another, each when the one before is answered."""
        connection = http.client.HTTPConnection("127.0.0.1", WEB, timeout=30)
        for number in self.numbers:
            headers = {
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "Idempotency-Key": str(uuid4()),
            }
            body = self._order(number)
            before = time.monotonic()
            connection.request("POST", "/api/v1/orders/", body, headers)
            answer = connection.getresponse()
            content = json.loads(answer.read())
            after = time.monotonic()
            if answer.status != 201:
                raise RuntimeError(f"{answer.status}: {content}")
            with self.lock:
                self.sent[content["id"]] = before
                self.answered.append((after - before) * 1000)

    def _order(self, number: int) -> str:
        symbol = SYMBOLS[(self.index + number) % len(SYMBOLS)]
        # Another price each time: the same order again within ten seconds is rightly refused.
        limit = self.prices[symbol] * Decimal("1.01") + Decimal(number // 50) / 100
        return json.dumps(
            {
                "account": self.account,
                "underlying": symbol,
                "legs": [{"symbol": symbol, "side": "BUY", "position_effect": "OPEN"}],
                "quantity": 1 + number % 50,
                "ord_type": "LIMIT",
                "limit_price": str(round(limit, 2)),
            }
        )


if __name__ == "__main__":
    main()
