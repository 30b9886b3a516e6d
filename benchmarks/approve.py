"""How long an approval takes: the click (HTTP) to `sent` in the books, and a fill to the browsers' sockets.

Twenty browsers are connected meanwhile. `sent` is heard as browsers hear it: on the live channel, after the commit.
`socket` is from the fill's commit to the last of the twenty sockets that were told.
"""

import asyncio
import http.client
import json
import sys
import threading
import time
from typing import Self

from websockets.asyncio.client import connect
from websockets.typing import Origin

from benchmarks.harness import count, figures, processes, report, servers, wait_for

WEB, SOCKETS = 18433, 18434
BROWSERS = 20
APPROVALS = 100
WARM_UP = 10
TOLD_WITHIN = 30.0


def main() -> None:
    with servers():
        from benchmarks import fixtures
        from benchmarks.listener import Listener

        ((account, key),) = fixtures.trading_desk(clients=1)
        cookies = fixtures.sessions(BROWSERS)
        with processes(fixtures.commands(WEB, SOCKETS)):
            wait_for(f"http://127.0.0.1:{WEB}/readyz")
            wait_for(f"http://127.0.0.1:{SOCKETS}/healthz")
            fixtures.asks(("AAPL",))
            fixtures.wait_until_connected()
            with Browsers(cookies) as browsers, Listener() as live:
                connection = http.client.HTTPConnection("127.0.0.1", WEB, timeout=30)
                clicks: dict[str, float] = {}
                start = time.monotonic()
                for number in range(WARM_UP + count(APPROVALS)):
                    proposal = fixtures.proposal(account, number)
                    order, clicked = approve(connection, key, proposal)
                    live.wait_for({order}, TOLD_WITHIN)
                    if number == WARM_UP:
                        start, clicks = time.monotonic(), {}
                    clicks[order] = clicked
                seconds = time.monotonic() - start
                heard = browsers.wait_for(set(clicks), TOLD_WITHIN)
            sent = [(live.sent[order] - clicks[order]) * 1000 for order in clicks]
            filled = live.wait_for(set(clicks), TOLD_WITHIN)
            socket = [max((moment - filled[order]) * 1000, 0.0) for order, moment in heard.items()]
            checks = fixtures.verify()
    report(
        "approve",
        {"sent": figures(sent, seconds), "socket": figures(socket, seconds)},
        checks=checks,
        browsers=BROWSERS,
    )
    sys.exit(0 if checks["wrong"] == 0 else 1)


def approve(connection: http.client.HTTPConnection, key: str, proposal: tuple[str, str]) -> tuple[str, float]:
    """Press approve; return the order's id and the moment of the click."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    clicked = time.monotonic()
    connection.request(
        "POST", f"/api/v1/proposals/{proposal[0]}/approval/", json.dumps({"content_hash": proposal[1]}), headers
    )
    answer = connection.getresponse()
    content = json.loads(answer.read())
    if answer.status != 201:
        raise RuntimeError(f"{answer.status}: {content}")
    return content["order"]["id"], clicked


class Browsers:
    """Sockets that listen as browsers do; notes when the last of them heard of each fill."""

    def __init__(self, cookies: list[str]) -> None:
        self._cookies = cookies
        self._heard: dict[str, list[float]] = {}
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._all(),), daemon=True)
        self._listening: list[asyncio.Task[None]] = []
        self._open = threading.Semaphore(0)

    def __enter__(self) -> Self:
        self._thread.start()
        for _ in self._cookies:
            if not self._open.acquire(timeout=TOLD_WITHIN):
                raise TimeoutError("A socket did not open.")
        return self

    def __exit__(self, *_: object) -> None:
        for task in self._listening:
            self._loop.call_soon_threadsafe(task.cancel)
        self._thread.join(TOLD_WITHIN)

    async def _all(self) -> None:
        self._listening = [asyncio.create_task(self._one(cookie)) for cookie in self._cookies]
        # Those that were told to stop are no failure of the whole.
        await asyncio.gather(*self._listening, return_exceptions=True)

    async def _one(self, cookie: str) -> None:
        url, origin = f"ws://127.0.0.1:{SOCKETS}/ws/desk/", Origin(f"http://127.0.0.1:{WEB}")
        async with connect(url, additional_headers={"Cookie": f"sessionid={cookie}"}, origin=origin) as socket:
            await socket.send(json.dumps({"type": "subscribe", "streams": ["proposals", "orders", "positions", "pnl"]}))
            self._open.release()
            async for text in socket:
                now, message = time.monotonic(), json.loads(text)
                if message.get("stream") == "orders":
                    self._note(message, now)

    def _note(self, message: dict[str, object], now: float) -> None:
        data = message["data"]
        rows = data if isinstance(data, list) else [data]
        with self._changed:
            for row in rows:
                if isinstance(row, dict) and row.get("status") == "FILLED":
                    self._heard.setdefault(str(row["id"]), []).append(now)
            self._changed.notify_all()

    def wait_for(self, orders: set[str], seconds: float) -> dict[str, float]:
        """Return when the last of the sockets heard of each order's fill."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while any(len(self._heard.get(order, [])) < len(self._cookies) for order in orders):
                if not self._changed.wait(max(deadline - time.monotonic(), 0)):
                    raise TimeoutError("Not every socket heard of every fill.")
            return {order: max(self._heard[order][: len(self._cookies)]) for order in orders}


if __name__ == "__main__":
    main()
