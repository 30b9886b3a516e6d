"""The control channel of every test server: JSON lines on a socket of its own, `{"do": "show", ...}`, one answer each.

A test in the same process calls the exchange and the faults directly; this is for a person, or another process.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allcore.kernel.orders import TimeInForce
from tests.brokers.servers.exchange import Exchange
from tests.brokers.servers.faults import Clock, Faults, Lapse
from tests.brokers.servers.port import Port

Verb = Callable[..., Any]


@dataclass
class Server:
    """What every broker's server is made of, and what its control channel can do. Servers add verbs of their own."""

    exchange: Exchange
    faults: Faults = field(default_factory=Faults)
    clock: Clock = field(default_factory=Clock)
    verbs: dict[str, Verb] = field(default_factory=dict)

    def all_verbs(self) -> dict[str, Verb]:
        """Return what can be asked for."""
        exchange = self.exchange
        return {
            "show": exchange.show,
            "fill": exchange.fill,
            "correct": lambda **kw: exchange.correct(**kw).exec_id,
            "bust": lambda **kw: exchange.bust(**kw).exec_id,
            "cancel": lambda number: exchange.cancel(number, reason="broker", now=True).number,
            "hold_next": lambda count=1: setattr(exchange, "holds_next", count),
            "release": exchange.release,
            "slow_cancels": lambda on=True: setattr(exchange, "cancels_wait", on) if on else exchange.finish_cancels(),
            "auction": lambda kind: exchange.auction(TimeInForce(kind)),
            "end_day": exchange.end_day,
            "orders": lambda: [_told(order) for order in exchange.orders.values()],
            "fault": self._fault,
            "lapse": lambda lapse: self.faults.lapses.append(Lapse(lapse)),
            "reject_next": lambda code, text: self.faults.rejects.append((code, text)),
            "answer_next": self.faults.answers.append,
            "clock": lambda **by: setattr(self.clock, "ahead", timedelta(**by)),
            **self.verbs,
        }

    def _fault(self, **switches: object) -> None:
        for name, value in switches.items():
            if name not in ("duplicates", "reorders", "mute", "delay", "retry_after"):
                raise KeyError(name)
            setattr(self.faults, name, value)


def _told(order: Any) -> dict[str, object]:
    return {
        "number": order.number,
        "account": order.account,
        "ref": order.ref,
        "status": str(order.status),
        "quantity": order.terms.quantity,
        "cum": order.cum,
    }


async def serve_control(server: Server, number: int = 0) -> Port:
    """Open the channel."""
    verbs = server.all_verbs()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(json.dumps(await _answer(verbs, line), default=str).encode() + b"\n")
            await writer.drain()

    port = Port(talk)
    await port.open(number)
    return port


async def _answer(verbs: dict[str, Verb], line: bytes) -> dict[str, object]:
    try:
        asked = json.loads(line)
        result = verbs[asked.pop("do")](**asked)
        return {"ok": await result if isinstance(result, Awaitable) else result}
    except Exception as e:  # noqa: BLE001 whatever was asked wrongly is answered, not raised
        return {"error": repr(e)}
