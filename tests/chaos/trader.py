"""A client that trades: opens, closes, rests and cancels, repeats itself, and once in a while contradicts itself."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from brokers.paper.draws import draw
from tests.chaos.caller import Answer, Caller, UnansweredError
from tests.chaos.prices import Prices

GIVE_UP = 90.0  # seconds after the torture's end
NUDGE = 0.01  # dollars: the same order again within ten seconds is rightly refused


class Act(StrEnum):
    """What a client does beside sending an order."""

    NOTHING = "nothing"
    REPEAT = "repeats"
    CONTRADICT = "contradictions"
    CANCEL = "cancels"


CHANCES = ((Act.REPEAT, 0.10), (Act.CONTRADICT, 0.05), (Act.CANCEL, 0.15))


@dataclass(slots=True)
class Ledger:
    """What clients were told; shared, and written under the lock."""

    wanted: int
    accepted: dict[str, str] = field(default_factory=dict)  # key: ClOrdID
    orders: dict[str, str] = field(default_factory=dict)  # key: the order's id
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def is_done(self) -> bool:
        return self.stopping.is_set() or len(self.accepted) >= self.wanted

    def note(self, what: str, *, violation: str = "") -> None:
        with self.lock:
            self.counts[what] += 1
            if violation:
                self.violations.append(violation)


@dataclass(slots=True)
class Trader:
    """One thread's client, on one account."""

    index: int
    seed: str
    account: str
    token: str
    caller: Caller
    prices: Prices
    ledger: Ledger
    number: int = 0
    bought: Counter[str] = field(default_factory=Counter)

    def run(self) -> None:
        """Trade until enough orders were accepted, or time is up."""
        try:
            while not self.ledger.is_done():
                self.number += 1
                self._one()
        except UnansweredError as e:
            self.ledger.note("unanswered", violation=f"No answer: {e}")
        finally:
            with self.ledger.lock:
                self.ledger.counts.update(self.caller.counts)

    def _one(self) -> None:
        key, body = self._key(), self._order()
        answer = self._post("/api/v1/orders/", body, key)
        if answer.status == 201:
            with self.ledger.lock:
                self.ledger.accepted[key], self.ledger.orders[key] = answer.text("cl_ord_id"), answer.text("id")
            self.ledger.note("accepted")
            if "OPEN" in str(body["legs"]):
                self.bought[str(body["underlying"])] += int(str(body["quantity"]))
        else:
            self.ledger.note(f"refused_{answer.status}_{answer.code}")
        self._act(key, body, answer)

    def _act(self, key: str, body: dict[str, object], first: Answer) -> None:
        act = self._drawn_act()
        if act is Act.REPEAT:
            again = self._post("/api/v1/orders/", body, key)
            same = (again.status, again.body) == (first.status, first.body)
            self.ledger.note(act, violation="" if same else f"{key} was answered {first}, then {again}")
        elif act is Act.CONTRADICT:
            other = self._post("/api/v1/orders/", {**body, "quantity": int(str(body["quantity"])) + 1}, key)
            refused = other.status == 422 and other.code == "IDEMPOTENCY_KEY_REUSED"
            self.ledger.note(act, violation="" if refused else f"{key} with another body was answered {other}")
        elif act is Act.CANCEL and first.status == 201:
            path = f"/api/v1/orders/{UUID(first.text('id'))}/cancel/"
            answer = self._post(path, {}, f"{key}:cancel")
            self.ledger.note(f"{act}_{answer.status}")

    def _post(self, path: str, body: object, key: str) -> Answer:
        return self.caller.post(path, body, token=self.token, key=key, until=time.monotonic() + GIVE_UP)

    def _key(self) -> str:
        return f"chaos-{self.seed}-{self.index}-{self.number}"

    def _drawn_act(self) -> Act:
        left = self._draw("act")
        for act, chance in CHANCES:
            if left < chance:
                return act
            left -= chance
        return Act.NOTHING

    def _order(self) -> dict[str, object]:
        """Return three buys in four near the market, one of them far below it to rest, and sells of what was bought."""
        symbol = self.prices.symbols[self.number % len(self.prices.symbols)]
        sells = self._draw("side") < 0.3 and self.bought[symbol] > 0
        quantity = 1 + int(self._draw("quantity") * 40)
        if sells:
            quantity = min(quantity, self.bought[symbol])
            self.bought[symbol] -= quantity
        through = 0.99 if sells else (0.97 if self._draw("rests") < 0.1 else 1.01)
        return {
            "account": self.account,
            "underlying": symbol,
            "legs": [
                {
                    "symbol": symbol,
                    "side": "SELL" if sells else "BUY",
                    "position_effect": "CLOSE" if sells else "OPEN",
                }
            ],
            "quantity": quantity,
            "ord_type": "LIMIT",
            "limit_price": f"{self.prices.ask(symbol) * through + NUDGE * (self.number % 40):.2f}",
        }

    def _draw(self, what: str) -> float:
        return draw(self.seed, self.index, self.number, what)
