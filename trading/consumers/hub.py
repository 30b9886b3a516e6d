"""The hub: one Redis subscription a process, each message encoded once and handed to every client that may hear it."""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from typing import Any

import orjson
import structlog
from redis import RedisError
from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from allcore.kernel.clock import utc_now
from allcore.live import CHANNEL
from trading.consumers.client import SIGNED_OUT, Client
from trading.consumers.outbox import QUOTES
from trading.consumers.reading import Reading, Row

log = structlog.get_logger("desk.hub")

QUOTES_CHANNEL = "quotes"
SYSTEM = "system"
READ_STREAMS = frozenset({"proposals", "orders", "positions", "pnl", "quotes", "risk", "alerts", "algos", "breaks"})
DEPTH = "depth"  # books change too fast for snapshots: the page asks for one by REST
STREAMS = READ_STREAMS | {SYSTEM, DEPTH}
KEYS = {"proposals": "id", "orders": "id", "positions": "id", "pnl": "account", "algos": "id", DEPTH: "symbol"}
BEAT = 1.0
BEAT_READ = 0.8  # seconds a heartbeat waits for its facts; without them it still beats
BEATS_TO_RECHECK = 30
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0
OCC_ROOT = 6


def root_of(symbol: str) -> str:
    """Return the underlying of a symbol: the root of an option's, or the symbol itself."""
    return symbol[:OCC_ROOT].rstrip()


class Hub:
    """The clients of one event loop. It listens while it has any."""

    def __init__(self, redis_url: str, reading: Reading) -> None:
        self._redis_url = redis_url
        self._reading = reading
        self._clients: set[Client] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._reads: set[asyncio.Task[None]] = set()
        self._hears = False
        self._beats = 0
        self._facts: Row = {}

    def join(self, client: Client) -> None:
        """Take a client in; it hears nothing before it subscribes."""
        self._clients.add(client)
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._beat())]

    async def leave(self, client: Client) -> None:
        """Let a client go; with the last one the hub stops listening."""
        self._clients.discard(client)
        if self._clients:
            return
        tasks, self._tasks, self._hears = [*self._tasks, *self._reads], [], False
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def subscribe(self, client: Client, streams: Collection[str], underlyings: Collection[str] | None) -> None:
        """Let the client hear the streams, each from a fresh snapshot on.

        `underlyings` replaces whose quotes it hears: an underlying stands for its options too, an option for itself.
        """
        client.streams.update(streams)
        if underlyings is not None:
            client.underlyings = frozenset(underlyings)
        if self._hears:  # else the listener sends every snapshot once it hears
            await self._snapshots(client, streams)

    async def _snapshots(self, client: Client, streams: Collection[str]) -> None:
        """Send snapshots, read once the subscription stands: what changes from then on is heard."""
        wanted = READ_STREAMS.intersection(streams)
        try:
            rows = await self._reading.snapshots(wanted, client.user, client.underlyings)
        except Exception:  # noqa: BLE001 whatever is away, the client is told rather than left to wait
            client.put(SYSTEM, "no_snapshot", orjson.dumps({"streams": sorted(wanted)}), key="no_snapshot")
            return
        for stream, data in rows.items():
            client.outbox.put_snapshot(stream, data)
        client.wake.set()

    async def _listen(self) -> None:
        """Hear Redis for ever; when it is lost, say so and come back by itself."""
        pause = FIRST_PAUSE
        while True:
            redis = Redis.from_url(
                self._redis_url, socket_timeout=None, socket_connect_timeout=1.0, health_check_interval=5
            )
            try:
                async with redis, redis.pubsub() as pubsub:
                    await self._open(pubsub)
                    pause = FIRST_PAUSE
                    while True:
                        message = await pubsub.get_message(timeout=BEAT)
                        if message is not None and message["type"] == "message":
                            self._hear(message["channel"].decode(), message["data"])
            except (RedisError, OSError):
                self._hears = False
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _open(self, pubsub: PubSub) -> None:
        """Subscribe, wait until Redis says so, and give everybody fresh snapshots: nobody knows what was missed."""
        await pubsub.subscribe(CHANNEL, QUOTES_CHANNEL)
        heard = 0
        while heard < 2:
            message = await pubsub.get_message(timeout=BEAT)
            heard += message is not None and message["type"] == "subscribe"
        self._hears = True
        for client in self._clients:
            self._refresh(client)

    def _hear(self, channel: str, payload: bytes) -> None:
        try:
            message = orjson.loads(payload)
            if channel == QUOTES_CHANNEL:
                self._hear_quotes(message)
            else:
                self._hear_row(message)
        except (ValueError, KeyError, TypeError, AttributeError):  # not of our making: it silences nobody
            log.warning("live message not understood", channel=channel, payload=payload[:200].decode(errors="replace"))

    def _hear_row(self, message: dict[str, Any]) -> None:
        stream, data = message["stream"], message["data"]
        key = data.get(KEYS[stream]) if stream in KEYS else None
        encoded = orjson.dumps(data)
        for client in tuple(self._clients):
            if client.hears(stream, message["account"]):
                client.put(stream, message["type"], encoded, key=key)
                self._make_good(client)

    def _hear_quotes(self, batch: list[tuple[str, list[object]]]) -> None:
        listeners = [client for client in self._clients if QUOTES in client.streams and client.underlyings]
        wanted = frozenset[str]().union(*(client.underlyings for client in listeners))
        for symbol, values in batch:
            names = {root_of(symbol), symbol}
            if not names & wanted:
                continue
            encoded = orjson.dumps(self._reading.quote_row(symbol, values))
            for client in listeners:
                if names & client.underlyings:
                    client.outbox.put_quote(symbol, encoded)
                    client.wake.set()
        for client in listeners:
            self._make_good(client)

    def _make_good(self, client: Client) -> None:
        """Send fresh snapshots to a client that had more waiting than is kept."""
        if client.outbox.overflowed:
            client.outbox.overflowed = False
            self._refresh(client)

    def _refresh(self, client: Client) -> None:
        """Send fresh snapshots without holding the others up."""
        task = asyncio.create_task(self._snapshots(client, client.streams))
        self._reads.add(task)
        task.add_done_callback(self._reads.discard)

    async def _beat(self) -> None:
        """Beat once a second, whatever is away: a page that hears no beat knows that it is not live."""
        while True:
            now = utc_now()
            await self._read_facts(now)
            encoded = orjson.dumps(self._facts | {"system_time": now.isoformat(), "live": self._hears})
            for client in tuple(self._clients):
                if SYSTEM in client.streams:
                    client.put(SYSTEM, "beat", encoded, key="beat")
            self._beats += 1
            if self._beats % BEATS_TO_RECHECK == 0:
                await self.recheck()
            await asyncio.sleep(max(0.0, BEAT - (utc_now() - now).total_seconds()))

    async def _read_facts(self, now: datetime) -> None:
        try:
            async with asyncio.timeout(BEAT_READ):
                self._facts = await self._reading.system(now)
        except Exception:  # noqa: BLE001 the beat goes on without them, and says that they are old
            self._facts = self._facts | {"facts_missing": True}

    async def recheck(self) -> None:
        """Close the sockets of ended sessions, and let changed grants count."""
        for client in tuple(self._clients):
            with suppress(Exception):  # the store is away: the next look decides
                audience = await self._reading.audience(client.user.pk, client.session_key)
                if audience is None:
                    await client.close(SIGNED_OUT)
                else:
                    client.user, client.accounts = audience
